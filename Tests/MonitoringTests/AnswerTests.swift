import Arrays
import Files
import Foundation
import Lesion
import ModelGraph
import Monitoring
import Networks
import Stimuli
import TestSupport
import Testing
import UserErrors

@Suite("What a monitored network says")
struct AnswerTests {
  /// A network of vectors of six numbers, and a reference of 120 stimuli.
  private struct Bench {
    let folder = TemporaryFolder()
    let learner: MonitorLearner
    let reference: MonitorReference

    /// - Parameter end: adds what comes behind the layer "a" of four units, and the output.
    init(_ change: (inout LearningRequest) -> Void = { _ in }, data: [Float]? = nil, end: (inout GraphBuilder) -> Void) throws {
      _ = try TestRuntime.make()
      var graph = GraphBuilder(name: "small")
      graph.input("x", [nil, 6])
      graph.node("MatMul", ["x", graph.random("w", [6, 4])], ["sums"])
      graph.node("Relu", ["sums"], ["a"])
      end(&graph)
      let values = data ?? Bench.values(120)
      let path = folder.path("x.npz")
      try writeNPZ([("x", NumericArray(shape: [values.count / 6, 6], floats: values))], to: path)
      let model = folder.file("small.onnx", try Model(proto: graph.model, label: "small.onnx").serialized())
      var request = LearningRequest(model: model, data: path)
      change(&request)
      learner = try MonitorLearner(request)
      reference = try learner.reference([try learner.observe(rank: 0, of: 1) { _, _ in }], program: "test")
    }

    static func values(_ count: Int) -> [Float] { (0..<6 * count).map { Float(($0 * 7919) % 1009) * 0.002 - 1 } }

    func judge(_ values: [Float], rate: Double = 0.1) throws -> (verdict: Verdict, line: [String: Any]) {
      let opened = try MonitoredModel(reference, model: nil)
      var judge = try Judge(reference, outlierRate: rate, driftRate: 0.01)
      let feed = try opened.feed(opened.stimuli(NumericArray(shape: [1, 6], floats: values), description: "test"))
      let verdict = try judge.judge(opened.network.observe(feed, rows: [0])[0])
      let line = VerdictLine(verdict, source: "x", stimulus: 0, by: judge, isFull: false).text
      return (verdict, try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]))
    }
  }

  /// Square roots of what becomes negative where inputs are large.
  private static func roots(_ graph: inout GraphBuilder) {
    graph.node("MatMul", ["a", graph.random("v", [4, 3])], ["rest"])
    graph.node("Abs", ["rest"], ["sizes"])
    graph.node("Sub", [graph.number("hundred", 100), "sizes"], ["differences"])
    graph.node("Sqrt", ["differences"], ["logits"])
    graph.output("logits", [nil, 3])
  }

  @Test("is nothing where it isn't finite, which makes an outlier whatever the layers look like and p can be")
  func notFinite() throws {
    let bench = try Bench(end: Self.roots)
    // Weights of four units, so that some score is beyond its root for inputs as large.
    let (verdict, line) = try bench.judge([Float](repeating: 3000, count: 6), rate: 1e-9)
    #expect(verdict.saysClasses && verdict.answer == nil && !verdict.isFinite && verdict.isOutlier)
    #expect(verdict.pValues[.combined] == bench.reference.smallestPValue)
    #expect(line["predicted"] is NSNull && line["confidence"] is NSNull)
    let (normal, other) = try bench.judge(Array(Bench.values(3).suffix(6)), rate: 1e-9)
    #expect(normal.isFinite && !normal.isOutlier && other["predicted"] is Int && other["confidence"] is Double)
  }

  @Test("is 1 or 0, with its probability, where one sigmoid says yes or no", arguments: [true, false])
  func yesOrNo(_ isYes: Bool) throws {
    let bench = try Bench { graph in
      graph.node("MatMul", ["a", graph.random("v", [4, 1])], ["rest"])
      graph.node("Add", ["rest", graph.number("offset", isYes ? 9 : -9)], ["score"])
      graph.node("Sigmoid", ["score"], ["yes"])
      graph.output("yes", [nil, 1])
    }
    let verdict = try bench.judge(Array(Bench.values(2).suffix(6))).verdict
    let answer = try #require(verdict.answer)
    #expect(answer.predicted == (isYes ? 1 : 0) && answer.probability > 0.9 && answer.probability <= 1)
    #expect(verdict.pValues[.energy] == nil)
  }

  @Test("is no class where the user says that there are none")
  func noClasses() throws {
    let bench = try Bench({ $0.reading.value = .output(0) }) { graph in
      graph.node("MatMul", ["a", graph.random("v", [4, 3])], ["position"])
      graph.output("position", [nil, 3])
    }
    let (verdict, line) = try bench.judge(Array(Bench.values(2).suffix(6)))
    #expect(!verdict.saysClasses && verdict.answer == nil && verdict.pValues[.energy] == nil && verdict.isFinite)
    #expect(line["predicted"] == nil && line["confidence"] == nil)
    // All numbers are looked at, not only the one that is named.
    #expect(bench.reference.origin.readout.shape == [3])
  }

  @Test("is said to differ by chance where operators draw, and no self-test is stored")
  func chance() throws {
    let bench = try Bench { graph in
      graph.node("MatMul", ["a", graph.random("v", [4, 3])], ["rest"])
      graph.node("RandomNormalLike", ["rest"], ["noise"])
      graph.node("Add", ["rest", "noise"], ["logits"])
      graph.output("logits", [nil, 3])
    }
    #expect(bench.learner.notes.contains { $0.contains("RandomNormalLike") && $0.contains("self-test") })
    #expect(bench.reference.selfTest.count == 0)
    #expect(try Bench(end: Self.roots).learner.notes.allSatisfy { !$0.contains("self-test") })
  }

  @Test("is learnt of each stimulus as often as it comes, and repeats are noted")
  func repeats() throws {
    let values = Bench.values(120)
    // Each of the first twenty once more behind itself.
    var twice: [Float] = []
    for number in 0..<120 {
      for _ in 0..<(number < 20 ? 2 : 1) { twice += values[6 * number..<6 * number + 6] }
    }
    let (once, repeated) = (try Bench(data: values, end: Self.roots), try Bench(data: twice, end: Self.roots))
    #expect(repeated.learner.notes.contains { $0.hasPrefix("20 of 140 stimuli repeat others") && $0.contains("1, 3, 5") })
    #expect(once.learner.notes.allSatisfy { !$0.contains("repeat") })
    #expect(repeated.reference.origin.stimulusCount == 140)
    let heldOut = [once, repeated].map { $0.reference.calibration(.combined).scores.count }
    #expect(heldOut == [40, 47])
  }
}
