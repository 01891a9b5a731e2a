import Grids

/// The complement pairs of a regression design: one row a pair {S, Sᶜ}. Nothing here depends on the values of a game.
///
/// Memory: n/8 + 24 bytes a pair.
struct PairTable {
  let playerCount: Int
  let wordsPerPair: Int
  /// `[pairs x wordsPerPair]`: S.
  private(set) var words: [UInt64] = []
  /// `[pairs]`: |S|.
  private(set) var sizes: [Int] = []
  /// `[pairs]`: the weight of the pair in the regression.
  private(set) var weights: [Double] = []
  /// `[pairs]`: 1 − the share of the stratum's distinct pairs that was measured: what is left to chance
  /// (the finite-population correction; 1 where pairs are drawn with replacement). Where lesions are drawn, the population is
  /// each pair with each of D donors, and the share is times D/(D − 1), since what differs is how donors treat a pair.
  private(set) var unmeasuredShares: [Double] = []

  var count: Int { sizes.count }

  /// `[pairs]`: u = (2s − n)/n, the mean of the signs.
  var imbalances: [Double] { sizes.map { Double(2 * $0 - playerCount) / Double(playerCount) } }

  /// - Parameter numbering: whose numbers the regions have.
  init(design: Design, numbering: Design.Numbering = .series) {
    playerCount = design.playerCount
    wordsPerPair = Coalition.wordCount(players: design.playerCount)
    let pairs = design.groupCount
    words.reserveCapacity(pairs * wordsPerPair)
    let slice = 1024
    for start in stride(from: 0, to: pairs, by: slice) {
      let rows = 2 + 2 * start..<2 + 2 * min(pairs, start + slice)
      let coalitions = design.coalitions(in: rows, numbering: numbering)
      for row in stride(from: 0, to: rows.count, by: 2) {
        words.append(contentsOf: coalitions[row].words)
        sizes.append(coalitions[row].count)
      }
    }
    if let plan = design.pairPlan { weigh(design: design, strata: (0..<pairs).map { plan.visit($0).stratum }) }
  }

  /// Some of the pairs.
  func selecting(_ chosen: [Int]) -> PairTable {
    var result = self
    result.words = chosen.flatMap { words[$0 * wordsPerPair..<($0 + 1) * wordsPerPair] }
    result.sizes = chosen.map { sizes[$0] }
    result.weights = chosen.map { weights[$0] }
    result.unmeasuredShares = chosen.map { unmeasuredShares[$0] }
    return result
  }

  /// Weights under which the pairs stand for the index' distribution over coalitions.
  ///
  /// Shapley: the kernel (n−1)/(s(n−s)) a size (Lundberg & Lee 2017), divided by how often the size was drawn against
  /// an even spread. Then a region's centred feature has the same weighted variance at every size. Banzhaf: 1.
  private mutating func weigh(design: Design, strata: [Int]) {
    let n = playerCount
    var counts = [Int](repeating: 0, count: (strata.max() ?? 0) + 1)
    for stratum in strata { counts[stratum] += 1 }
    let perStratum = counts.indices.map { stratum -> (weight: Double, unmeasured: Double) in
      guard counts[stratum] > 0 else { return (0, 1) }
      let distinct = PairPlan.distinctPairs(players: n, index: design.index, stratum: stratum)
      let donors = Double(design.donorCount)
      let unmeasured =
        distinct.map { pairs in
          let share = 1 - Double(counts[stratum]) / (Double(pairs) * donors)
          return donors > 1 ? min(1, share * donors / (donors - 1)) : share
        } ?? 1
      switch design.index {
      case .banzhaf: return (1, unmeasured)
      case .shapley:
        let size = Double(stratum + 1)
        let sizes = 2 * (stratum + 1) == n ? 1.0 : 2.0
        let evenCount = Double(strata.count) * sizes / Double(n - 1)
        return (Double(n - 1) / (size * (Double(n) - size)) * evenCount / Double(counts[stratum]), unmeasured)
      }
    }
    weights = strata.map { perStratum[$0].weight }
    unmeasuredShares = strata.map { perStratum[$0].unmeasured }
  }
}
