extension ExactSolver {
  /// The faithful Shapley interaction of each pair: the pair coefficients of the game's best approximation by terms of at
  /// most two players, under the Shapley kernel and exact for ∅ and G.
  ///
  ///     I_ij = Σ_{T ⊇ {i, j}} 6/(t(t + 1))·a_T,   t = |T|, a the game's Möbius transform:
  ///
  /// the paper's a_ij + ½ Σ_{T ⊋ {i, j}} C(t−1, 2)/C(t+1, 4)·a_T. Source: Tsai, Yeh & Ravikumar, "Faith-Shap: the faithful
  /// Shapley interaction index", JMLR 24 (2023).
  ///
  /// - Parameter values: `[2ⁿ]`, the value of the coalition whose bits are the index.
  /// - Complexity: O((n + pairs)·2ⁿ).
  package static func faithfulShapley(players: Int, values: [Double], pairs: RegionPairs) -> [Double] {
    pairSums(players: players, values: values, pairs: pairs) { 6 / Double($0 * ($0 + 1)) }
  }

  /// The Banzhaf interaction index of each pair, Σ_{T ⊇ {i, j}} a_T/2^{t−2}: the pair coefficients of the best approximation
  /// over all coalitions alike (Grabisch, Marichal & Roubens, Math. Oper. Res. 25, 2000).
  package static func banzhafInteraction(players: Int, values: [Double], pairs: RegionPairs) -> [Double] {
    pairSums(players: players, values: values, pairs: pairs) { 1 / Double(1 << ($0 - 2)) }
  }

  /// For each pair Σ weight(|T|)·a_T over the T that hold both.
  private static func pairSums(
    players: Int, values: [Double], pairs: RegionPairs, weight: (Int) -> Double
  ) -> [Double] {
    precondition(values.count == 1 << players)
    var moebius = values
    for player in 0..<players {
      for mask in 0..<moebius.count where mask >> player & 1 == 1 { moebius[mask] -= moebius[mask ^ 1 << player] }
    }
    let weights = (0...players).map { $0 < 2 ? 0 : weight($0) }
    return (0..<pairs.count).map { pair in
      let (first, second) = pairs.regions(of: pair)
      let both = 1 << first | 1 << second
      return moebius.indices.reduce(0) { $1 & both == both ? $0 + weights[$1.nonzeroBitCount] * moebius[$1] : $0 }
    }
  }
}
