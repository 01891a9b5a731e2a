import Grids
import Statistics
import Testing

@testable import Shapley

@Suite struct EstimatorTests {
  @Test func theExactSolverKnowsTheClosedForms() throws {
    let game = InteractionGame.random(players: 9, orders: [9, 20, 20, 5], curve: 0, seed: 2)
    #expect(largestDifference(try ExactSolver.shapley(of: game), game.shapley) < 1e-12)
    #expect(largestDifference(try ExactSolver.banzhaf(of: game), game.banzhaf) < 1e-12)
    let curved = InteractionGame.random(players: 7, orders: [7, 10], curve: 3, seed: 2)
    #expect(largestDifference(try ExactSolver.shapley(of: curved), curved.shapley) < 1e-12)
  }

  /// The glove game of Shapley & Shubik: two left gloves, one right glove.
  @Test func theGloveGameIsWorthWhatTheBooksSay() throws {
    let gloves = TableGame(playerCount: 3, table: [0, 0, 0, 0, 0, 1, 1, 1])
    #expect(largestDifference(try ExactSolver.shapley(of: gloves), [1.0 / 6, 1.0 / 6, 2.0 / 3]) < 1e-15)
    #expect(largestDifference(try ExactSolver.banzhaf(of: gloves), [0.25, 0.25, 0.75]) < 1e-15)
  }

  @Test(arguments: ValueIndex.allCases)
  func enumerationIsTheDefinition(index: ValueIndex) throws {
    for players in [1, 2, 3, 10] {
      let game = TableGame.network(players: players, hidden: 5, seed: 3)
      let design = try Design(estimator: .exact, players: players, budget: 1 << players, index: index, seed: 1)
      let estimate = try design.estimate(of: game)
      let truth = index == .shapley ? try ExactSolver.shapley(of: game) : try ExactSolver.banzhaf(of: game)
      #expect(largestDifference(estimate.zeta, truth) < 1e-12)
      #expect(estimate.standardError.allSatisfy { $0 == 0 } && estimate.degreesOfFreedom == .infinity)
    }
  }

  @Test(arguments: estimatorsAndIndices)
  func anAdditiveGameIsRecovered(estimator: EstimatorName, index: ValueIndex) throws {
    for (players, budget) in [(1, 64), (2, 64), (3, 64), (4, 64), (8, 256), (11, 1 << 11)] {
      var game = InteractionGame.random(players: players, orders: [3 * players], seed: 4)
      game.constant = 5
      let design = try Design(estimator: estimator, players: players, budget: budget, index: index, seed: 2)
      let estimate = try design.estimate(of: game, by: estimator)
      #expect(largestDifference(estimate.zeta, game.shapley) < 1e-9)
      #expect(estimate.standardError.allSatisfy { $0 < 1e-9 })
    }
  }

  @Test(arguments: [EstimatorName.permutation, .regression, .leverage, .exact, .affine])
  func shapleyEstimatesAreEfficient(estimator: EstimatorName) throws {
    let game = TableGame.network(players: 10, hidden: 8, seed: 5)
    let design = try Design(estimator: estimator, players: 10, budget: 1 << 10, seed: 9)
    let estimate = try design.estimate(of: game, by: estimator)
    #expect(abs(estimate.zeta.reduce(0, +) - estimate.effect) < 1e-12)
    #expect(estimate.full == game.table[1023] && estimate.empty == game.table[0])
    #expect(estimate.evaluations == design.rowCount)
  }

  @Test(
    arguments: [2, 3, 4, 5, 8], [(EstimatorName.regression, ValueIndex.shapley), (.regression, .banzhaf), (.leverage, .shapley)])
  func aRegressionOnAllPairsIsExact(players: Int, _ estimator: (name: EstimatorName, index: ValueIndex)) throws {
    let game = TableGame.network(players: players, hidden: 6, seed: 6)
    let design = try Design(.complementPairs, players: players, budget: 4096, index: estimator.index, seed: 1)
    let estimate = try design.estimate(of: game, by: estimator.name)
    let truth = estimator.index == .shapley ? try ExactSolver.shapley(of: game) : try ExactSolver.banzhaf(of: game)
    #expect(largestDifference(estimate.zeta, truth) < 1e-10)
    #expect(estimate.standardError.allSatisfy { $0 < 1e-10 })
  }

