internal import Synchronization

/// What designs of one family share, made once: the balanced pairs of a plan, and the regression on them.
///
/// A family's designs differ in their stream alone, as the series of a layer do. Whoever uses many of them keeps one memory and
/// gives it to each; results don't depend on it. Threads may share one, and wait while another makes something.
///
/// Memory: the last 16 sets of pairs (n/8 bytes a pair) and the last two regressions (at most 16 MB each).
package final class DesignMemory: Sendable {
  private static let mostPairs = 16
  private static let mostRegressions = 2

  private struct PairsKey: Hashable {
    let players: Int
    let plan: PairPlan
    let seed: UInt64
  }

  struct RegressionKey: Hashable {
    let players: Int
    let budget: Int
    let rowCount: Int
    let seed: UInt64
    let donorCount: Int
  }

  private let pairs = Mutex<[(key: PairsKey, pairs: BalancedPairs)]>([])
  private let regressions = Mutex<[(key: RegressionKey, regression: OddRegression)]>([])

  package init() {}

  /// The pairs of a plan: made, or remembered.
  func pairs(players: Int, plan: PairPlan, seed: UInt64, make: () -> BalancedPairs) -> BalancedPairs {
    let key = PairsKey(players: players, plan: plan, seed: seed)
    return pairs.withLock { kept in
      if let place = kept.firstIndex(where: { $0.key == key }) { return kept[place].pairs }
      let made = make()
      kept = [(key, made)] + kept.prefix(Self.mostPairs - 1)
      return made
    }
  }

  /// The regression on pairs: made, or remembered.
  func regression(
    _ key: RegressionKey, make: () throws(ShapleyError) -> OddRegression
  ) throws(ShapleyError) -> OddRegression {
    try regressions.withLock { kept throws(ShapleyError) in
      if let place = kept.firstIndex(where: { $0.key == key }) { return kept[place].regression }
      let made = try make()
      kept = [(key, made)] + kept.prefix(Self.mostRegressions - 1)
      return made
    }
  }
}
