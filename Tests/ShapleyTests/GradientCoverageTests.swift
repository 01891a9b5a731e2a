import Random
import Statistics
import TestSupport
import Testing

@testable import Shapley

/// Seeded, so that the counts are facts: the share of 95 % intervals that hold the true ζ.
@Suite struct GradientCoverageTests {
  private func coverage(
    of game: some DifferentiableGame, truth: [Double], passes: Int, index: ValueIndex = .shapley, repeats: Int
  ) throws -> Double {
    var covered = 0
    for seed in 0..<repeats {
      let design = try GradientDesign(players: game.playerCount, passes: passes, index: index, seed: 700 + UInt64(seed))
      let statistics = LayerStatistics(series: [try design.estimate(of: game).estimate])
      covered += zip(statistics.tests, truth).count { $0.interval.contains($1) }
    }
    return Double(covered) / Double(repeats * truth.count)
  }

  @Test(arguments: [NetworkGame.Activation.rectifier, .tanh], [(8, 64), (10, 100), (11, 200)])
  func smallNetworks(activation: NetworkGame.Activation, shape: (players: Int, passes: Int)) throws {
    let game = NetworkGame(
      players: shape.players, hidden: 12, activation: activation, steepness: 0.5, seed: UInt64(shape.players))
    let truth = try ExactSolver.shapley(of: game)
    let share = try coverage(of: game, truth: truth, passes: shape.passes, repeats: 60)
    #expect(share > 0.92 && share < 0.985, "\(share)")
  }

  /// As few passes as a scan of many stimuli takes, whose probes alone say how strong curvature is: over games, since in one
  /// that is left of it is fixed.
  @Test(arguments: [NetworkGame.Activation.rectifier, .tanh], [8, 16, 24])
  func fewPasses(activation: NetworkGame.Activation, passes: Int) throws {
    let (players, games) = (12, 60)
    var covered = 0
    for seed in 0..<UInt64(games) {
      let game = NetworkGame(players: players, hidden: 16, activation: activation, steepness: 0.3, seed: seed)
      let probes = ProbeDesign(players: players, stimuli: 1, seed: seed)
      let design = try GradientDesign(players: players, passes: passes, seed: 100 + seed)
      let estimate = try design.estimate(of: game, curvature: probes.verdict(on: game).curvature)
      covered += zip(LayerStatistics(series: [estimate.estimate]).tests, try ExactSolver.shapley(of: game)).count {
        $0.interval.contains($1)
      }
    }
    let share = Double(covered) / Double(games * players)
    #expect(share > 0.92 && share < 0.996, "\(share)")
  }

  @Test("Intervals hold what the trapezoid finds half of", arguments: [8, 16, 32], ValueIndex.allCases)
  func halved(passes: Int, index: ValueIndex) throws {
    var random = CounterRandom(seed: 4, domain: 1005, index: 0)
    let game = RectifiedGame(effects: (0..<40).map { _ in random.nextNormal() })
    let prior = try GradientPrior(of: [game])
    let estimate = try GradientDesign(players: 40, passes: passes, index: index, seed: 3).estimate(of: game, prior: prior)
    let held = zip(LayerStatistics(series: [estimate.estimate]).tests, game.effects).count { $0.interval.contains($1) }
    #expect(held >= 37, "\(held)")
  }

  @Test("Chance that derivatives can't see, as rounding, is in the intervals", arguments: [6, 10], ValueIndex.allCases)
  func rounding(players: Int, index: ValueIndex) throws {
    var covered = 0
    for stimulus in 0..<60 {
      let games = (0..<8).map { number in
        RoundedGame(effects: (0..<players).map { Double($0) - 2 }, error: 0.1, seed: UInt64(8 * stimulus + number))
      }
      let design = try GradientDesign(players: players, passes: 24, index: index, seed: 7, stream: UInt64(stimulus))
      let estimate = try design.estimate(of: games[0], prior: GradientPrior(of: games))
      let truth =
        switch index {
        case .shapley: try ExactSolver.shapley(of: games[0])
        case .banzhaf: try ExactSolver.banzhaf(of: games[0])
        }
      covered += zip(LayerStatistics(series: [estimate.estimate]).tests, truth).count { $0.interval.contains($1) }
    }
    let share = Double(covered) / Double(60 * players)
    #expect(share > 0.9, "\(share)")
  }

  /// All pairs of a stimulus may miss the same kink and agree, so that only other stimuli tell of it.
  @Test("Single maps of networks with few kinks borrow from other stimuli", arguments: [16, 32])
  func fewKinks(passes: Int) throws {
    let (players, networks, stimuli) = (9, 10, 16)
    var (without, with) = ([Double](), [Double]())
    for number in 0..<networks {
      var network = NetworkGame(players: players, hidden: 5, activation: .rectifier, seed: 50 + UInt64(number))
      // Few coalitions cross a kink.
      for unit in network.biases.indices { network.biases[unit] *= 5 }
      let games = (0..<stimuli).map { network.stimulus(100 * number + $0) }
      let prior = try GradientPrior(of: games.prefix(8))
      var (bare, moderated) = (0, 0)
      for (stimulus, game) in games.enumerated() {
        let truth = try ExactSolver.shapley(of: game)
        let design = try GradientDesign(players: players, passes: passes, seed: 9, stream: UInt64(stimulus))
        func held(_ prior: GradientPrior) throws -> Int {
          let tests = LayerStatistics(series: [try design.estimate(of: game, prior: prior).estimate]).tests
          // Silent regions have no error and no ζ but for rounding.
          return zip(tests, truth).count {
            $0.interval.lowerBound - 1e-6 <= $1 && $1 <= $0.interval.upperBound + 1e-6
          }
        }
        bare += try held(GradientPrior(curvature: prior.curvature))
        moderated += try held(prior)
      }
      without.append(Double(bare) / Double(players * stimuli))
      with.append(Double(moderated) / Double(players * stimuli))
    }
    let mean = with.reduce(0, +) / Double(networks)
    #expect(mean > 0.95, "\(mean)")
    #expect(with.min()! > 0.92, "\(with)")
    #expect(zip(with, without).allSatisfy { $0 >= $1 }, "\(without)")
  }

  @Test(arguments: ValueIndex.allCases)
  func products(index: ValueIndex) throws {
    let game = InteractionGame.random(players: 48, orders: [48, 60, 60], seed: 3)
    let truth = index == .shapley ? game.shapley : game.banzhaf
    let share = try coverage(of: ProductGame(game: game), truth: truth, passes: 96, index: index, repeats: 25)
    #expect(share > 0.92 && share < 0.985, "\(share)")
  }
}
