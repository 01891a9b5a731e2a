import Arrays
import Foundation
import ModelGraph
import Stimuli
import TestSupport
import Testing

extension DistributedTests {
  /// Models and stimuli that a user may get wrong: the exit code and the one sentence.
  @Suite struct `Bad input` {
    private let runs = RefusedRuns()
    private var folder: TemporaryFolder { runs.folder }

    // MARK: The model

    @Test(arguments: ["scan", "plan", "layers"])
    func `a model file that isn't there`(_ subcommand: String) throws {
      let data = try runs.perceptron().data
      let absent = folder.path("absent.onnx")
      let arguments =
        subcommand == "layers" ? [absent] : ["--model", absent, "--data", data, "--out", folder.path("out")]
      try runs.expectRefusal([subcommand] + arguments, code: 66, naming: [absent])
    }

    @Test func `a folder in place of a model`() throws {
      try runs.expectRefusal(
        runs.scan(model: folder.path, data: runs.perceptron().data), code: 66, naming: [folder.path, "folder"])
    }

    @Test(arguments: ["", "not a model, but a letter\nto a friend\n", "version https://git-lfs.github.com/spec/v1\n"])
    func `a file that is no model`(_ text: String) throws {
      let data = try runs.perceptron().data
      try runs.expectRefusal(
        runs.scan(model: folder.file("letter.onnx", text: text), data: data), code: 65, naming: ["letter.onnx"])
    }

    @Test(arguments: [0.3, 0.6, 0.9, 0.999])
    func `a model that is cut short`(_ share: Double) throws {
      let files = try runs.perceptron()
      let bytes = TemporaryFolder.read(files.model)
      let cut = folder.file("cut.onnx", bytes.prefix(Int(Double(bytes.count) * share)))
      try runs.expectRefusal(runs.scan(model: cut, data: files.data), code: 65, naming: ["cut.onnx"], withRanks: false)
    }

    /// One number for each step of a series: what a scan reads has to be said, and layers can be listed all the same.
    @Test func `an output without classes`() throws {
      var network = GraphBuilder(name: "forecast")
      network.input("x", [nil, 6, 4])
      for (name, shape) in [("w", [4, 5]), ("v", [5, 1])] { _ = network.random(name, shape) }
      network.weight("last", [1], [2] as [Int64])
      network.node("MatMul", ["x", "w"], ["sum"])
      network.node("Relu", ["sum"], ["hidden"])
      network.node("Transpose", ["hidden"], ["turned"], ["perm": .ints([0, 2, 1])])
      network.node("MaxPool", ["turned"], ["smooth"], ["kernel_shape": .ints([3]), "pads": .ints([1, 1])])
      network.node("Transpose", ["smooth"], ["back"], ["perm": .ints([0, 2, 1])])
      network.node("MatMul", ["back", "v"], ["steps"])
      network.node("Squeeze", ["steps", "last"], ["forecast"])
      network.output("forecast", [nil, 6])
      let model = folder.file("forecast.onnx", try Model(proto: network.model, label: "forecast").serialized())
      let data = folder.path("series.npz")
      try writeNPZ([("x", NumericArray(shape: [3, 6, 4], floats: (0..<72).map { Float($0 * 5 % 11) }))], to: data)
      let words = "axis 1 counts steps of time. Name elements with --value output:INDEX"
      try runs.expectRefusal(runs.scan(model: model, data: data), code: 64, naming: ["forecast.onnx", words])
      let listed = try Program.run(["layers", model, "--data", data])
      #expect(listed.exitCode == 0 && listed.output.contains("hidden") && listed.errors.contains(words), "\(listed)")
    }

    @Test func `a model without a layer to scan`() throws {
      let files = try SmallNetwork.bare.write(to: folder, stimuli: 2)
      try runs.expectRefusal(runs.scan(files), code: 65, naming: ["bare.onnx", "no layer", "--layers input"])
    }

    @Test func `an operator that the runtime lacks`() throws {
      let files = try SmallNetwork.unheardOf.write(to: folder, stimuli: 2)
      try runs.expectRefusal(runs.scan(files), code: 65, naming: ["Frobnicate", "ONNX Runtime"])
    }

    @Test func `a layer that isn't there, with the nearest that is`() throws {
      try runs.expectRefusal(
        runs.scan(runs.perceptron(), ["--layers", "secnd"]), code: 64,
        naming: ["\"secnd\"", "nearest: \"second\"", "nnfmri-mpi layers"])
    }

    @Test(arguments: ["logits", "probabilities", "w1"])
    func `a tensor that is no layer`(_ tensor: String) throws {
      try runs.expectRefusal(
        runs.scan(runs.perceptron(), ["--layers", tensor]), code: 65, naming: ["\"\(tensor)\""], withRanks: tensor == "logits")
    }

    // MARK: The stimuli

    @Test func `stimuli that aren't there`() throws {
      let absent = folder.path("absent.npz")
      try runs.expectRefusal(runs.scan(model: runs.perceptron().model, data: absent), code: 66, naming: [absent])
    }

