import Random
import TestSupport
import Testing

@testable import Shapley

@Suite struct GradientEstimateTests {
  @Test("An affine game is recovered exactly from any passes", arguments: [1, 2, 3, 30, 256], ValueIndex.allCases)
  func affine(players: Int, index: ValueIndex) throws {
    let game = NetworkGame(players: players, hidden: 3, activation: .identity, seed: 4)
    let truth = (0..<players).map { player in zip(game.outputs, game.weights).reduce(0) { $0 + $1.0 * $1.1[player] } }
    for passes in [8, 9, 50] {
      let result = try GradientDesign(players: players, passes: passes, index: index, seed: 1).estimate(of: game, curvature: 0.1)
      #expect(largestDifference(result.trapezoid, truth) < 1e-5)
      #expect(largestDifference(result.zeta, truth) < 1e-4)
    }
  }

  @Test("Σζ is the effect, and T shows by how much it missed it")
  func efficiency() throws {
    let game = NetworkGame(players: 60, hidden: 30, activation: .tanh, steepness: 0.4, seed: 6)
    let result = try GradientDesign(players: 60, passes: 80, seed: 1).estimate(of: game)
    let effect = result.estimate.effect
    #expect(abs(result.zeta.reduce(0, +) - effect) < 1e-9 * abs(effect))
    #expect(abs(result.trapezoidShare * effect - result.trapezoid.reduce(0, +)) < 1e-9)
    #expect(result.estimate.evaluations == 80 && result.estimate.standardError.allSatisfy { $0 > 0 && $0.isFinite })
  }

  @Test("Small games of products have no bias", arguments: [(4, ValueIndex.shapley), (5, .shapley), (5, .banzhaf)])
  func unbiased(players: Int, index: ValueIndex) throws {
    let game = InteractionGame.random(players: players, orders: [players, 6, 4, 2], seed: 21)
    let truth = index == .shapley ? game.shapley : game.banzhaf
    let repeats = 3000
    var (trapezoid, middle) = ([Double](repeating: 0, count: players), [Double](repeating: 0, count: players))
    var squares = trapezoid
    for seed in 0..<repeats {
      let design = try GradientDesign(players: players, passes: 30, index: index, seed: UInt64(seed))
      let result = try design.estimate(of: ProductGame(game: game), curvature: 0)
      for player in 0..<players {
        trapezoid[player] += result.trapezoid[player] / Double(repeats)
        middle[player] += (result.trapezoid[player] + 1.5 * result.correction[player]) / Double(repeats)
        squares[player] += result.trapezoid[player] * result.trapezoid[player] / Double(repeats)
      }
    }
    for player in 0..<players {
      let error = (max(squares[player] - trapezoid[player] * trapezoid[player], 0) / Double(repeats)).squareRoot()
      // Weights that are normalised by themselves leave a bias of the order of a pair's share.
      #expect(abs(trapezoid[player] - truth[player]) < 5 * error + 0.02)
      #expect(abs(middle[player] - truth[player]) < 10 * error + 0.02)
    }
  }

  @Test("A region that takes part in nothing has no derivative, and its interval holds 0")
  func nullPlayer() throws {
    let game = InteractionGame.random(players: 40, orders: [40, 60, 60], nullPlayers: 3, seed: 5)
    let result = try GradientDesign(players: 40, passes: 80, seed: 2).estimate(of: ProductGame(game: game))
    for player in 0..<3 {
      #expect(result.trapezoid[player] == 0 && result.correction[player] == 0)
      #expect(abs(result.zeta[player]) <= 2 * result.estimate.standardError[player])
    }
  }

  @Test("Regions that do the same have the same ζ within their errors")
  func symmetry() throws {
    var game = NetworkGame(players: 30, hidden: 20, activation: .rectifier, seed: 8)
    for unit in game.weights.indices { game.weights[unit][7] = game.weights[unit][3] }
    let result = try GradientDesign(players: 30, passes: 200, seed: 3).estimate(of: game)
    let error = result.estimate.standardError
    #expect(abs(result.zeta[3] - result.zeta[7]) < 3 * (error[3] * error[3] + error[7] * error[7]).squareRoot())
  }

  @Test("Sums of shards are the sums of all rows", arguments: [14, 100])
  func shards(players: Int) throws {
    let game = NetworkGame(players: players, hidden: 20, activation: .tanh, seed: 8)
    let design = try GradientDesign(players: players, passes: 90, seed: 3)
    func sums(_ rows: Range<Int>) throws -> GradientSums {
      var sums = GradientSums(players: players)
      let (values, derivatives) = game.passes(design.masks(in: rows))
      try sums.add(rows, of: design, values: values, derivatives: derivatives)
      return sums
    }
    var merged = try sums(0..<30)
    merged.add(try sums(30..<44))
    merged.add(try sums(44..<90))
    let (parts, whole) = (try design.estimate(merged), try design.estimate(sums(0..<90)))
    #expect(largestDifference(parts.zeta, whole.zeta) < 1e-12)
    #expect(largestDifference(parts.estimate.standardError, whole.estimate.standardError) < 1e-9)
    #expect(throws: ShapleyError.self) { try design.estimate(sums(0..<30)) }
  }

