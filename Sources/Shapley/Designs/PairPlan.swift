/// How a regression design spends its complement pairs: how many from each stratum, and in which order.
///
/// Shapley: stratum t = 1...⌊n/2⌋ holds the pairs {S, Sᶜ} with |S| = t or n − t. Pairs are spread evenly over the sizes
/// 1..<n, so each stratum gets a share in proportion to its number of sizes (2, or 1 where 2t = n), but never more
/// than it has distinct pairs; what is left over goes to the others. Banzhaf: one stratum of all 2ⁿ⁻¹ pairs.
///
/// A stratum of at most `largestShuffle` distinct pairs is drawn without replacement, a larger one with replacement. Where
/// lesions are drawn, what is drawn is a pair with a donor: a small stratum is gone through again until each pair has met
/// each donor.
/// Pairs are visited along a golden-ratio lattice, so that the first rows of a design are spread like all of them.
struct PairPlan: Sendable, Hashable {
  struct Visit {
    /// Index of the stratum.
    var stratum: Int
    /// Which of the stratum's draws.
    var draw: Int
    /// The pair's place in the plan, distinct for distinct pairs.
    var place: Int
  }

  static let largestShuffle = 1 << 14

  /// Pairs planned in total.
  let pairCount: Int
  /// Whether some stratum is drawn with replacement.
  let hasLargeStrata: Bool
  /// `[strata + 1]`: the pairs planned in all strata before.
  private let starts: [Int]
  /// Coprime to `pairCount`, near its golden section.
  private let stride: Int

  init(players: Int, pairs: Int, index: ValueIndex, donors: Int = 1) {
    let strata = PairPlan.strata(players: players, index: index, donors: donors)
    hasLargeStrata = strata.contains { $0.available == nil }
    let available = strata.reduce(0) { $0 + ($1.available ?? pairs) }
    let total = min(pairs, available)
    var counts = [Int](repeating: 0, count: strata.count)
    var isFull = [Bool](repeating: false, count: strata.count)
    var left = total
    while true {
      let open = strata.indices.filter { !isFull[$0] }
      let shares = open.reduce(0) { $0 + strata[$1].share }
      let full = open.filter {
        guard let available = strata[$0].available else { return false }
        return available * shares <= left * strata[$0].share
      }
      if full.isEmpty {
        var shareBefore = 0
        for stratum in open {
          let start = left * shareBefore / shares
          shareBefore += strata[stratum].share
          counts[stratum] = left * shareBefore / shares - start
        }
        break
      }
      for stratum in full {
        counts[stratum] = strata[stratum].available ?? 0
        isFull[stratum] = true
      }
      left -= full.reduce(0) { $0 + counts[$1] }
      if full.count == open.count { break }
    }
    pairCount = total
    starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    var stride = max(1, Int((Double(total) * 0.618_033_988_749_894_9).rounded()))
    while PairPlan.greatestCommonDivisor(stride, total) != 1 { stride += 1 }
    self.stride = stride
  }

  func visit(_ pair: Int) -> Visit {
    let place = Int(UInt64(pair).multipliedFullWidth(by: UInt64(stride)).low % UInt64(pairCount))
    var low = 0
    var high = starts.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= place { low = middle } else { high = middle }
    }
    return Visit(stratum: low, draw: place - starts[low], place: place)
  }

  /// The distinct pairs of a stratum, or nil where it is drawn with replacement.
  static func distinctPairs(players: Int, index: ValueIndex, stratum: Int) -> Int? {
    let distinct: Int?
    switch index {
    case .banzhaf:
      distinct = players - 1 < Int.bitWidth - 2 ? 1 << (players - 1) : nil
    case .shapley:
      let size = stratum + 1
      let coalitions = Combinations.count(players, size)
      distinct = 2 * size == players ? coalitions.map { $0 / 2 } : coalitions
    }
    guard let distinct, distinct <= largestShuffle else { return nil }
    return distinct
  }

  /// The most pairs of a design: all of them with every donor, or any number where some stratum is drawn with replacement.
  static func largestPairCount(players: Int, index: ValueIndex, donors: Int) -> Int {
    var total = 0
    for stratum in strata(players: players, index: index, donors: donors) {
      guard let available = stratum.available else { return Int.max / 4 }
      total += available
    }
    return total
  }

  private static func strata(players: Int, index: ValueIndex, donors: Int) -> [(available: Int?, share: Int)] {
    func available(_ stratum: Int) -> Int? {
      distinctPairs(players: players, index: index, stratum: stratum).map { $0 * donors }
    }
    return switch index {
    case .banzhaf: [(available(0), 1)]
    case .shapley: (0..<players / 2).map { (available($0), 2 * ($0 + 1) == players ? 1 : 2) }
    }
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
