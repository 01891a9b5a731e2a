import Grids
import Statistics
import Testing

@testable import Shapley

/// Games whose lesions are drawn: a coalition meets one of several donors.
@Suite struct `Donors of coalitions` {
  /// The mean of some games, of which each coalition meets one.
  private struct DrawnGame {
    let games: [TableGame]

    init(players: Int, donors: Int, seed: UInt64) {
      games = (0..<UInt64(donors)).map { TableGame.network(players: players, hidden: 6, seed: 1000 * seed + $0) }
    }

    func values(of design: Design) -> [Double] {
      let coalitions = design.coalitions(in: 0..<design.rowCount)
      var values = zip(coalitions, design.donors(in: 0..<design.rowCount)).map { games[$1].values(of: [$0])[0] }
      // G is nobody's, and ∅ everybody's.
      for row in 0..<2 { values[row] = mean(of: coalitions[row]) }
      return values
    }

    func zeta(_ index: ValueIndex) throws -> [Double] {
      let design = try Design(estimator: .exact, players: games[0].playerCount, budget: 1 << 16, index: index, seed: 1)
      return try design.estimate(values: design.coalitions(in: 0..<design.rowCount).map(mean)).zeta
    }

    private func mean(of coalition: Coalition) -> Double {
      games.reduce(0) { $0 + $1.values(of: [coalition])[0] } / Double(games.count)
    }
  }

  @Test(
    "Each region's own pairs meet all donors alike, whatever the number of regions",
    arguments: [7, 8, 16, 24, 256], [3, 8])
  func ownPairs(players: Int, donors: Int) throws {
    let design = try Design(estimator: .naive, players: players, budget: 66 * players, donors: donors, seed: 3)
    var counts = [[Int]](repeating: [Int](repeating: 0, count: donors), count: players)
    let chosen = design.donors(in: 0..<design.rowCount)
    for row in stride(from: 2, to: design.rowCount, by: 2) {
      #expect(chosen[row] == chosen[row + 1])
      counts[(row - 2) / 2 % players][chosen[row]] += 1
    }
    for region in counts { #expect(region.max()! - region.min()! <= 1) }
  }

  @Test("Each size's pairs meet all donors alike, and a pair that comes again another one", arguments: [4, 8, 9, 16, 40])
  func sizes(players: Int) throws {
    for index in [ValueIndex.shapley, .banzhaf] {
      let design = try Design(.complementPairs, players: players, budget: 64 * players, index: index, donors: 8, seed: 5)
      let chosen = design.donors(in: 0..<design.rowCount)
      let coalitions = design.coalitions(in: 0..<design.rowCount)
      var counts: [Int: [Int]] = [:]
      var met: Set<[UInt64]> = []
      for row in stride(from: 2, to: design.rowCount, by: 2) {
        let size = index == .banzhaf ? 0 : min(coalitions[row].count, players - coalitions[row].count)
        counts[size, default: [Int](repeating: 0, count: 8)][chosen[row]] += 1
        #expect(chosen[row] == chosen[row + 1])
        if players <= 9 { #expect(met.insert(coalitions[row].words + [UInt64(chosen[row])]).inserted) }
      }
      for (size, count) in counts {
        // The last round of a small stratum may be cut where it stands.
        #expect(Double(count.max()! - count.min()!) <= max(2, 0.35 * Double(count.max()!)), "\(size) \(count)")
      }
    }
  }

  @Test(
    "A slice of rows, a design that ended early and whole ones meet the same donors",
    arguments: [EstimatorName.naive, .regression, .permutation])
  func slices(estimator: EstimatorName) throws {
    let design = try Design(estimator: estimator, players: 8, budget: 400, donors: 8, seed: 5, stream: 3)
    let all = design.donors(in: 0..<design.rowCount)
    for rows in [0..<1, 1..<2, 2..<3, 17..<60, 61..<62] { #expect(design.donors(in: rows) == Array(all[rows])) }
    let shorter = design.truncated(toRows: 200)!
    #expect(shorter.donors(in: 0..<shorter.rowCount) == Array(all.prefix(shorter.rowCount)))
    let other = try Design(estimator: estimator, players: 8, budget: 400, donors: 8, seed: 5, stream: 4)
    #expect(other.donors(in: 0..<other.rowCount) != all)
    let whole = try Design(estimator: estimator, players: 8, budget: 400, seed: 5, stream: 3)
    #expect(whole.donors(in: 0..<whole.rowCount).allSatisfy { $0 == 0 })
  }

  @Test("Every pair with every donor gives ζ without error", arguments: [2, 3, 5, 7], [ValueIndex.shapley, .banzhaf])
  func exact(players: Int, index: ValueIndex) throws {
    let game = DrawnGame(players: players, donors: 5, seed: 2)
    let design = try Design(.complementPairs, players: players, budget: 4096, index: index, donors: 5, seed: 1)
    let estimate = try design.estimate(values: game.values(of: design))
    #expect(largestDifference(estimate.zeta, try game.zeta(index)) < 1e-5)
    #expect(estimate.standardError.allSatisfy { $0 < 1e-5 })
  }

  @Test(
    "Intervals hold the mean of the donors' games",
    arguments: [
      (EstimatorName.regression, ValueIndex.shapley), (.regression, .banzhaf), (.leverage, .shapley), (.naive, .shapley),
      (.naive, .banzhaf), (.permutation, .shapley),
    ], [(8, 24), (8, 64), (10, 64)])
  func coverage(_ method: (estimator: EstimatorName, index: ValueIndex), _ size: (players: Int, samples: Int)) throws {
    var held = 0
    var count = 0
    for seed in 0..<40 {
      let game = DrawnGame(players: size.players, donors: 8, seed: UInt64(seed))
      let design = try Design(
        estimator: method.estimator, players: size.players, budget: size.players * size.samples, index: method.index, donors: 8,
        seed: UInt64(seed))
      let estimate = try design.estimate(values: game.values(of: design), by: method.estimator)
      for (test, truth) in zip(LayerStatistics(series: [estimate]).tests, try game.zeta(method.index)) {
        held += test.interval.contains(truth) ? 1 : 0
        count += 1
      }
    }
    #expect(Double(held) / Double(count) > 0.915, "\(Double(held) / Double(count))")
  }
}
