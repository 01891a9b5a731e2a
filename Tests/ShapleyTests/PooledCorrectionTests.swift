import Random
import Statistics
import TestSupport
import Testing

@testable import Shapley

@Suite struct PooledCorrectionTests {
  /// A layer whose stimuli bend alike: every series is the same network but for its output weights and biases.
  private func layer(
    stimuli: Int, activation: NetworkGame.Activation, seed: UInt64, steepness: Double = 1.5, spread: Double = 0.3,
    players: Int = 8
  ) -> [NetworkGame] {
    let base = NetworkGame(players: players, hidden: 8, activation: activation, steepness: steepness, seed: seed)
    return (0..<stimuli).map { stimulus in
      var random = CounterRandom(seed: seed, domain: 1003, index: UInt64(stimulus))
      var game = base
      for unit in game.outputs.indices {
        game.outputs[unit] *= 1 + spread * random.nextNormal()
        game.biases[unit] += spread * random.nextNormal()
      }
      return game
    }
  }

  @Test("What series share counts the correction's noise, which fixed effects don't see otherwise", arguments: [0.0, 0.5, 2])
  func sharedVariance(bias: Double) throws {
    let (series, regions) = (20, 400)
    var random = CounterRandom(seed: 9, domain: 1006, index: UInt64(10 * bias))
    let left = (0..<regions).map { _ in bias * random.nextNormal() }
    // ζ is 0, the cheap one −bias without noise, the better one 0 with noise.
    let cheap = left.map { -$0 }
    let differences = (0..<series).map { _ in left.map { $0 + random.nextNormal() } }
    let correction = PooledCorrection(
      zeta: Array(repeating: cheap, count: series), differences: differences, withheld: differences,
      weights: Array(repeating: [Double](repeating: 1, count: regions), count: series),
      variances: Array(repeating: [Double](repeating: 0, count: regions), count: series), effects: nil)
    #expect(zip(correction.sharedVariance, correction.remainingBias).allSatisfy { $0 >= $1 })
    let held = zip(mean(correction.zeta), correction.sharedVariance).count { abs($0) <= 1.96 * $1.squareRoot() }
    #expect(Double(held) / Double(regions) > 0.92, "\(held) of \(regions)")
  }

