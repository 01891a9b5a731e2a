import Arrays
import Foundation
import ModelGraph
import TestSupport
import Testing

extension DistributedTests {
  /// Networks with one score.
  @Suite struct `A yes or no` {
    private let folder = TemporaryFolder()

    /// The detector, ended by a sigmoid that says yes of half of the stimuli, and what it answers.
    private func halved(_ count: Int, data: String) throws -> (options: [String], answers: [Int]) {
      let network = SmallNetwork.detector
      var proto = network.proto
      let score = proto.graph.output[0].name
      let scores = try (0..<count).map {
        PlainEvaluator(network).run(try network.plainInputs($0, of: count))[score]!.elements[0]
      }
      let middle = scores.sorted()[count / 2 - 1...count / 2].reduce(0, +) / 2
      var threshold = Onnx_TensorProto()
      (threshold.name, threshold.dataType, threshold.floatData) = ("threshold", ElementType.float.rawValue, [Float(middle)])
      proto.graph.initializer.append(threshold)
      for (operatorType, inputs, output) in [("Sub", [score, "threshold"], "above"), ("Sigmoid", ["above"], "chance")] {
        var node = Onnx_NodeProto()
        (node.opType, node.input, node.output) = (operatorType, inputs, [output])
        proto.graph.node.append(node)
      }
      proto.graph.output[0].name = "chance"
      let options = ["--model", folder.file("chance.onnx", try Model(proto: proto).serialized()), "--data", data]
      return (options, scores.map { $0 > middle ? 1 : 0 })
    }

    @Test func `is of a yes without a target, whatever the answer and the label`() throws {
      let count = 12
      let bare = try SmallNetwork.detector.write(to: folder, stimuli: count, labels: (0..<count).map { $0 % 2 })
      let refused = try ScanRun(bare.options + ["--select", "wrong"], ranks: nil)
      #expect(refused.command.exitCode == 64 && refused.command.errors.contains("gives one score"), "\(refused.command)")

      let (options, expected) = try halved(count, data: bare.data)
      let all = try ScanRun(options + ["--samples", "20"], ranks: nil)
      try #require(all.command.exitCode == 0, "\(all.command)")
      let stimuli = try #require(try all.json("scan.json")["stimuli"] as? [String: any Sendable])
      let predictions = try #require(stimuli["predictions"] as? [Int])
      #expect(predictions == expected && Set(expected) == [0, 1])
      for (choice, isRight) in [("wrong", false), ("right", true)] {
        let some = try ScanRun(options + ["--samples", "20", "--select", choice], ranks: nil)
        let chosen = try #require(try some.json("scan.json")["stimuli"] as? [String: any Sendable])
        #expect(chosen["places"] as? [Int] == (0..<count).filter { (expected[$0] == $0 % 2) == isRight }, "\(choice)")
      }
      let wrongly = try ScanRun(options + ["--target", "2"], ranks: nil)
      #expect(wrongly.command.exitCode == 64 && wrongly.command.errors.contains("2 classes, 0 to 1"), "\(wrongly.command)")
    }

    @Test func `says in sentences what a region is needed for`() throws {
      let count = 12
      let bare = try SmallNetwork.detector.write(to: folder, stimuli: count, labels: (0..<count).map { $0 % 2 })
      let (options, answers) = try halved(count, data: bare.data)
      func chosen(_ answer: Int) -> String {
        "index=" + answers.indices.filter { answers[$0] == answer }.map(String.init).joined(separator: ",")
      }
      for (choice, words, target, value) in [
        (["--select", chosen(0)], " for a yes: ", " against a yes in ", "logit of a yes"),
        (["--select", chosen(1)], "needed: ", " against the answer in ", "logit of a yes"),
        (["--select", chosen(0), "--target", "0"], "needed: ", " against the answer in ", "logit of class 0"),
        (["--select", chosen(0), "--target", "1"], " for class 1: ", " against class 1 in ", "logit of class 1"),
        (["--target", "label"], " for the label: ", " against the label in ", "logit of the label"),
      ] {
        let run = try ScanRun(options + ["--layers", "hidden", "--grid", "1x1x12"] + choice, ranks: nil)
        try #require(run.command.exitCode == 0, "\(run.command)")
        let line = run.command.output.split(separator: "\n").first { $0.contains("Most often needed") }
        #expect(line?.contains(words) == true && line?.contains(target) == true, "\(choice): \(run.command.output)")
        let page = String(decoding: run.files["report.html"] ?? [], as: UTF8.self)
        #expect(page.contains("Value: \(value);") && page.contains("is the \(value),"), "\(choice)")
      }
    }

