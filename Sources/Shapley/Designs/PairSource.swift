import Grids
import Random

/// Where the coalitions of a regression's pairs come from before anything is done about their balance.
struct PairSource {
  private let playerCount: Int
  private let index: ValueIndex
  private let plan: PairPlan
  private let seed: UInt64
  /// By stratum: the order in which its distinct pairs are drawn without replacement.
  private var orders: [Int: [Int]] = [:]

  init(players: Int, index: ValueIndex, plan: PairPlan, seed: UInt64) {
    playerCount = players
    self.index = index
    self.plan = plan
    self.seed = seed
  }

  /// One coalition of a pair, and whether it is one of very many: a draw with replacement.
  mutating func draw(_ pair: Int) -> (coalition: Coalition, isFree: Bool) {
    let visit = plan.visit(pair)
    if let distinct = PairPlan.distinctPairs(players: playerCount, index: index, stratum: visit.stratum) {
      let order = orders[visit.stratum] ?? stratumOrder(visit.stratum, distinct: distinct)
      orders[visit.stratum] = order
      return (numberedCoalition(stratum: visit.stratum, rank: order[visit.draw % distinct]), false)
    }
    var random = random(.coalitionPair, visit.place)
    switch index {
    case .shapley: return (random.coalition(of: playerCount, size: visit.stratum + 1), true)
    case .banzhaf: return (random.coalition(of: playerCount), true)
    }
  }

  private func stratumOrder(_ stratum: Int, distinct: Int) -> [Int] {
    var order = Array(0..<distinct)
    var random = random(.stratumOrder, stratum)
    random.shuffle(&order)
    return order
  }

  /// One coalition of the pair with the given number. Of two complements of n/2 the one without the last region comes
  /// first in colexicographic order, so half the ranks name all pairs.
  private func numberedCoalition(stratum: Int, rank: Int) -> Coalition {
    switch index {
    case .shapley: Combinations.subset(of: playerCount, size: stratum + 1, rank: rank)
    case .banzhaf: Coalition(of: playerCount, mask: UInt64(rank))
    }
  }

  private func random(_ domain: CounterRandom.Domain, _ index: Int) -> CounterRandom {
    CounterRandom(seed: seed, domain: domain, index: UInt64(index))
  }
}
