import Grids

/// Exact indices from the values of all coalitions: the oracle of every estimator.
package enum ExactSolver {
  /// The Shapley values of a game of at most 16 players. 2ⁿ evaluations, O(n·2ⁿ) arithmetic.
  ///
  /// - Throws: what the game throws.
  package static func shapley(of game: some Game) throws -> [Double] {
    shapley(players: game.playerCount, values: try allValues(of: game))
  }

  /// The Banzhaf values of a game of at most 16 players. 2ⁿ evaluations, O(n·2ⁿ) arithmetic.
  ///
  /// - Throws: what the game throws.
  package static func banzhaf(of game: some Game) throws -> [Double] {
    banzhaf(players: game.playerCount, values: try allValues(of: game))
  }

  /// ζ_g = Σ_{S ∌ g} |S|!(n−|S|−1)!/n! · (v(S ∪ {g}) − v(S)).
  ///
  /// - Parameter values: `[2ⁿ]`, the value of the coalition whose bits are the index.
  package static func shapley(players: Int, values: [Double]) -> [Double] {
    var weight = [Double](repeating: 1 / Double(players), count: players)
    for size in 1..<max(players, 1) { weight[size] = weight[size - 1] * Double(size) / Double(players - size) }
    return marginalSums(players: players, values: values) { weight[$0] }
  }

  /// ζ_g = 2^{1−n} Σ_{S ∌ g} (v(S ∪ {g}) − v(S)).
  ///
  /// - Parameter values: `[2ⁿ]`, the value of the coalition whose bits are the index.
  package static func banzhaf(players: Int, values: [Double]) -> [Double] {
    let weight = 1 / Double(1 << (players - 1))
    return marginalSums(players: players, values: values) { _ in weight }
  }

  private static func marginalSums(players: Int, values: [Double], weight: (Int) -> Double) -> [Double] {
    precondition(players >= 1 && players <= EstimatorName.largestEnumeration && values.count == 1 << players)
    var zeta = [Double](repeating: 0, count: players)
    for mask in 0..<values.count {
      let size = mask.nonzeroBitCount
      guard size < players else { continue }
      let w = weight(size)
      for player in 0..<players where mask >> player & 1 == 0 {
        zeta[player] += w * (values[mask | 1 << player] - values[mask])
      }
    }
    return zeta
  }

  private static func allValues(of game: some Game) throws -> [Double] {
    let players = game.playerCount
    precondition(players >= 1 && players <= EstimatorName.largestEnumeration)
    return try game.values(of: (0..<1 << players).map { Coalition(of: players, mask: UInt64($0)) })
  }
}

extension Design {
  /// From all coalitions: the definition itself.
  func estimateEnumerated(_ values: [Double]) -> Estimate {
    let byMask = valuesByMask(values)
    let zeta =
      switch index {
      case .shapley: ExactSolver.shapley(players: playerCount, values: byMask)
      case .banzhaf: ExactSolver.banzhaf(players: playerCount, values: byMask)
      }
    return Estimate(
      zeta: zeta, standardError: Array(repeating: 0, count: playerCount), degreesOfFreedom: .infinity,
      full: values[0], empty: values[1], evaluations: values.count,
      efficiencyResidual: values[0] - values[1] - zeta.reduce(0, +), notes: [])
  }

  /// The values of an enumerated design by the bits of their coalitions.
  func valuesByMask(_ values: [Double]) -> [Double] {
    var byMask = values
    byMask[values.count - 1] = values[0]
    byMask[0] = values[1]
    for mask in 1..<values.count - 1 { byMask[mask] = values[mask + 1] }
    return byMask
  }
}
