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

  /// A reference with other numbers, and a checksum that is right.
  private func forged(_ bench: MonitorBench, _ change: (inout [UInt8]) -> Void) throws -> String {
    let path = bench.folder.path("a.ref")
    try bench.reference.write(to: path)
    var bytes = Array(TemporaryFolder.read(path).dropLast(32))
    change(&bytes)
    return bench.folder.file("forged.ref", bytes + Digest.bytes(of: bytes[...]))
  }

  private func words(_ numbers: [Int]) -> [UInt8] {
    numbers.flatMap { number in withUnsafeBytes(of: UInt64(number).littleEndian) { Array($0) } }
  }

  @Test("is refused at once where a layer is said to be larger than any, though its checksum is right", arguments: 1...4)
  func hugeLayer(_ axis: Int) throws {
    let bench = try MonitorBench()
    let layer = try #require(bench.reference.layers.first).layer
    #expect(layer.shape.count == 4)
    for length in [1 << 20, 1 << 26, 1 << 31, 1 << 40, Int.max] {
      var shape = layer.shape
      shape[axis - 1] = length
      let path = try forged(bench) { bytes in
        let place = bytes.firstRange(of: words([4] + layer.shape))!.lowerBound
        bytes.replaceSubrange(place..<place + 40, with: words([4] + shape))
      }
      let start = ContinuousClock.now
      // Cells of places are few however long an axis is, and the network tells that it isn't.
      #expect(throws: (any Error).self) {
        let opened = try MonitoredModel(MonitorReference(contentsOf: path), model: nil)
        _ = try opened.network.observe(opened.feed(bench.stimuli(count: 1)), rows: [0])
      }
      #expect(ContinuousClock.now - start < .seconds(5), "\(shape)")
    }
  }

  @Test(
    "is refused where what it says of the network can't be",
    arguments: [
      (#""threads":1"#, #""threads":100000000"#), (#""threads":1"#, #""threads":-1"#),
      (#""shape":[5]"#, #""shape":[]"#), (#""shape":[5]"#, #""shape":[5,9999999999]"#),
      (#""shape":[5]"#, #""shape":[4611686018427387904,4]"#), (#""shape":[5]"#, #""shape":[0]"#),
      (#""classAxis":0"#, #""classAxis":7"#), (#""classAxis":0"#, #""classAxis":-1"#),
      (
        #""views":[]"#, #""views":[{"batch":{"first":{}},"elementType":1,"shape":[1,4],"givenShape":[2,2,1],"tensor":"nowhere"}]"#
      ),
    ])
  func impossibleNetwork(_ text: String, _ other: String) throws {
    let bench = try MonitorBench()
    let path = try forged(bench) { bytes in
      // The text's length lies before it, behind the file's first eight characters.
      let length = bytes[8..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
      let origin = String(decoding: bytes[16..<16 + length], as: UTF8.self)
      #expect(origin.contains(text), "\(origin)")
      let changed = Array(origin.replacing(text, with: other).utf8)
      bytes.replaceSubrange(8..<16 + length, with: words([changed.count]) + changed)
    }
    #expect(throws: (any Error).self) { try MonitoredModel(MonitorReference(contentsOf: path), model: nil) }
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

  @Test("keeps its rates where one in ten stimuli is the same frame, and says how many repeat others")
  func repeats() throws {
    _ = try TestRuntime.make()
    let folder = TemporaryFolder()
    let (learnt, fresh) = (600, 600)
    let network = SmallNetwork.residual
    let files = try network.write(to: folder, stimuli: 1)
    let array = network.arrays(learnt + fresh)[0].array
    let size = array.shape.dropFirst().reduce(1, *)
    var values = array.floats()
    var random = WeightGenerator(seed: 3)
    var blank: [Bool] = []
    for stimulus in 0..<learnt + fresh {
      blank.append(Int.random(in: 0..<10, using: &random) == 0)
      if blank[stimulus] { for place in 0..<size { values[stimulus * size + place] = 0 } }
    }
    func part(_ range: Range<Int>) -> NumericArray {
      NumericArray(
        shape: [range.count] + array.shape.dropFirst(),
        floats: Array(values[range.lowerBound * size..<range.upperBound * size]))
    }
    let learner = try MonitorLearner(
      LearningRequest(model: files.model, data: folder.file("learn.npy", part(0..<learnt).npyBytes())))
    let reference = try learner.reference([try learner.observe(rank: 0, of: 1) { _, _ in }], program: "test")
    let repeats = blank.prefix(learnt).count { $0 } - 1
    #expect(learner.notes.contains { $0.hasPrefix("\(repeats) of \(learnt) stimuli repeat others") }, "\(learner.notes)")
    #expect(reference.origin.stimulusCount == learnt)
    let opened = try MonitoredModel(reference, model: nil)
    var judge = try Judge(reference, outlierRate: 0.05, driftRate: 0.01)
    let feed = try opened.feed(opened.stimuli(part(learnt..<learnt + fresh), description: "fresh"))
    let verdicts = try (0..<fresh).map { try judge.judge(opened.network.observe(feed, rows: [$0])[0]) }
    let p = try verdicts.map { try #require($0.pValues[.combined]) }
    let ofBlank = Set(zip(p, blank.dropFirst(learnt)).filter(\.1).map(\.0))
    // Ties count as strange: frames alike have one p, which the rate of 0.05 lies below and that of 0.2 above.
    #expect(ofBlank.count == 1 && ofBlank.allSatisfy { (0.05..<0.2).contains($0) }, "\(ofBlank)")
    for rate in [0.05, 0.2] {
      let (outliers, usual) = (p.count { $0 <= rate }, try OutlierRate(rate, of: reference).usual(among: fresh))
      #expect(outliers <= usual.upperBound && (rate < 0.2 || outliers >= usual.lowerBound), "\(outliers) of \(usual)")
    }
    #expect(judge.drift.alarm == nil)
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
