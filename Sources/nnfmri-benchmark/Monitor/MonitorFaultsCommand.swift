import ArgumentParser
import Lesion
import ModelGraph
import Monitoring
import Networks
import OnnxRuntime
import Random
import Stimuli

/// Flips bits of weights, and sees whether the monitor does.
struct MonitorFaultsCommand: ParsableCommand {
  /// What came of faults in bits of a kind.
  private struct Tally: Encodable {
    var faults = 0
    /// Faults that change the answer to a stimulus, or make something infinite.
    var harmful = 0
    /// Of those, the ones that the drift test or an answer that isn't finite flags.
    var harmfulFlagged = 0
    /// Of those, the ones that the self-test finds.
    var harmfulExposed = 0
    /// Of those, the ones that neither does.
    var harmfulMissed = 0
    var flagged = 0
    /// Faults that a self-test of so many stored stimuli exposes. [stimuli]
    var exposed: [Int: Int] = [:]
  }

  static let configuration = CommandConfiguration(
    commandName: "monitor-faults", abstract: "Flip random bits of weights, one at a time, and count which the monitor flags.")

  @OptionGroup var subject: MonitorSubject

  @Option(help: "Faults of each kind: sign, exponent, upper and lower half of the fraction.")
  var faults = 100

  @Option(help: "Stimuli that are judged under each fault.")
  var stimuli = 32

  func run() throws {
    let opened = try subject.open(stimuli: stimuli)
    let intact = try observe(opened.monitored.network, opened)
    var random = CounterRandom(seed: opened.reference.origin.seed, domain: .tieBreaking, index: 1 << 40)
    var tallies: [String: Tally] = [:]
    for (kind, bits) in [("sign", 31...31), ("exponent", 23...30), ("upper fraction", 12...22), ("lower fraction", 0...11)] {
      var tally = Tally()
      for _ in 0..<faults {
        let bit = bits.lowerBound + random.next(below: bits.count)
        let faulty = try WatchedNetwork(
          model: opened.model.flippingBit(bit, ofWeight: random.next(below: opened.model.floatWeightCount)),
          readout: opened.reference.origin.readout, layers: opened.reference.layers.map(\.layer), runtime: opened.feed.runtime,
          options: opened.sessionOptions)
        try count(faulty, opened, intact: intact, in: &tally)
      }
      tallies[kind] = tally
    }
    try MonitorSubject.print(tallies)
  }

  private func observe(_ network: WatchedNetwork, _ opened: MonitorSubject.Opened) throws -> [WatchedNetwork.Observation] {
    try (0..<opened.feed.stimuli.count).map { try network.observe(opened.feed, rows: [$0])[0] }
  }

  private func count(
    _ faulty: WatchedNetwork, _ opened: MonitorSubject.Opened, intact: [WatchedNetwork.Observation], in tally: inout Tally
  ) throws {
    let seen = try observe(faulty, opened)
    var judge = try opened.judge()
    for observation in seen { _ = judge.judge(observation) }
    let isBroken = seen.contains { !$0.isFinite }
    let isHarmful = isBroken || zip(seen, intact).contains { $0.answer?.predicted != $1.answer?.predicted }
    let isFlagged = judge.drift.alarm != nil || isBroken
    let test = opened.reference.selfTest
    let first = try test.failures(of: faulty, runtime: opened.feed.runtime).first
    tally.faults += 1
    tally.flagged += isFlagged ? 1 : 0
    if isHarmful {
      tally.harmful += 1
      tally.harmfulFlagged += isFlagged ? 1 : 0
      tally.harmfulExposed += first == nil ? 0 : 1
      tally.harmfulMissed += isFlagged || first != nil ? 0 : 1
    }
    for count in [1, 4, 16, 32] where count <= test.count {
      tally.exposed[count, default: 0] += (first ?? .max) < count ? 1 : 0
    }
  }
}