    @Test func `is explained as the answer that was given`() throws {
      let count = 100
      let bare = try SmallNetwork.detector.write(to: folder, stimuli: count)
      let (options, answers) = try halved(count, data: bare.data)
      let (reference, out) = (folder.path("normal.ref"), folder.path("explained"))
      let layer = ["--layers", "hidden", "--grid", "1x1x12"]
      let learnt = try Program.run(["monitor", "learn"] + options + layer + ["--out", reference])
      try #require(learnt.exitCode == 0, "\(learnt)")
      for answer in [0, 1] {
        let index = answers.firstIndex(of: answer)!
        let explained = try Program.run(
          ["monitor", "explain", reference, "--data", bare.data, "--index", "\(index)", "--progress", "none", "--out", out])
        try #require(explained.exitCode == 0 && explained.output.contains("Answer: class \(answer)"), "\(explained)")
        let files = TemporaryFolder.files(below: out)
        let content = try #require(
          try JSONSerialization.jsonObject(with: Data(files["impact.json"] ?? [])) as? [String: [String: any Sendable]])
        let regions = try #require(content["layer_0"]?["grids"] as? [String: [String: any Sendable]])
        let zeta = try regions.sorted { $0.key < $1.key }.map { try #require($0.value["zeta"] as? Double) }
        let yes = try ScanRun.zeta(options + layer + ["--select", "index=\(index)"])
        #expect(yes.contains { abs($0) > 0.01 })
        #expect(zip(zeta, yes).allSatisfy { abs($0 - (answer == 1 ? $1 : -$1)) < 1e-4 }, "\(zeta), \(yes)")
        try FileManager.default.removeItem(atPath: out)
      }
    }

    /// A network with one score z, and the same with the scores 0 and z of two classes, or their probabilities.
    private func decisions(_ isChance: Bool, labels: [Int]?) throws -> (one: [String], two: [String]) {
      let network = SmallNetwork.detector
      let one = try network.write(to: folder, stimuli: 6, labels: labels)
      var (own, pair) = (network.proto, network.proto)
      let score = pair.graph.output[0].name
      var zero = Onnx_TensorProto()
      (zero.name, zero.dataType, zero.floatData) = ("zero", ElementType.float.rawValue, [0])
      pair.graph.initializer.append(zero)
      func append(
        _ operatorType: String, _ inputs: [String], _ output: String, axis: Int64? = nil, to graph: inout Onnx_GraphProto
      ) {
        var node = Onnx_NodeProto()
        (node.opType, node.input, node.output) = (operatorType, inputs, [output])
        if let axis {
          var attribute = Onnx_AttributeProto()
          (attribute.name, attribute.type, attribute.i) = ("axis", .int, axis)
          node.attribute = [attribute]
        }
        graph.node.append(node)
      }
      append("Mul", [score, "zero"], "no", to: &pair.graph)
      append("Concat", ["no", score], "both", axis: 1, to: &pair.graph)
      if isChance {
        append("Sigmoid", [score], "chance", to: &own.graph)
        append("Softmax", ["both"], "chances", axis: 1, to: &pair.graph)
      }
      own.graph.output[0].name = isChance ? "chance" : score
      pair.graph.output[0].name = isChance ? "chances" : "both"
      pair.graph.output[0].clearType()
      return (
        ["--model", folder.file("one.onnx", try Model(proto: own).serialized()), "--data", one.data],
        ["--model", folder.file("two.onnx", try Model(proto: pair).serialized()), "--data", one.data]
      )
    }

