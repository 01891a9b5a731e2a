import Random
import TestSupport
import Testing

@testable import Shapley

@Suite struct GradientBudgetTests {
  private func series(_ count: Int, passes: Int, spread: Double = 0.4) throws -> [GradientEstimate] {
    try (0..<count).map { number in
      var game = NetworkGame(players: 40, hidden: 20, activation: .tanh, steepness: 0.4, seed: 5)
      var random = CounterRandom(seed: 5, domain: 1004, index: UInt64(number))
      for unit in game.outputs.indices { game.outputs[unit] *= 1 + spread * random.nextNormal() }
      return try GradientDesign(players: 40, passes: passes, seed: 2, stream: UInt64(number)).estimate(of: game, curvature: 0.1)
    }
  }

  @Test("A pilot's variances are those of more passes and stimuli")
  func variances() throws {
    let small = GradientPilot(series: try series(16, passes: 32), isEfficient: true)
    let large = GradientPilot(series: try series(48, passes: 128), isEfficient: true)
    func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }
    #expect(abs(mean(small.samplingPerPass) / mean(large.samplingPerPass) - 1) < 0.4)
    #expect(abs(mean(small.betweenStimuli) / mean(large.betweenStimuli) - 1) < 0.5)
  }

  @Test("Passes keep sampling below a share of the variance across stimuli, and no fewer would")
  func passes() throws {
    for spread in [0.05, 0.2, 0.8] {
      let pilot = GradientPilot(series: try series(12, passes: 64, spread: spread), isEfficient: true)
      let passes = pilot.passes(stimuli: 64)
      let between = pilot.betweenStimuli.reduce(0, +)
      let sampling = pilot.samplingPerPass.reduce(0, +)
      #expect(GradientPilot.passSteps.contains(passes))
      let share = GradientPilot.largestShare
      #expect(passes == 1024 || sampling / Double(passes) <= share * between)
      #expect(pilot.passes(stimuli: 64, most: 39) <= 32)
      if let before = GradientPilot.passSteps.last(where: { $0 < passes && $0 >= GradientPilot.leastPasses }) {
        let bias = pilot.remainingBias(stimuli: 64, passes: before)
        #expect(sampling / Double(before) > share * between || bias > share * between / 40 / 64)
      }
    }
  }

  @Test("Passes are enough for the errors of single stimuli, unless fewer are all that there is")
  func leastPasses() throws {
    let pilot = GradientPilot(series: try series(12, passes: 64, spread: 3), isEfficient: true)
    #expect(pilot.passes(stimuli: 64) >= 16)
    #expect(pilot.passes(stimuli: 64, most: 12) == 12 && pilot.passes(stimuli: 64, most: 9) == 8)
  }

  @Test("More stimuli make narrower intervals and no fewer critical regions")
  func forecasts() throws {
    let pilot = GradientPilot(series: try series(16, passes: 32), isEfficient: true)
    let forecasts = [16, 64, 256].map { pilot.forecast(stimuli: $0, passes: 32) }
    #expect(forecasts[0].halfWidth > forecasts[1].halfWidth && forecasts[1].halfWidth > forecasts[2].halfWidth)
    #expect(forecasts[0].criticalCount <= forecasts[1].criticalCount)
    #expect(forecasts[1].criticalCount <= forecasts[2].criticalCount && forecasts[2].criticalCount > 0)
  }

  @Test("A tolerance takes no more passes than the answer over stimuli needs, and fewer where intervals may be wide")
  func tolerance() throws {
    let pilot = GradientPilot(series: try series(16, passes: 64, spread: 0.05), isEfficient: true)
    let needed = pilot.passes(stimuli: 64)
    func passes(_ percent: Double) -> Int { pilot.passes(stimuli: 64, percentOfEffect: percent, confidence: 0.95) }
    #expect(passes(1e-9) == needed && passes(1e9) == GradientPilot.passSteps[0] && needed > passes(1e9))
    for percent in [1, 5, 20.0] where passes(percent) < needed {
      let widest = pilot.forecast(stimuli: 64, passes: passes(percent)).widest
      #expect(widest <= percent / 100 * abs(pilot.zeta.reduce(0, +)))
    }
  }

  @Test("The choice follows the probes first, then the smaller expected error")
  func choice() throws {
    let game = NetworkGame(players: 40, hidden: 20, activation: .tanh, steepness: 0.1, seed: 5)
    let verdict = try ProbeDesign(players: 40, stimuli: 1, seed: 1).verdict(on: game)
    #expect(verdict.rule == .trapezoid)
    let design = try GradientDesign(players: 40, passes: 64, seed: 2)
    let (values, derivatives) = game.passes(design.masks(in: 0..<64))
    let estimate = try design.estimate(values: values, derivatives: derivatives, prior: GradientPrior(curvature: 0.1))
    let pilot = GradientPilot(series: try series(8, passes: 64), isEfficient: true)
    let residual = GradientChoice.oddResidual(design, values: values, zeta: estimate.zeta)
    func choice(_ budget: Int, residual: Double, verdict: ProbeVerdict) -> GradientChoice {
      GradientChoice(verdict: verdict, pilot: pilot, budget: budget, cost: 2.5, oddResidual: residual)
    }
    // Values can't be measured with so few passes, and gradients not with fewer still.
    #expect(choice(40, residual: residual, verdict: verdict).measurement == .gradients)
    #expect(choice(12, residual: residual, verdict: verdict).measurement == .values)
    #expect(choice(640, residual: 1e-12, verdict: verdict).measurement == .values)
    #expect(choice(640, residual: 1e3, verdict: verdict).measurement == .gradients)
    let curved = try ProbeDesign(players: 40, stimuli: 1, seed: 1).verdict(
      on: NetworkGame(players: 40, hidden: 12, activation: .step, seed: 1))
    let refused = choice(40, residual: 1e3, verdict: curved)
    #expect(refused.measurement == .values && refused.reason == curved.reason)
  }

  @Test("The error that is expected of gradients isn't below the real one where they see half of the effects")
  func halved() throws {
    var random = CounterRandom(seed: 6, domain: 1005, index: 0)
    let game = RectifiedGame(effects: (0..<12).map { _ in random.nextNormal() })
    let verdict = try ProbeDesign(players: 12, stimuli: 1, seed: 1).verdict(on: game)
    // A pilot of so few passes takes gradients for as curved as it is told.
    let pilot = try (0..<8).map { number in
      try GradientDesign(players: 12, passes: GradientPilot.standardPassCount, seed: 2, stream: UInt64(number))
        .estimate(of: game, prior: .pilot)
    }
    let real = zip(pilot[0].zeta, game.effects).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 12
    let choice = GradientChoice(
      verdict: verdict, pilot: GradientPilot(series: pilot, isEfficient: true), budget: 80, cost: 2.5, oddResidual: 1e-6)
    #expect(choice.gradientError > real / 2, "\(choice.gradientError) \(real)")
    #expect(choice.measurement == .values)
  }

  @Test("An affine game leaves nothing of its odd part")
  func oddResidual() throws {
    let game = NetworkGame(players: 40, hidden: 3, activation: .identity, seed: 5)
    let design = try GradientDesign(players: 40, passes: 30, seed: 2)
    let (values, derivatives) = game.passes(design.masks(in: 0..<30))
    let estimate = try design.estimate(values: values, derivatives: derivatives, prior: GradientPrior(curvature: 0))
    #expect(GradientChoice.oddResidual(design, values: values, zeta: estimate.zeta) < 1e-8)
  }
}
