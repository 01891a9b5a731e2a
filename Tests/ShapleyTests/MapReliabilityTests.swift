import Grids
import Random
import Statistics
import Testing

@testable import Shapley

@Suite struct `Passes for reliable single maps` {
  private func estimate(passes: Int, seed: UInt64) throws -> GradientEstimate {
    let game = NetworkGame(players: 48, hidden: 24, activation: .tanh, steepness: 0.3, seed: seed)
    return try GradientDesign(players: 48, passes: passes, index: .shapley, seed: 3, stream: seed).estimate(of: game)
  }

  @Test(arguments: [0.8, 0.9, 0.98])
  func `make every map as reliable as was asked for`(wanted: Double) throws {
    let pilots = try (UInt64(0)..<6).map { try estimate(passes: 32, seed: $0) }
    let passes = GradientPilot.passes(series: pilots, reliability: wanted)
    let reached = try (UInt64(0)..<6).map { stimulus -> Double in
      let one = try estimate(passes: passes, seed: stimulus)
      return try #require(Reliability.of(zeta: one.zeta, standardErrors: one.estimate.standardError))
    }
    // The pilot's errors are estimates themselves.
    #expect(reached.allSatisfy { $0 > 1 - 1.5 * (1 - wanted) }, "\(passes): \(reached)")
  }

  @Test(arguments: [64, 256])
  func `make maps about as reliable as a pilot foresees, or more`(passes: Int) throws {
    let foreseen = GradientPilot.expectedReliability(
      series: try (UInt64(0)..<6).map { try estimate(passes: 32, seed: $0) }, passes: passes)
    let reached = try (UInt64(0)..<6).map { stimulus -> Double in
      let one = try estimate(passes: passes, seed: stimulus)
      return try #require(Reliability.of(zeta: one.zeta, standardErrors: one.estimate.standardError))
    }
    let mean = reached.reduce(0, +) / 6
    // The pilot has too few pairs for their values to count.
    let ratio = (1 - foreseen) / (1 - mean)
    #expect(ratio > 0.7 && ratio < 1.7, "\(foreseen), \(mean)")
  }

  @Test func `are more where more is asked, and bounded`() throws {
    let pilots = try (UInt64(0)..<4).map { try estimate(passes: 32, seed: $0) }
    let passes = [0.5, 0.9, 0.99, 0.9999].map { GradientPilot.passes(series: pilots, reliability: $0) }
    #expect(passes == passes.sorted() && passes[0] >= 32 && passes[3] <= 1024)
    #expect(GradientPilot.passes(series: pilots, reliability: 0.9999, most: 64) == 64)
  }
}