  @Test(arguments: estimatorsAndIndices)
  func estimatesAreLinearInTheValues(estimator: EstimatorName, index: ValueIndex) throws {
    let (a, b) = (TableGame.network(players: 9, hidden: 4, seed: 7), TableGame.network(players: 9, hidden: 7, seed: 8))
    let sum = TableGame(playerCount: 9, table: zip(a.table, b.table).map { 2 * $0 - 3 * $1 })
    let design = try Design(estimator: estimator, players: 9, budget: 512, index: index, seed: 3)
    let (zetaA, zetaB) = (try design.estimate(of: a, by: estimator).zeta, try design.estimate(of: b, by: estimator).zeta)
    #expect(
      largestDifference(try design.estimate(of: sum, by: estimator).zeta, zip(zetaA, zetaB).map { 2 * $0 - 3 * $1 }) < 1e-10)
  }

  @Test(arguments: samplingEstimatorsAndIndices)
  func estimatesAreRightOnAverageAndTreatTwinsAlikeAndNullsAsNull(
    estimator: EstimatorName, index: ValueIndex
  ) throws {
    let players = 6
    // Players 0 and 1 are twins, player 2 is null; pairs and a triple among the others.
    let game = InteractionGame(
      playerCount: players, constant: 0.5,
      terms: [
        .init(amount: 1, players: [0]), .init(amount: 1, players: [1]), .init(amount: -2, players: [0, 1]),
        .init(amount: 1.5, players: [0, 1, 3]), .init(amount: 2, players: [0, 4]), .init(amount: 2, players: [1, 4]),
        .init(amount: -1, players: [3, 4, 5]), .init(amount: 0.7, players: [5]),
      ])
    let seeds = 200
    let estimates = try (0..<seeds).map { seed in
      try Design(estimator: estimator, players: players, budget: 52, index: index, seed: UInt64(seed)).estimate(
        of: game, by: estimator)
    }
    let truth = index == .shapley ? game.shapley : game.banzhaf
    #expect(abs(truth[0] - truth[1]) < 1e-15 && truth[2] == 0)
    for player in 0..<players {
      let moments = SampleMoments(estimates.map { $0.zeta[player] })
      #expect(abs(moments.mean - truth[player]) < 4.5 * moments.standardError + 1e-12)
    }
    let twins = SampleMoments(estimates.map { $0.zeta[0] - $0.zeta[1] })
    #expect(abs(twins.mean) < 4.5 * twins.standardError + 1e-12)
    if estimator == .naive || estimator == .permutation {
      #expect(estimates.allSatisfy { abs($0.zeta[2]) < 1e-12 })
    }
  }

  @Test("Where few draws agree by chance, errors aren't 0", arguments: [EstimatorName.permutation, .naive], [5, 7])
  func drawsThatAgree(estimator: EstimatorName, samples: Int) throws {
    // relu(a + b + c − 2) among 17 regions that have no part in it: all draws may miss it.
    let members = [3, 8, 15]
    var truth = [Double](repeating: 0, count: 20)
    for member in members { truth[member] = 1.0 / 3 }
    var (agreeing, held) = (0, 0)
    for seed in 0..<200 {
      let design = try Design(estimator: estimator, players: 20, budget: 20 * samples, seed: UInt64(seed))
      let values = design.coalitions(in: 0..<design.rowCount).map { coalition in
        Float(max(0, members.count { coalition.words[0] >> UInt64($0) & 1 == 1 } - 2))
      }
      let estimate = try design.estimate(values: values, by: estimator)
      let statistics = LayerStatistics(series: [estimate])
      // Single draws that agree and sum to the effect can't be told from those of an affine layer.
      guard estimate.standardError.allSatisfy({ $0 == estimate.standardError[0] }),
        estimator == .permutation || abs(estimate.efficiencyResidual) > 1e-6
      else { continue }
      agreeing += 1
      held += zip(statistics.tests, truth).allSatisfy { $0.interval.contains($1) } ? 1 : 0
    }
    #expect(agreeing > 0 && Double(held) >= 0.9 * Double(agreeing), "\(held) of \(agreeing)")
  }

  @Test(arguments: estimatorsAndIndices)
  func aConstantGameHasNoEffectAndNoError(estimator: EstimatorName, index: ValueIndex) throws {
    for players in [1, 2, 5, 9] {
      let design = try Design(estimator: estimator, players: players, budget: 1 << 9, index: index, seed: 3)
      let estimate = try design.estimate(values: [Float](repeating: 2.5, count: design.rowCount), by: estimator)
      #expect(estimate.zeta.allSatisfy { $0 == 0 } && estimate.standardError.allSatisfy { $0 == 0 })
      let statistics = LayerStatistics(series: [estimate])
      #expect(statistics.tests.allSatisfy { $0.p == 1 && $0.t == 0 } && statistics.q.allSatisfy { $0 == 1 })
      #expect(!statistics.isCritical.contains(true))
    }
  }

  @Test func regionsOfAnySizeOfNetworkGetTheSameBytesTwice() throws {
    let game = InteractionGame.random(players: 70, orders: [70, 70, 70], curve: 4, seed: 1)
    let design = try Design(estimator: .regression, players: 70, budget: 70 * 12, seed: 4)
    let values = game.values(of: design.coalitions(in: 0..<design.rowCount)).map { Float($0) }
    let (first, second) = (try design.estimate(values: values), try design.estimate(values: values))
    #expect(first.zeta.map(\.bitPattern) == second.zeta.map(\.bitPattern))
    #expect(first.standardError.map(\.bitPattern) == second.standardError.map(\.bitPattern))
  }

  @Test func renumberingTheRegionsRenumbersTheTruthOnly() throws {
    let game = InteractionGame.random(players: 24, orders: [24, 40, 20], seed: 9)
    let renumbered = InteractionGame(
      playerCount: 24, constant: game.constant,
      terms: game.terms.map { .init(amount: $0.amount, players: $0.players.map { 23 - $0 }) })
    let design = try Design(estimator: .regression, players: 24, budget: 24 * 40, seed: 4)
    let (a, b) = (try design.estimate(of: game), try design.estimate(of: renumbered))
    for player in 0..<24 {
      let error = a.standardError[player] + b.standardError[23 - player]
      #expect(abs(a.zeta[player] - b.zeta[23 - player]) < 5 * error)
    }
  }

  @Test func valuesThatDoNotBelongToTheDesignAreRefused() throws {
    let design = try Design(estimator: .affine, players: 4, budget: 16, seed: 1)
    #expect(throws: ShapleyError.self) { try design.estimate(values: [1.0, 2.0]) }
    let error = #expect(throws: ShapleyError.self) { try design.estimate(values: [1, 0, 1, .nan, 1, 1] as [Float]) }
    #expect(error?.code == .badValues && error?.message.contains("coalition 3") == true)
  }

  @Test func theAffineEstimatorOwnsUpWhereTheGameIsNotAffine() throws {
    let game = TableGame.network(players: 8, hidden: 6, seed: 3)
    let estimate = try Design(estimator: .affine, players: 8, budget: 128, seed: 1).estimate(of: game)
    #expect(abs(estimate.efficiencyResidual) > 0.01 && !estimate.notes.isEmpty)
    #expect(estimate.standardError.allSatisfy { $0 > 0 } && estimate.degreesOfFreedom == 1)
  }
}