  @Test("Passes that can't tell curvature are refused unless probes told it")
  func undetermined() throws {
    let game = NetworkGame(players: 256, hidden: 20, activation: .rectifier, seed: 8)
    let design = try GradientDesign(players: 256, passes: 12, seed: 3)
    let error = #expect(throws: ShapleyError.self) { try design.estimate(of: game) }
    #expect(error?.code == .budgetTooSmall)
    let told = try design.estimate(of: game, curvature: 0.5)
    #expect(told.shrinkage == 0)
    let square = told.trapezoid.reduce(0) { $0 + $1 * $1 } / 256
    #expect(abs(told.curvature - 0.5 * square) < 1e-12)
  }

  @Test(
    "A pilot makes errors larger where a series' own passes agree by chance, and never smaller", arguments: ValueIndex.allCases)
  func pilot(index: ValueIndex) throws {
    // A kink that only coalitions of nearly all regions reach: pairs miss it, and so do their errors.
    var game = NetworkGame(players: 12, hidden: 1, activation: .rectifier, seed: 2)
    game.weights[0] = [Double](repeating: 1, count: 12)
    game.biases[0] = -11.5
    let design = try GradientDesign(players: 12, passes: 16, index: index, seed: 5)
    let bare = try design.estimate(of: game, curvature: 0)
    #expect(bare.trapezoidVariance.allSatisfy { $0 == 0 })
    let sampling = (0..<12).map { Double($0) }
    let told = try design.estimate(of: game, prior: GradientPrior(curvature: 0, samplingPerPass: sampling))
    #expect(told.trapezoid == bare.trapezoid && told.trapezoidVariance == bare.trapezoidVariance)
    #expect(zip(told.standardError, bare.standardError).allSatisfy { $0 >= $1 })
    let freedom = told.estimate.degreesOfFreedom
    let expected = sampling.map { $0 / 16 / (freedom + 1) }
    let total = expected.reduce(0, +)
    for region in 1..<12 {
      // For the Shapley index what Σζ tells of a region is taken from its error.
      let known = index == .shapley ? 1 - expected[region] / total : 1
      #expect(abs(told.standardError[region] / (known * expected[region]).squareRoot() - 1) < 1e-3)
    }
  }

  @Test("Regions without a part aren't significant where all passes miss a kink, and regions with one have errors")
  func missedKink() throws {
    // Of 96 regions 8 feed one rectifier that opens when more than half of them are there.
    var game = NetworkGame(players: 96, hidden: 1, activation: .rectifier, seed: 2)
    game.weights[0] = (0..<96).map { $0 % 12 == 5 ? 1 : 0 }
    game.biases[0] = -4
    let effect = game.outputs[0] * 4
    for seed in 0..<20 {
      let design = try GradientDesign(players: 96, passes: 32, seed: UInt64(seed))
      let estimate = try design.estimate(of: game, curvature: 0)
      let statistics = LayerStatistics(series: [estimate.estimate])
      for region in 0..<96 {
        if region % 12 == 5 {
          #expect(abs(estimate.zeta[region] - effect / 8) < 0.1 * abs(effect) / 8 + 3 * estimate.standardError[region])
        } else {
          #expect(!statistics.isSignificant[region], "\(seed) \(region) \(statistics.tests[region])")
        }
      }
    }
  }

  @Test("Values that derivatives see nothing of leave numbers, not NaN", arguments: ValueIndex.allCases)
  func silentDerivatives(index: ValueIndex) throws {
    let design = try GradientDesign(players: 40, passes: 60, index: index, seed: 1)
    var random = CounterRandom(seed: 3, domain: 1003, index: 0)
    let values = [0, 0] + (2..<60).map { _ in Float(random.nextNormal()) }
    let estimate = try design.estimate(
      values: values, derivatives: [Float](repeating: 0, count: 60 * 40), prior: GradientPrior(curvature: 0))
    #expect(estimate.zeta.allSatisfy(\.isFinite) && estimate.standardError.allSatisfy(\.isFinite))
    #expect(estimate.estimate.degreesOfFreedom > 0)
  }

  @Test("What probes found of curvature counts where a series' own midpoints find less")
  func probesCount() throws {
    let game = NetworkGame(players: 30, hidden: 8, activation: .tanh, steepness: 1, seed: 3)
    let design = try GradientDesign(players: 30, passes: 60, seed: 1)
    var sums = GradientSums(players: 30)
    let (values, derivatives) = game.passes(design.masks(in: 0..<design.rowCount))
    try sums.add(0..<design.rowCount, of: design, values: values, derivatives: derivatives)
    let errors = try [0, 0.1, 1].map { curvature in
      try design.estimate(sums, prior: GradientPrior(curvature: curvature)).standardError.reduce(0) { $0 + $1 * $1 }
    }
    #expect(errors[0] <= errors[1] && errors[1] < errors[2])
  }

