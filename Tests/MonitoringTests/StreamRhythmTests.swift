import Foundation
import TestSupport
import Testing

@testable import Monitoring
@testable import Temporal

@Suite("NN-EEG of a judged stream")
struct StreamRhythmTests {
  private func noise(_ count: Int, seed: UInt64) -> [Double] {
    var generator = WeightGenerator(seed: seed)
    return (0..<count).map { _ in Double.random(in: 0..<1, using: &generator) }
  }

  @Test("ends a window every half of one, of the stimuli that it says, and judges it as its reference does")
  func windows() throws {
    let signals = [noise(300, seed: 1), noise(300, seed: 2).map { 10 * $0 }]
    var rhythm = StreamRhythm(signals)
    let length = try #require(rhythm.windowLength)
    let stream = (0..<2).map { layer in noise(4 * length, seed: UInt64(3 + layer)) }
    var ends: [Range<Int>] = []
    for stimulus in stream[0].indices {
      guard let window = rhythm.take(stream.map { $0[stimulus] }) else { continue }
      ends.append(window.stimuli)
      #expect(window.stimuli.upperBound == stimulus + 1)
      for layer in 0..<2 {
        let reference = try #require(RhythmReference(signal: signals[layer], windowLength: length))
        let expected = reference.window(Array(stream[layer][window.stimuli]))
        #expect(window.layers[layer].bands == expected.bands && window.layers[layer].state == expected.state)
      }
    }
    #expect(ends == stride(from: 0, through: 3 * length, by: length / 2).map { $0..<$0 + length })
  }

  @Test("begins a new window behind a stimulus that isn't finite")
  func notFinite() throws {
    var rhythm = StreamRhythm([noise(300, seed: 1)])
    let length = try #require(rhythm.windowLength)
    var ends: [Range<Int>] = []
    for (stimulus, value) in noise(3 * length, seed: 5).enumerated() {
      if let window = rhythm.take([stimulus == length - 1 ? .nan : value]) { ends.append(window.stimuli) }
    }
    #expect(ends.first == length..<2 * length && ends.count == 3)
  }

  @Test("has no window where the reference knows too few stimuli")
  func fewStimuli() {
    var rhythm = StreamRhythm([noise(100, seed: 1)])
    #expect(rhythm.windowLength == nil)
    for value in noise(600, seed: 2) { #expect(rhythm.take([value]) == nil) }
  }

  /// Of a network: learnt, stored, read, and shown stimuli of a contrast that swings.
  @Test("is told on the line of the stimulus that ends a window")
  func line() throws {
    let bench = try MonitorBench(stimuli: 300)
    let path = bench.folder.path("a.ref")
    try bench.reference.write(to: path)
    let reference = try MonitorReference(contentsOf: path)
    #expect(reference.signals == bench.reference.signals)
    let opened = try MonitoredModel(reference, model: nil)
    var judge = try Judge(reference, outlierRate: 0.05, driftRate: 0.01)
    let length = try #require(judge.rhythm.windowLength)
    let feed = try opened.feed(bench.stimuli(after: 300, count: length))
    for stimulus in 0..<length {
      let verdict = try judge.judge(opened.network.observe(feed, rows: [stimulus])[0])
      let line = VerdictLine(verdict, source: "x", stimulus: stimulus, by: judge, isFull: false).text
      let parsed = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      guard stimulus == length - 1 else {
        #expect(parsed["eeg"] == nil)
        continue
      }
      let eeg = try #require(parsed["eeg"] as? [String: Any])
      #expect(eeg["from"] as? Int == 0 && eeg["to"] as? Int == length)
      let layers = try #require(eeg["layers"] as? [[String: Any]])
      #expect(layers.map { $0["layer"] as? String } == reference.layers.map(\.layer.tensor))
      for layer in layers {
        #expect(NetworkState(rawValue: try #require(layer["state"] as? String)) != nil)
        let shares = try #require(layer["shares"] as? [String: Double])
        #expect(!shares.isEmpty && shares.values.allSatisfy { (0...1).contains($0) })
      }
    }
  }
}
