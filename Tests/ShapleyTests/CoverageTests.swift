import Statistics
import Testing

@testable import Shapley

/// Seeded, so that the counts are facts: the share of 95 % intervals that hold the true ζ.
@Suite struct CoverageTests {
  private func coverage(
    of estimator: EstimatorName, index: ValueIndex = .shapley, on game: some Game, truth: [Double],
    samples: Int, repeats: Int
  ) throws -> Double {
    var covered = 0
    for seed in 0..<repeats {
      let design = try Design(
        estimator: estimator, players: game.playerCount, budget: samples * game.playerCount, index: index,
        seed: 500 + UInt64(seed))
      let statistics = LayerStatistics(series: [try design.estimate(of: game, by: estimator)])
      covered += zip(statistics.tests, truth).count { $0.interval.contains($1) }
    }
    return Double(covered) / Double(repeats * truth.count)
  }

  @Test(arguments: [(8, 16), (10, 8), (10, 16), (12, 16)])
  func regressionIntervalsHoldTheTruthOfSmallNetworks(players: Int, samples: Int) throws {
    let game = TableGame.network(players: players, hidden: 6, seed: UInt64(40 + players))
    let truth = try ExactSolver.shapley(of: game)
    let share = try coverage(of: .regression, on: game, truth: truth, samples: samples, repeats: 60)
    #expect(share > 0.92 && share < 0.985)
  }

  @Test(arguments: ValueIndex.allCases)
  func regressionIntervalsHoldTheTruthOfInteractions(index: ValueIndex) throws {
    let game = InteractionGame.random(players: 32, orders: [32, 60, 60], curve: index == .shapley ? 5 : 0, seed: 3)
    let truth = index == .shapley ? game.shapley : game.banzhaf
    let share = try coverage(of: .regression, index: index, on: game, truth: truth, samples: 16, repeats: 12)
    #expect(share > 0.92 && share < 0.98)
  }

  @Test func leverageIntervalsHoldTheTruth() throws {
    let interactions = InteractionGame.random(players: 32, orders: [32, 60, 60], curve: 5, seed: 3)
    let share = try coverage(of: .leverage, on: interactions, truth: interactions.shapley, samples: 16, repeats: 12)
    #expect(share > 0.92 && share < 0.995)
    let network = TableGame.network(players: 10, hidden: 6, seed: 50)
    let truth = try ExactSolver.shapley(of: network)
    let small = try coverage(of: .leverage, on: network, truth: truth, samples: 16, repeats: 60)
    #expect(small > 0.92 && small < 0.985)
  }

  @Test(arguments: [EstimatorName.naive, .permutation])
  func samplingIntervalsHoldTheTruth(estimator: EstimatorName) throws {
    let game = TableGame.network(players: 9, hidden: 6, seed: 49)
    let truth = try ExactSolver.shapley(of: game)
    let share = try coverage(of: estimator, on: game, truth: truth, samples: 24, repeats: 60)
    #expect(share > 0.93 && share < 0.985)
  }

  /// Where a region's contribution depends on its position alone, chains err by what is left within a stratum.
  @Test func theErrorsOfChainsCreditTheirStrata() throws {
    let game = InteractionGame(playerCount: 24, terms: [], curve: 24)
    var (squaredErrors, variances) = (0.0, 0.0)
    for seed in 0..<40 {
      let design = try Design(estimator: .permutation, players: 24, budget: 24 * 32, seed: 900 + UInt64(seed))
      let estimate = try design.estimate(of: game)
      for player in 0..<24 {
        squaredErrors += (estimate.zeta[player] - game.shapley[player]) * (estimate.zeta[player] - game.shapley[player])
        variances += estimate.standardError[player] * estimate.standardError[player]
      }
    }
    #expect(variances > 0.8 * squaredErrors && variances < 2 * squaredErrors)
  }

  /// A design that was stopped early has not balanced its strata.
  @Test func theErrorsOfChainsThatWereStoppedHoldTheTruth() throws {
    let game = InteractionGame.random(players: 20, orders: [20, 20, 40], curve: 20, seed: 3)
    var covered = 0
    for seed in 0..<60 {
      let design = try Design(estimator: .permutation, players: 20, budget: 20 * 64, seed: 500 + UInt64(seed))
      let stopped = try #require(design.truncated(toRows: 20 * 24))
      let statistics = LayerStatistics(series: [try stopped.estimate(of: game)])
      covered += zip(statistics.tests, game.shapley).count { $0.interval.contains($1) }
    }
    #expect(Double(covered) > 0.93 * 1200)
  }
}