  @Test("What chance leaves in a value is the sum of its squared weights", arguments: ValueIndex.allCases)
  func concentration(index: ValueIndex) {
    for players in 1...12 {
      // By all coalitions without a region, by their sizes.
      let all = (0..<1 << (players - 1)).reduce(0.0) { sum, others in
        let size = others.nonzeroBitCount
        let ways = (0..<size).reduce(1.0) { $0 * Double(players - 1 - $1) / Double($1 + 1) }
        let weight = index == .shapley ? 1 / (Double(players) * ways) : 1 / Double(1 << (players - 1))
        return sum + weight * weight
      }
      #expect(abs(index.concentration(players: players) / all - 1) < 1e-12, "\(players)")
    }
    let ends = 2.0 + 2.0 / 65_535
    #expect(index == .banzhaf || abs(ValueIndex.shapley.concentration(players: 65_536) * 0x1p32 / ends - 1) < 1e-6)
  }

  @Test(
    "What Simpson's rule leaves of curvature is counted where it was taken off, and .455 of it by Lobatto's",
    arguments: [(190, 4), (1200, 1)])
  func remainder(passes: Int, seed: Int) throws {
    let game = NetworkGame(players: 10, hidden: 8, activation: .tanh, steepness: 1.2, seed: UInt64(seed))
    let design = try GradientDesign(players: 10, passes: passes, index: .banzhaf, seed: 3)
    let results = try [0.03, 0.5, 0.97].map {
      try design.estimate(of: game, prior: GradientPrior(curvature: 0, remainder: $0))
    }
    #expect(results.allSatisfy { $0.shrinkage > 0.5 && $0.trapezoid == results[0].trapezoid })
    let errors = results.map { $0.standardError.reduce(0) { $0 + $1 * $1 } }
    let steps = [errors[1] - errors[0], errors[2] - errors[1]]
    #expect(abs(steps[0] / steps[1] - 1) < 1e-6)
    // ρλ²τ² a region, τ² with its error on top and without what probes found of it.
    let (lambda, tau) = (results[0].shrinkage, results[0].curvature)
    let wanted = 0.47 * (passes < 192 ? 1 : 0.455) * lambda * lambda * tau * 10
    #expect((0.7...1.4).contains(steps[0] / wanted), "\(steps[0] / wanted)")
  }

  @Test("A derivative that isn't a number is refused by its pass")
  func notFinite() throws {
    let design = try GradientDesign(players: 10, passes: 8, seed: 3)
    var derivatives = [Float](repeating: 0, count: 80)
    derivatives[53] = .nan
    let error = #expect(throws: ShapleyError.self) {
      try design.estimate(values: [Float](repeating: 0, count: 8), derivatives: derivatives, prior: GradientPrior(curvature: 0))
    }
    #expect(error?.code == .badValues && error?.message.contains("pass 5") == true)
  }

  @Test("Simpson's rule takes off what the trapezoid misses of a bent game")
  func correction() throws {
    let game = NetworkGame(players: 10, hidden: 8, activation: .tanh, steepness: 1.2, seed: 12)
    let truth = try ExactSolver.shapley(of: game)
    let result = try GradientDesign(players: 10, passes: 1200, seed: 3).estimate(of: game)
    func error(_ estimate: [Double]) -> Double { zip(estimate, truth).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    #expect(result.shrinkage > 0.5)
    #expect(error(result.zeta) < 0.5 * error(result.trapezoid))
  }

  @Test(
    "Values of the same passes tell what derivatives can't see, and Σζ stays the effect",
    arguments: [(40, 60), (40, 300), (60, 150)], ValueIndex.allCases)
  func values(shape: (players: Int, passes: Int), index: ValueIndex) throws {
    var (with, without) = (0.0, 0.0)
    for seed in 0..<8 {
      // Nearly steps: the trapezoid rule is far off.
      let game = NetworkGame(
        players: shape.players, hidden: 20, activation: .tanh, steepness: 2, seed: UInt64(seed))
      let design = try GradientDesign(players: shape.players, passes: shape.passes, index: index, seed: UInt64(seed))
      #expect(design.usesValues)
      let truth = try Design(estimator: .regression, players: shape.players, budget: 8000, index: index, seed: 5)
        .estimate(of: game).zeta
      let (values, derivatives) = game.passes(design.masks(in: 0..<design.rowCount))
      var sums = GradientSums(players: shape.players)
      try sums.add(0..<design.rowCount, of: design, values: values, derivatives: derivatives)
      func error(_ estimate: GradientEstimate) -> Double {
        zip(estimate.zeta, truth).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      let both = try design.estimate(of: game, curvature: 0.1)
      with += error(both)
      without += error(try design.estimate(sums, prior: GradientPrior(curvature: 0.1)))
      if index == .shapley {
        #expect(abs(both.zeta.reduce(0, +) - both.estimate.effect) < 1e-9 * max(1, abs(both.estimate.effect)))
      }
    }
    #expect(with < without, "\(with / without)")
  }
}
