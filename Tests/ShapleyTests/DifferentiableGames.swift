import Foundation
import Grids
import Random
import TestSupport

@testable import Shapley

/// A game that continues inside the cube of masks, with its derivatives.
protocol DifferentiableGame: Game {
  /// v(m) and ∂v/∂m.
  func pass(_ mask: [Double]) -> (value: Double, derivatives: [Double])
}

extension DifferentiableGame {
  func values(of coalitions: [Coalition]) -> [Double] {
    coalitions.map { coalition in pass((0..<playerCount).map { coalition[$0] ? 1 : 0 }).value }
  }

  /// `[rows]` and `[rows x players]`.
  func passes(_ masks: [Float]) -> (values: [Float], derivatives: [Float]) {
    var (values, derivatives): ([Float], [Float]) = ([], [])
    for start in stride(from: 0, to: masks.count, by: playerCount) {
      let (value, slope) = pass(masks[start..<start + playerCount].map(Double.init))
      values.append(Float(value))
      derivatives += slope.map { Float($0) }
    }
    return (values, derivatives)
  }
}

/// Σ_u a_u·f(b_u + Σ_g w_ug·m_g): a network with one hidden layer.
struct NetworkGame: DifferentiableGame {
  enum Activation: Sendable { case rectifier, tanh, square, step, identity }

  let playerCount: Int
  var weights: [[Double]]
  var biases: [Double]
  var outputs: [Double]
  let activation: Activation

  /// Normal weights; `steepness` scales what goes into a unit.
  init(players: Int, hidden: Int, activation: Activation, steepness: Double = 1, seed: UInt64) {
    var random = CounterRandom(seed: seed, domain: 1002, index: 0)
    playerCount = players
    weights = (0..<hidden).map { _ in (0..<players).map { _ in steepness * random.nextNormal() } }
    biases = (0..<hidden).map { _ in steepness * random.nextNormal() }
    outputs = (0..<hidden).map { _ in random.nextNormal() }
    self.activation = activation
  }

  /// The game of a stimulus: the players are units whose activity differs between stimuli, a third of them silent.
  func stimulus(_ number: Int) -> NetworkGame {
    var random = CounterRandom(seed: UInt64(number), domain: 1003, index: 0)
    let activity = (0..<playerCount).map { _ in max(0, 0.4 + random.nextNormal()) }
    var game = self
    for unit in weights.indices { game.weights[unit] = zip(weights[unit], activity).map { $0 * $1 } }
    return game
  }

  func pass(_ mask: [Double]) -> (value: Double, derivatives: [Double]) {
    var value = 0.0
    var derivatives = [Double](repeating: 0, count: playerCount)
    for unit in weights.indices {
      let row = weights[unit]
      var input = biases[unit]
      for player in 0..<playerCount where mask[player] != 0 { input += row[player] * mask[player] }
      let (output, slope) = response(input)
      value += outputs[unit] * output
      let factor = outputs[unit] * slope
      if factor != 0 { for player in 0..<playerCount { derivatives[player] += factor * row[player] } }
    }
    return (value, derivatives)
  }

  func values(of coalitions: [Coalition]) -> [Double] {
    coalitions.map { coalition in
      let members = Array(coalition.intactPlayers)
      var value = 0.0
      for unit in weights.indices {
        var input = biases[unit]
        for player in members { input += weights[unit][player] }
        value += outputs[unit] * response(input).0
      }
      return value
    }
  }

  private func response(_ x: Double) -> (Double, Double) {
    switch activation {
    case .rectifier: (max(0, x), x > 0 ? 1 : 0)
    case .tanh: (Foundation.tanh(x), 1 - Foundation.tanh(x) * Foundation.tanh(x))
    case .square: (x * x, 2 * x)
    // Saturates on a thousandth of its range: no derivative ever sees it rise.
    case .step: (min(max(500 * x, 0), 1), x > 0 && x < 0.002 ? 500 : 0)
    case .identity: (x, 1)
    }
  }
}

extension InteractionGame {
  /// The multilinear extension: a·∏ m_i, without the curve.
  func pass(_ mask: [Double]) -> (value: Double, derivatives: [Double]) {
    precondition(curve == 0)
    var value = constant
    var derivatives = [Double](repeating: 0, count: playerCount)
    for term in terms {
      value += term.amount * term.players.reduce(1) { $0 * mask[$1] }
      for player in term.players {
        derivatives[player] += term.amount * term.players.reduce(1) { $1 == player ? $0 : $0 * mask[$1] }
      }
    }
    return (value, derivatives)
  }
}

