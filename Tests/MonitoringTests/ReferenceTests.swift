import Arrays
import Files
import Foundation
import Grids
import ModelGraph
import Monitoring
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
import Testing
import UserErrors

@Suite("A reference")
struct ReferenceTests {
  @Test("is the same bytes after it was read")
  func roundTrip() throws {
    let bench = try MonitorBench()
    let (first, second) = (bench.folder.path("a.ref"), bench.folder.path("b.ref"))
    try bench.reference.write(to: first)
    try MonitorReference(contentsOf: first).write(to: second)
    #expect(try Data(contentsOf: URL(filePath: first)) == Data(contentsOf: URL(filePath: second)))
  }

  @Test("is refused where one byte is another, or where it ends early", arguments: [0, 7, 8, 2000, -40, -1])
  func damage(_ place: Int) throws {
    let bench = try MonitorBench()
    let path = bench.folder.path("a.ref")
    try bench.reference.write(to: path)
    var bytes = Array(try Data(contentsOf: URL(filePath: path)))
    bytes[place < 0 ? bytes.count + place : place] ^= 1
    #expect(throws: Failure.self) { try MonitorReference(contentsOf: bench.folder.file("damaged.ref", bytes)) }
    bytes.removeLast(bytes.count / 2)
    #expect(throws: Failure.self) { try MonitorReference(contentsOf: bench.folder.file("short.ref", bytes)) }
  }

  @Test("judges no other model than the one it was learnt from")
  func otherModel() throws {
    let bench = try MonitorBench()
    let other = try SmallNetwork.segmenter.write(to: bench.folder, stimuli: 3)
    let error = #expect(throws: Failure.self) { try MonitoredModel(bench.reference, model: other.model) }
    #expect(error?.exitStatus == .badInput)
  }

  @Test("needs more stimuli than a handful")
  func tooFew() {
    #expect(throws: Failure.self) { try MonitorBench(stimuli: 20) }
  }

  @Test(
    "calls stimuli like its own normal, about as rarely strange as stated, and names what is off in others")
  func judging() throws {
    let bench = try MonitorBench(stimuli: 400)
    let opened = try MonitoredModel(bench.reference, model: nil)
    var judge = try Judge(bench.reference, outlierRate: 0.1, driftRate: 0.01)
    let normal = try opened.feed(bench.stimuli(after: 400, count: 300))
    let verdicts = try (0..<300).map { try judge.judge(opened.network.observe(normal, rows: [$0])[0]) }
    // 30 are expected; beyond 55 lies one in a hundred thousand, the held-out stimuli's own chance counted.
    #expect(verdicts.count { $0.isOutlier } < 55)
    #expect(judge.drift.alarm == nil)

    let size = normal.stimuli.inputs[0].shape
    var values = try normal.stimuli.floats(stimulus: 0)
    for index in values.indices { values[index] *= 8 }
    let strange = try opened.feed(
      opened.stimuli(NumericArray(shape: [1] + size, floats: values), description: "eightfold"))
    for _ in 0..<40 {
      let verdict = try judge.judge(opened.network.observe(strange, rows: [0])[0])
      #expect(verdict.isOutlier && verdict.isFinite && verdict.worst.strangeness > 3)
      #expect(abs(verdict.worst.channels[0].z) > 3)
    }
    #expect(judge.drift.alarm != nil)
    #expect((290...310).contains(judge.drift.changePoint), "\(judge.drift.changePoint)")
  }

  @Test("gives the smallest p-value there is to an answer that isn't finite")
  func notFinite() throws {
    let bench = try MonitorBench()
    let opened = try MonitoredModel(bench.reference, model: nil)
    var judge = try Judge(bench.reference, outlierRate: 0.05, driftRate: 0.01)
    var values = try bench.stimuli(count: 1).floats(stimulus: 0)
    values[3] = .infinity
    let feed = try opened.feed(
      opened.stimuli(NumericArray(shape: [1, 2, 6, 6], floats: values), description: "infinite"))
    let verdict = try judge.judge(opened.network.observe(feed, rows: [0])[0])
    let heldOut = bench.reference.calibration(.combined).scores.count
    #expect(!verdict.isFinite && verdict.isOutlier)
    #expect(verdict.pValues[.combined] == 1 / Double(heldOut + 1))
    let line = VerdictLine(verdict, source: "x", stimulus: 0, by: judge, isFull: true).text
    let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect(parsed?["finite"] as? Bool == false)
  }
}

@Suite("A self-test")
struct SelfTestTests {
  /// Of a weight that matters: an exponent's bit, the sign, a digit of the fraction.
  @Test(
    "passes on the network that was learnt, also after it was stored, and fails where one bit of a weight has flipped",
    arguments: [30, 31, 20])
  func faults(_ bit: Int) throws {
    let bench = try MonitorBench()
    let path = bench.folder.path("a.ref")
    try bench.reference.write(to: path)
    let reference = try MonitorReference(contentsOf: path)
    let opened = try MonitoredModel(reference, model: nil)
    #expect(opened.selfTestCount == 32)
    #expect(try opened.failedSelfTests().isEmpty)
    let model = try Model(contentsOf: bench.files.model)
    let faulty = try WatchedNetwork(
      model: model.flippingBit(bit, ofWeight: 5).prepared(reference.origin.preparation), readout: reference.origin.readout,
      layers: reference.layers.map(\.layer), runtime: TestRuntime.make(), options: Session.Options())
    #expect(try !reference.selfTest.failures(of: faulty, runtime: TestRuntime.make()).isEmpty)
  }
}