  private func squaredError(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  private func mean(_ all: [[Double]]) -> [Double] {
    all[0].indices.map { region in all.reduce(0) { $0 + $1[region] } / Double(all.count) }
  }

  @Test("A bias that all stimuli share is found and taken off")
  func commonBias() throws {
    let games = layer(stimuli: 48, activation: .tanh, seed: 3)
    let truth = mean(try games.map { try ExactSolver.shapley(of: $0) })
    let series = try games.enumerated().map { number, game in
      try GradientDesign(players: 8, passes: 24, seed: 1, stream: UInt64(number)).estimate(of: game, curvature: 0.2)
    }
    let correction = PooledCorrection(series: series, isEfficient: true)
    #expect(correction.shrinkage > 0.3)
    let corrected = mean(correction.zeta)
    #expect(squaredError(corrected, truth) < 0.5 * squaredError(mean(series.map(\.trapezoid)), truth))
    let effect = series.reduce(0) { $0 + $1.estimate.effect } / 48
    #expect(abs(corrected.reduce(0, +) - effect) < 1e-9)
    let statistics = LayerStatistics(gradients: series, correction: correction)
    #expect(largestDifference(statistics.zeta, corrected) < 1e-12 && statistics.seriesCount == 48)
  }

  @Test("The mean over stimuli is as good as that of their own maps, which the passes' values made better", arguments: [64, 160])
  func ownMaps(passes: Int) throws {
    let games = layer(stimuli: 12, activation: .tanh, seed: 4, steepness: 2, players: 40)
    let truth = mean(
      try games.enumerated().map { number, game in
        try Design(estimator: .regression, players: 40, budget: 4000, seed: 5, stream: UInt64(number)).estimate(of: game).zeta
      })
    var (pooled, own) = (0.0, 0.0)
    for seed in 1...6 as ClosedRange<UInt64> {
      let series = try games.enumerated().map { number, game in
        try GradientDesign(players: 40, passes: passes, seed: seed, stream: UInt64(number)).estimate(of: game, curvature: 0.05)
      }
      pooled += squaredError(mean(PooledCorrection(series: series, isEfficient: true).zeta), truth)
      own += squaredError(mean(series.map(\.zeta)), truth)
    }
    #expect(pooled < 1.1 * own, "\(pooled) of \(own)")
  }

  @Test("A region that does nearly all and bends gets what the sum of ζ says, with an interval that holds it")
  func concentratedBias() throws {
    var random = CounterRandom(seed: 11, domain: 1003, index: 0)
    let games = (0..<8).map { _ in
      StepGame(height: 1 + 0.2 * random.nextNormal(), others: (0..<30).map { _ in 0.01 * random.nextNormal() })
    }
    let series = try games.enumerated().map { number, game in
      try GradientDesign(players: 31, passes: 32, seed: 1, stream: UInt64(number)).estimate(of: game, curvature: 0.5)
    }
    for (game, estimate) in zip(games, series) {
      #expect(abs(estimate.zeta[0] - game.zeta[0]) < 0.05 * game.zeta[0])
      let test = LayerStatistics(series: [estimate.estimate]).tests[0]
      #expect(test.interval.contains(game.zeta[0]))
    }
    let truth = mean(games.map(\.zeta))
    let statistics = LayerStatistics(gradients: series, correction: PooledCorrection(series: series, isEfficient: true))
    #expect(abs(statistics.zeta[0] - truth[0]) < 0.05 * truth[0])
    #expect(statistics.tests[0].interval.contains(truth[0]))
    #expect(zip(statistics.tests, truth).count { $0.interval.contains($1) } >= 28)
  }

  @Test("Where nothing bends, nothing is taken off")
  func noBias() throws {
    let games = layer(stimuli: 32, activation: .identity, seed: 3)
    let series = try games.enumerated().map { number, game in
      try GradientDesign(players: 8, passes: 24, seed: 1, stream: UInt64(number)).estimate(of: game, curvature: 0)
    }
    let correction = PooledCorrection(series: series, isEfficient: true)
    #expect(correction.found.bias < 1e-10 && correction.remainingBias.allSatisfy { $0 < 1e-10 })
    let plain = LayerStatistics(series: series.map(\.estimate))
    let statistics = LayerStatistics(gradients: series, correction: correction)
    #expect(largestDifference(plain.zeta, statistics.zeta) < 1e-4)
    #expect(statistics.isSignificant == plain.isSignificant)
  }

  @Test(
    "Intervals hold the mean over all stimuli though the trapezoid is wrong",
    arguments: [NetworkGame.Activation.tanh, .rectifier])
  func coverage(activation: NetworkGame.Activation) throws {
    let repeats = 30
    let stimuli = layer(stimuli: 24 * repeats, activation: activation, seed: 5)
    let truth = mean(try stimuli.map { try ExactSolver.shapley(of: $0) })
    var (covered, trapezoids) = (0, 0)
    for start in 0..<repeats {
      let games = Array(stimuli[24 * start..<24 * start + 24])
      let series = try games.enumerated().map { number, game in
        let design = try GradientDesign(players: 8, passes: 24, seed: UInt64(start), stream: UInt64(number))
        return try design.estimate(of: game, curvature: 0.2)
      }
      let statistics = LayerStatistics(gradients: series, correction: PooledCorrection(series: series, isEfficient: true))
      covered += zip(statistics.tests, truth).count { $0.interval.contains($1) }
      for region in 0..<8 {
        let moments = SampleMoments(series.map { $0.trapezoid[region] })
        let test = RegionTest(mean: moments.mean, standardError: moments.standardError, degreesOfFreedom: 23, confidence: 0.95)
        trapezoids += test.interval.contains(truth[region]) ? 1 : 0
      }
    }
    let share = Double(covered) / Double(8 * repeats)
    #expect(share > 0.92 && share < 0.995)
    #expect(share > Double(trapezoids) / Double(8 * repeats))
  }

  @Test("One series keeps its first-level errors")
  func single() throws {
    let game = layer(stimuli: 1, activation: .tanh, seed: 3)[0]
    let estimate = try GradientDesign(players: 8, passes: 100, seed: 1).estimate(of: game)
    let statistics = LayerStatistics(gradients: [estimate], correction: nil)
    #expect(statistics == LayerStatistics(series: [estimate.estimate]) && statistics.level == .first)
  }
}