    @Test func `stimuli of no known format`() throws {
      let letter = folder.file("letter.txt", text: "Dear friend,\n")
      try runs.expectRefusal(runs.scan(model: runs.perceptron().model, data: letter), code: 65, naming: [letter, ".npy"])
    }

    @Test func `stimuli of another shape, with both shapes`() throws {
      let data = folder.path("wide.npy")
      try NumericArray(shape: [3, 13], floats: [Float](repeating: 0, count: 39)).writeNPY(to: data)
      try runs.expectRefusal(
        runs.scan(model: runs.perceptron().model, data: data), code: 65, naming: [data, "[13]", "[12]", "\"features\""])
    }

    @Test func `stimuli of another type, with the value that can't be taken`() throws {
      let files = try SmallNetwork.tokens.write(to: folder, stimuli: 2)
      let data = folder.path("fractions.npz")
      try writeNPZ(
        [
          ("words", NumericArray(shape: [2, 5], floats: [Float](repeating: 1.5, count: 10))),
          ("numbers", NumericArray(shape: [2, 3], floats: [Float](repeating: 0, count: 6))),
        ], to: data)
      try runs.expectRefusal(
        runs.scan(model: files.model, data: data), code: 65, naming: ["words", "1.5", "float32", "int64"])
    }

    @Test func `an input without an array`() throws {
      let files = try SmallNetwork.tokens.write(to: folder, stimuli: 2)
      let data = folder.path("words.npz")
      try writeNPZ([("words", NumericArray(shape: [2, 5], int64: [Int64](repeating: 1, count: 10)))], to: data)
      try runs.expectRefusal(runs.scan(model: files.model, data: data), code: 65, naming: [data, "\"words\"", "\"numbers\""])
    }

    @Test func `tokens beyond the vocabulary`() throws {
      let files = try SmallNetwork.tokens.write(to: folder, stimuli: 2)
      let data = folder.path("beyond.npz")
      try writeNPZ(
        [
          ("words", NumericArray(shape: [2, 5], int64: [Int64](repeating: 99, count: 10))),
          ("numbers", NumericArray(shape: [2, 3], floats: [Float](repeating: 0, count: 6))),
        ], to: data)
      try runs.expectRefusal(
        runs.scan(model: files.model, data: data), code: 65, naming: ["stimulus 0", "\"words\"", "99", "9 rows"])
    }

    @Test func `no stimuli at all`() throws {
      let data = folder.path("none.npy")
      try NumericArray(shape: [0, 12], floats: []).writeNPY(to: data)
      try runs.expectRefusal(runs.scan(model: runs.perceptron().model, data: data), code: 65, naming: [data, "no stimuli"])
    }

    @Test func `stimuli that are cut short`() throws {
      let files = try runs.perceptron()
      let cut = folder.file("cut.npz", TemporaryFolder.read(files.data).dropLast(40))
      try runs.expectRefusal(runs.scan(model: files.model, data: cut), code: 65, naming: [cut])
    }

    @Test func `labels of another number`() throws {
      let labels = folder.file("labels.txt", text: "0\n1\n")
      try runs.expectRefusal(
        runs.scan(runs.perceptron(), ["--labels", labels]), code: 65, naming: [labels, "2 labels", "3 stimuli"])
    }

    @Test func `labels that are no classes of the model`() throws {
      try runs.expectRefusal(
        runs.scan(runs.perceptron(labels: [0, 4, 1]), ["--target", "label"]), code: 65, naming: ["stimulus 1", "4 classes"])
    }

    @Test func `a wish for labels where there are none`() throws {
      try runs.expectRefusal(runs.scan(runs.perceptron(), ["--target", "label"]), code: 64, naming: ["--labels"])
    }

    @Test func `means for other channels`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      try runs.expectRefusal(runs.scan(files, ["--mean", "0.1,0.2,0.3"]), code: 65, naming: ["3"])
    }

    // MARK: Values that are not finite

    private func roots(_ firstFeatures: [Float]) throws -> SmallNetwork.Files {
      let files = try SmallNetwork.squareRoot.write(to: folder, stimuli: 1)
      try writeNPZ(
        [
          ("features", NumericArray(shape: [firstFeatures.count, 4], floats: firstFeatures.flatMap { [$0, 0, 0, 0] }))
        ],
        to: files.data)
      return files
    }

    @Test func `values that are not finite, with the series and how many there are`() throws {
      let options = ["--layers", "hidden", "--estimator", "exact"]
      try runs.expectRefusal(
        runs.scan(roots([9, 0, 9]), options), code: 65,
        naming: ["layer_0 (hidden)", "stimulus 1", " of the first 16 passes", "--allow-nonfinite"])
    }