    @Test(arguments: [false, true])
    func `is that of the same network with two classes`(isChance: Bool) throws {
      let (one, two) = try decisions(isChance, labels: [0, 1, 1, 0, 1, 0])
      let options = ["--layers", "hidden", "--grid", "1x1x12"]
      for (value, method) in [
        ("loss", ["--estimator", "exact"]), ("accuracy", ["--estimator", "exact"]), ("prob", ["--estimator", "exact"]),
        ("loss", ["--estimator", "gradient", "--samples", "8"]), ("margin", ["--estimator", "gradient", "--samples", "8"]),
      ] {
        let asked = options + method + ["--value", value, "--target", "label"]
        let (own, pair) = (try ScanRun.zeta(one + asked), try ScanRun.zeta(two + asked))
        let scale = pair.map(abs).max()!
        #expect(scale > 0 && zip(own, pair).allSatisfy { abs($0 - $1) < 1e-4 * scale }, "\(value): \(own), \(pair)")
      }
      guard isChance else { return }
      // Without a target a loss is of the answer that the network gives, and a number chooses yes or no.
      for question in [
        ["--value", "loss"], ["--value", "logprob", "--target", "0"], ["--value", "prob", "--target", "1"],
        ["--value", "margin"], ["--value", "prob[target] - 2*prob[0]"], ["--value", "logprob[label]"],
      ] {
        let asked = options + ["--estimator", "exact"] + question
        #expect(
          zip(try ScanRun.zeta(one + asked), try ScanRun.zeta(two + asked)).allSatisfy { abs($0 - $1) < 1e-5 }, "\(question)")
      }
      let logit = options + ["--estimator", "exact"]
      let plain = try ScanRun.zeta(one + logit)
      #expect(
        try ScanRun.zeta(one + logit + ["--target", "0"]) == plain.map { -$0 }
          && ScanRun.zeta(one + logit + ["--target", "1"]) == plain)
    }

    @Test func `is answered from the kept score`() throws {
      let (one, _) = try decisions(true, labels: [0, 1, 1, 0, 1, 0])
      let options = one + ["--layers", "hidden", "--grid", "1x1x12", "--estimator", "exact"]
      let kept = folder.path("kept")
      let scan = try Program.run(["scan"] + options + ["--keep-scores", "--progress", "none", "--out", kept])
      try #require(scan.exitCode == 0, "\(scan)")
      try expectScoresAnswer(
        [("loss", "label"), ("accuracy", "predicted"), ("logit", "0"), ("logprob", "predicted")], kept: kept, options: options,
        classes: 2, regions: 12)
      let refused = try ScanRun(options + ["--target", "label", "--keep-scores"], ranks: nil)
      #expect(refused.command.exitCode == 64 && refused.command.errors.contains("without --target"), "\(refused.command)")
    }

    @Test func `that isn't known to be one needs labels of 0 and 1 to say how right it is`() throws {
      let (one, _) = try decisions(false, labels: [0, 1, 1, 0, 1, 2])
      for (options, words) in [
        (["--value", "loss"], "give --target label"), (["--target", "label"], "stimulus 5 has label 2"),
        (["--target", "1"], "leave --target out"), (["--value", "logit[1]"], "1 classes"),
        (["--value", "kl", "--target", "label"], "leave --target out"),
      ] {
        let refused = try ScanRun(one + options, ranks: nil)
        #expect(refused.command.exitCode != 0 && refused.command.errors.contains(words), "\(refused.command)")
      }
    }

    @Test(arguments: [("Greater", Float(0.5), true), ("Less", 0.5, false), ("Greater", 0.15, false)])
    func `is none where the network says yes elsewhere than its score's sign`(
      comparison: String, threshold: Float, isPlain: Bool
    ) throws {
      let network = SmallNetwork.detector
      let files = try network.write(to: folder, stimuli: 4, labels: [0, 1, 1, 0])
      var proto = network.proto
      var bound = Onnx_TensorProto()
      (bound.name, bound.dataType, bound.floatData) = ("bound", ElementType.float.rawValue, [threshold])
      proto.graph.initializer.append(bound)
      for (operatorType, inputs, output) in [
        ("Sigmoid", [proto.graph.output[0].name], "chance"), (comparison, ["chance", "bound"], "said"),
      ] {
        var node = Onnx_NodeProto()
        (node.opType, node.input, node.output) = (operatorType, inputs, [output])
        proto.graph.node.append(node)
      }
      proto.graph.output[0].name = "said"
      proto.graph.output[0].type.tensorType.elemType = ElementType.bool.rawValue
      let options = [
        "--model", folder.file("said.onnx", try Model(proto: proto).serialized()), "--data", files.data, "--samples", "20",
      ]
      let plain = try ScanRun(options, ranks: nil)
      let scan = try plain.json("scan.json")
      let predictions = try #require((scan["stimuli"] as? [String: any Sendable])?["predictions"] as? [Int])
      #expect(predictions.isEmpty != isPlain)
      #expect((scan["notes"] as? [String])?.contains { $0.contains("no class follows from the sign") } == !isPlain)
      let label = try ScanRun(options + ["--target", "label"], ranks: nil)
      #expect(label.command.exitCode == (isPlain ? 0 : 64), "\(label.command)")
    }

    @Test func `isn't read into the logarithm of a chance`() throws {
      let network = SmallNetwork.detector
      let files = try network.write(to: folder, stimuli: 4, labels: [0, 1, 1, 0])
      var proto = network.proto
      for (operatorType, input, output) in [
        ("Neg", proto.graph.output[0].name, "turned"), ("Softplus", "turned", "cost"), ("Neg", "cost", "logarithm"),
      ] {
        var node = Onnx_NodeProto()
        (node.opType, node.input, node.output) = (operatorType, [input], [output])
        proto.graph.node.append(node)
      }
      proto.graph.output[0].name = "logarithm"
      let options = [
        "--model", folder.file("log.onnx", try Model(proto: proto).serialized()), "--data", files.data, "--samples", "20",
      ]
      for question in [["--target", "label"], ["--value", "prob"]] {
        let refused = try ScanRun(options + question, ranks: nil)
        #expect(refused.command.exitCode == 64 && refused.command.errors.contains("nothing above 0"), "\(refused.command)")
      }
      #expect(try ScanRun(options, ranks: nil).command.exitCode == 0)
    }

    /// What regions become then is of the same class as what is scanned.
    @Test func `of one class with replacements of their own come with a note`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6, labels: [0, 1, 0, 1, 0, 1])
      let words = "what these have in common stays"
      for (options, isSaid) in [
        (["--select", "class=1", "--lesion", "resample"], true), (["--select", "class=1", "--lesion", "mean"], true),
        (["--select", "class=1"], false), (["--select", "index=0-3", "--lesion", "mean"], false), (["--lesion", "mean"], false),
      ] {
        let plan = try Program.run(["plan"] + files.options + ["--layers", "block", "--grid", "1x1x2"] + options)
        #expect(plan.exitCode == 0 && (plan.output + plan.errors).contains(words) == isSaid, "\(options) \(plan)")
      }
    }
  }
}
