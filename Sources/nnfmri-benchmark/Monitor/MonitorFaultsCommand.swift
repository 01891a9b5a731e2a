import ArgumentParser
import Foundation
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
    var flagged = 0
    /// Faults that a self-test of so many stimuli exposes. [stimuli]
    var exposed: [Int: Int] = [:]
  }

  static let configuration = CommandConfiguration(
    commandName: "monitor-faults", abstract: "Flip random bits of weights, one at a time, and count which the monitor flags.")

  @Argument(help: "The file of the reference, whose model is where it was learnt from.")
  var reference: String

  @Option(help: "Normal stimuli that the reference wasn't learnt from.")
  var data: String

  @Option(help: "Faults of each kind: sign, exponent, upper and lower half of the fraction.")
  var faults = 100

  @Option(help: "Stimuli that are judged under each fault.")
  var stimuli = 32

  func run() throws {
    let reference = try MonitorReference(contentsOf: reference)
    let opened = try MonitoredModel(reference, model: nil)
    let feed = try opened.feed(try opened.stimuli(contentsOf: data).prefix(stimuli))
    let model = try Model(contentsOf: reference.origin.model).prepared(reference.origin.preparation)
    let rows = Array(0..<feed.stimuli.count)
    func observe(_ network: WatchedNetwork) throws -> [WatchedNetwork.Observation] {
      try rows.map { try network.observe(feed, rows: [$0])[0] }
    }
    let intact = try observe(opened.network)
    var random = CounterRandom(seed: reference.origin.seed, domain: .tieBreaking, index: 1 << 40)
    var tallies: [String: Tally] = [:]
    let selfTests = [1, 4, 16, 32].filter { $0 <= rows.count }
    for (kind, bits) in [("sign", 31...31), ("exponent", 23...30), ("upper fraction", 12...22), ("lower fraction", 0...11)] {
      var tally = Tally()
      for _ in 0..<faults {
        let bit = bits.lowerBound + random.next(below: bits.count)
        let faulty = try WatchedNetwork(
          model: model.flippingBit(bit, ofWeight: random.next(below: model.floatWeightCount)),
          readout: reference.origin.readout, layers: reference.layers.map(\.layer), runtime: feed.runtime,
          options: Session.Options(threads: reference.origin.threads, externalDataFolder: model.folder))
        let seen = try observe(faulty)
        var judge = try Judge(reference, outlierRate: 0.01, driftRate: 0.01)
        for observation in seen { _ = try judge.judge(observation) }
        let isBroken = seen.contains { !$0.isFinite }
        let isHarmful = isBroken || zip(seen, intact).contains { $0.answer?.predicted != $1.answer?.predicted }
        let isFlagged = judge.drift.alarm != nil || isBroken
        tally.faults += 1
        tally.harmful += isHarmful ? 1 : 0
        tally.flagged += isFlagged ? 1 : 0
        tally.harmfulFlagged += isHarmful && isFlagged ? 1 : 0
        for count in selfTests {
          let differs = zip(seen, intact).prefix(count).contains { !$0.hasSameBits(as: $1) }
          tally.exposed[count, default: 0] += differs ? 1 : 0
        }
      }
      tallies[kind] = tally
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    print(String(decoding: try encoder.encode(tallies), as: UTF8.self))
  }
}