    @Test(arguments: [nil, 1, 3])
    func `values that are not finite, allowed: such series are skipped and counted`(_ ranks: Int?) throws {
      let options = ["--layers", "hidden", "--estimator", "exact"]
      let files = try roots([9, 0, 9, 0])
      let run = try ScanRun(files.options + options + ["--allow-nonfinite"], ranks: ranks)
      #expect(run.command.exitCode == 0, "\(run.command)")
      #expect(run.command.output.contains("2 series were skipped"), "\(run.command)")
      #expect(try run.json("scan.json")["skipped_series"] as? Int == 2)
      let layer = try #require(run.json("impact.json")["layer_0"] as? [String: any Sendable])
      #expect(layer["series"] as? Int == 2)
      let alone = try roots([9, 9])
      let clean = try ScanRun(alone.options + options, ranks: 1)
      let impact = try #require(clean.json("impact.json")["layer_0"] as? [String: any Sendable])
      #expect(layer["effect"] as? Double == impact["effect"] as? Double)
    }

    /// The logarithm of 0 is asked for by no lesion of the scan, but by the other one that it looks at.
    @Test func `answers that are not finite are left out of what is said of answers`() throws {
      var network = GraphBuilder(name: "logarithm")
      network.input("x", [nil, 4])
      for (name, shape) in [("w", [4, 5]), ("v", [5, 3])] { _ = network.random(name, shape) }
      network.node("MatMul", ["x", "w"], ["product"])
      network.node("Exp", ["product"], ["hidden"])
      network.node("Log", ["hidden"], ["logarithm"])
      network.node("MatMul", ["logarithm", "v"], ["scores"])
      network.output("scores", [nil, 3])
      let model = folder.file("logarithm.onnx", try Model(proto: network.model, label: "logarithm").serialized())
      let data = folder.path("numbers.npz")
      try writeNPZ([("x", NumericArray(shape: [4, 4], floats: (0..<16).map { Float($0 * 5 % 11) / 8 - 0.5 }))], to: data)
      let run = try ScanRun(["--model", model, "--data", data, "--layers", "hidden", "--lesion", "mean"], ranks: 2)
      #expect(run.command.exitCode == 0 && !run.command.output.contains("nan"), "\(run.command)")
      let layer = try #require(run.json("lesions.json")["layer_0"] as? [String: any Sendable])
      let answers = try #require(layer["lesion_trials"] as? [String: any Sendable])
      #expect(answers["everything_otherwise"] is NSNull && answers["everything"] is [String: any Sendable])
    }

    @Test func `values that are not finite in every series`() throws {
      try runs.expectRefusal(
        runs.scan(roots([0, 0]), ["--layers", "hidden", "--estimator", "exact", "--allow-nonfinite"]), code: 65,
        naming: ["layer_0", "hidden"])
    }

    @Test func `a layer without which the network divides by 0, by plan and scan alike, and no other`() throws {
      var network = GraphBuilder(name: "shares")
      network.input("x", [nil, 4])
      network.weight("w", [4, 5], (0..<20).map { Float($0 % 7) / 3 - 1 })
      network.weight("b", [5], [0.5, 1, 1.5, 2, 2.5])
      network.weight("v", [5, 3], (0..<15).map { Float($0 % 4) + 1 })
      network.node("MatMul", ["x", "w"], ["product"])
      network.node("Add", ["product", "b"], ["stem"])
      network.node("Relu", ["stem"], ["hidden"])
      network.node("MatMul", ["hidden", "v"], ["parts"])
      network.node("ReduceSum", ["parts"], ["sum"])
      network.node("Div", ["parts", "sum"], ["shares"])
      network.output("shares", [nil, 3])
      let model = folder.file("shares.onnx", try Model(proto: network.model, label: "shares").serialized())
      let data = folder.path("shares.npz")
      try writeNPZ([("x", NumericArray(shape: [2, 4], floats: [1, 2, 3, 4, 4, 1, 2, 2]))], to: data)
      let options = ["--model", model, "--data", data]
      let words = "with all of it at 0 the network gives NaN or infinite values for every stimulus tried"
      try runs.expectRefusal(runs.scan(model: model, data: data, ["--layers", "hidden"]), code: 65, naming: ["hidden", words])
      let named = try Program.run(["plan"] + options + ["--layers", "hidden"])
      #expect(named.exitCode == 65 && named.complaints.first?.contains(words) == true, "\(named)")
      let all = try Program.run(["plan"] + options + ["--layers", "all"])
      #expect(
        all.exitCode == 0 && all.output.contains("Not scanned: \"stem\", \"hidden\", \"parts\", each since \(words)"), "\(all)")
      // Nothing would be left of it, so it doesn't end a scan of others where series may be skipped.
      let allowed = try ScanRun(options + ["--layers", "all", "--allow-nonfinite"], ranks: nil)
      #expect(
        allowed.command.exitCode == 0 && allowed.command.errors.contains("Not scanned: \"stem\", \"hidden\""),
        "\(allowed.command)")
    }

    @Test func `an intact network whose scores are not finite`() throws {
      try runs.expectRefusal(
        runs.scan(roots([0, -100]), ["--layers", "hidden", "--estimator", "exact"]), code: 65,
        naming: ["stimulus 1", "intact"])
    }
  }
}