/// One player's step, steep but smooth, which Simpson's rule takes for a third more than it is, beside small straight effects.
struct StepGame: DifferentiableGame {
  let height: Double
  let others: [Double]
  private let steepness = 7.0
  var playerCount: Int { 1 + others.count }

  /// Exact, of either index: nothing interacts.
  var zeta: [Double] { [height * (step(1) - step(0))] + others }

  func pass(_ mask: [Double]) -> (value: Double, derivatives: [Double]) {
    let s = step(mask[0])
    let value = height * s + zip(mask.dropFirst(), others).reduce(0) { $0 + $1.0 * $1.1 }
    return (value, [height * steepness * s * (1 - s)] + others)
  }

  private func step(_ x: Double) -> Double { 1 / (1 + exp(-steepness * (x - 0.5))) }
}

/// Single effects whose derivatives are 0 where a player is lesioned, as those of rectifiers at 0: the trapezoid finds half of them.
struct RectifiedGame: DifferentiableGame {
  let effects: [Double]
  var playerCount: Int { effects.count }

  func pass(_ mask: [Double]) -> (value: Double, derivatives: [Double]) {
    (zip(effects, mask).reduce(0) { $0 + $1.0 * $1.1 }, zip(effects, mask).map { $1 > 0 ? $0 : 0 })
  }
}

/// Single effects, and values that are off by chance, as rounding makes them: no derivative sees it.
struct RoundedGame: DifferentiableGame {
  let effects: [Double]
  let error: Double
  let seed: UInt64
  var playerCount: Int { effects.count }

  func pass(_ mask: [Double]) -> (value: Double, derivatives: [Double]) {
    let place = mask.reduce(UInt64(0)) { 3 * $0 + UInt64(2 * $1) }
    var random = CounterRandom(seed: seed, domain: 1004, index: place)
    return (zip(effects, mask).reduce(0) { $0 + $1.0 * $1.1 } + error * random.nextNormal(), effects)
  }
}

/// The multilinear extension of products of players.
struct ProductGame: DifferentiableGame {
  let game: InteractionGame
  var playerCount: Int { game.playerCount }
  func pass(_ mask: [Double]) -> (value: Double, derivatives: [Double]) { game.pass(mask) }
}

extension GradientDesign {
  func estimate(of game: some DifferentiableGame, curvature: Double) throws -> GradientEstimate {
    try estimate(of: game, prior: GradientPrior(curvature: curvature))
  }

  func estimate(of game: some DifferentiableGame, prior: GradientPrior? = nil) throws -> GradientEstimate {
    let (values, derivatives) = game.passes(masks(in: 0..<rowCount))
    return try estimate(values: values, derivatives: derivatives, prior: prior)
  }
}

extension ProbeDesign {
  /// The verdict on one game for every stimulus.
  func verdict(on game: some DifferentiableGame, remedy: String? = nil) throws -> ProbeVerdict {
    let (values, derivatives) = game.passes(masks(in: 0..<rowCount))
    let own = (0..<rowCount).map { derivatives[$0 * playerCount + region(probe: probe(row: $0))] }
    return try ProbeVerdict(values: values, derivatives: own, remedy: remedy)
  }
}

extension GradientPrior {
  /// What probes and a pilot of these stimuli's games say of their layer, as a scan asks them.
  init(of games: some Collection<some DifferentiableGame>) throws {
    let games = Array(games)
    let players = games[0].playerCount
    let probes = ProbeDesign(players: players, stimuli: games.count, seed: 1)
    var (values, derivatives): ([Float], [Float]) = ([], [])
    for row in 0..<probes.rowCount {
      let probe = probes.probe(row: row)
      let pass = games[probes.stimulus(probe: probe)].passes(probes.masks(in: row..<row + 1))
      values += pass.values
      derivatives.append(pass.derivatives[probes.region(probe: probe)])
    }
    let verdict = try ProbeVerdict(values: values, derivatives: derivatives)
    let pilot = try games.enumerated().map { stimulus, game in
      try GradientDesign(players: players, passes: GradientPilot.standardPassCount, seed: 1, stream: UInt64(stimulus))
        .estimate(of: game, prior: .pilot)
    }
    self.init(verdict, samplingPerPass: GradientPrior.samplingPerPass(of: pilot))
  }
}
