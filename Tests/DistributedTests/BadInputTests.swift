import Arrays
import Foundation
import ModelGraph
import Stimuli
import TestSupport
import Testing

extension DistributedTests {
  /// Everything that a user may get wrong: the exit code and the one sentence.
  @Suite struct `Bad input` {
    private let folder = TemporaryFolder()

    /// Runs the program alone and on two ranks; both must refuse in the same words, once.
    ///
    /// - Parameters:
    ///   - withRanks: false where another case of the same kind is run on ranks.
    ///   - prepare: called before each run with the output folder, which isn't there.
    private func expectRefusal(
      _ arguments: [String], code: Int, naming words: [String], withRanks: Bool = true,
      sourceLocation: SourceLocation = #_sourceLocation, prepare: (String) throws -> Void = { _ in }
    ) throws {
      for ranks in [nil, 2] where ranks == nil || withRanks && arguments.first == "scan" {
        try? FileManager.default.removeItem(atPath: folder.path("out"))
        try prepare(folder.path("out"))
        let command = try Program.run(arguments, ranks: ranks, limit: 30)
        #expect(command.exitCode == code, "\(command)", sourceLocation: sourceLocation)
        #expect(command.complaints.count == 1, "\(command)", sourceLocation: sourceLocation)
        for trace in ["Fatal error", "backtrace", "Stack dump", "Thread 0", "BAD TERMINATION"] {
          let text = command.output + command.errors
          #expect(!text.contains(trace), "\(command)", sourceLocation: sourceLocation)
        }
        let complaint = command.complaints.first ?? ""
        for word in words {
          #expect(complaint.contains(word), "\(word) in \(command)", sourceLocation: sourceLocation)
        }
        // A complaint of our own is the last that is said; the parser's is followed by the usage.
        if complaint.hasPrefix("nnfmri-mpi:") {
          #expect(command.errors.hasSuffix(complaint + "\n"), "\(command)", sourceLocation: sourceLocation)
        }
      }
    }

    private func scan(_ files: SmallNetwork.Files, _ options: [String] = []) -> [String] {
      scan(model: files.model, data: files.data, options)
    }

    private func scan(model: String, data: String, _ options: [String] = []) -> [String] {
      ["scan", "--model", model, "--data", data, "--progress", "none"]
        + (options.contains("--out") ? [] : ["--out", folder.path("out")]) + options
    }

    private func perceptron(stimuli: Int = 3, labels: [Int]? = nil) throws -> SmallNetwork.Files {
      try SmallNetwork.perceptron.write(to: folder, stimuli: stimuli, labels: labels)
    }

    /// A path of bytes that are no text can't be passed by this process, but by a shell.
    @Test(arguments: ["layers caf\\0351.onnx", "--out caf\\0351"])
    func `a path that is no UTF-8`(_ words: String) throws {
      let command = try Command.run(
        "/bin/sh", ["-c", "\"$0\" $(printf '%b' '\(words)')", Program.path], in: folder.path(""))
      #expect(command.exitCode == 64, "\(command)")
      #expect(command.errors.contains("Argument 2") && command.errors.contains("is no UTF-8"), "\(command)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("")) == [])
    }

    // MARK: The model

    @Test(arguments: ["scan", "plan", "layers"])
    func `a model file that isn't there`(_ subcommand: String) throws {
      let data = try perceptron().data
      let absent = folder.path("absent.onnx")
      let arguments =
        subcommand == "layers" ? [absent] : ["--model", absent, "--data", data, "--out", folder.path("out")]
      try expectRefusal([subcommand] + arguments, code: 66, naming: [absent])
    }

    @Test func `a folder in place of a model`() throws {
      try expectRefusal(scan(model: folder.path, data: perceptron().data), code: 66, naming: [folder.path, "folder"])
    }

    @Test(arguments: ["", "not a model, but a letter\nto a friend\n", "version https://git-lfs.github.com/spec/v1\n"])
    func `a file that is no model`(_ text: String) throws {
      let data = try perceptron().data
      try expectRefusal(
        scan(model: folder.file("letter.onnx", text: text), data: data), code: 65, naming: ["letter.onnx"])
    }

    @Test(arguments: [0.3, 0.6, 0.9, 0.999])
    func `a model that is cut short`(_ share: Double) throws {
      let files = try perceptron()
      let bytes = TemporaryFolder.read(files.model)
      let cut = folder.file("cut.onnx", bytes.prefix(Int(Double(bytes.count) * share)))
      try expectRefusal(scan(model: cut, data: files.data), code: 65, naming: ["cut.onnx"], withRanks: false)
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
      try expectRefusal(scan(model: model, data: data), code: 64, naming: ["forecast.onnx", words])
      let listed = try Program.run(["layers", model, "--data", data])
      #expect(listed.exitCode == 0 && listed.output.contains("hidden") && listed.errors.contains(words), "\(listed)")
    }

    @Test func `a model without a layer to scan`() throws {
      let files = try SmallNetwork.bare.write(to: folder, stimuli: 2)
      try expectRefusal(scan(files), code: 65, naming: ["bare.onnx", "no layer", "--layers input"])
    }

    @Test func `an operator that the runtime lacks`() throws {
      let files = try SmallNetwork.unheardOf.write(to: folder, stimuli: 2)
      try expectRefusal(scan(files), code: 65, naming: ["Frobnicate", "ONNX Runtime"])
    }

    @Test func `a layer that isn't there, with the nearest that is`() throws {
      try expectRefusal(
        scan(perceptron(), ["--layers", "secnd"]), code: 64,
        naming: ["\"secnd\"", "nearest: \"second\"", "nnfmri-mpi layers"])
    }

    @Test(arguments: ["logits", "probabilities", "w1"])
    func `a tensor that is no layer`(_ tensor: String) throws {
      try expectRefusal(
        scan(perceptron(), ["--layers", tensor]), code: 65, naming: ["\"\(tensor)\""], withRanks: tensor == "logits")
    }

    // MARK: The stimuli

    @Test func `stimuli that aren't there`() throws {
      let absent = folder.path("absent.npz")
      try expectRefusal(scan(model: perceptron().model, data: absent), code: 66, naming: [absent])
    }

    @Test func `stimuli of no known format`() throws {
      let letter = folder.file("letter.txt", text: "Dear friend,\n")
      try expectRefusal(scan(model: perceptron().model, data: letter), code: 65, naming: [letter, ".npy"])
    }

    @Test func `stimuli of another shape, with both shapes`() throws {
      let data = folder.path("wide.npy")
      try NumericArray(shape: [3, 13], floats: [Float](repeating: 0, count: 39)).writeNPY(to: data)
      try expectRefusal(
        scan(model: perceptron().model, data: data), code: 65, naming: [data, "[13]", "[12]", "\"features\""])
    }

    @Test func `stimuli of another type, with the value that can't be taken`() throws {
      let files = try SmallNetwork.tokens.write(to: folder, stimuli: 2)
      let data = folder.path("fractions.npz")
      try writeNPZ(
        [
          ("words", NumericArray(shape: [2, 5], floats: [Float](repeating: 1.5, count: 10))),
          ("numbers", NumericArray(shape: [2, 3], floats: [Float](repeating: 0, count: 6))),
        ], to: data)
      try expectRefusal(
        scan(model: files.model, data: data), code: 65, naming: ["words", "1.5", "float32", "int64"])
    }

    @Test func `an input without an array`() throws {
      let files = try SmallNetwork.tokens.write(to: folder, stimuli: 2)
      let data = folder.path("words.npz")
      try writeNPZ([("words", NumericArray(shape: [2, 5], int64: [Int64](repeating: 1, count: 10)))], to: data)
      try expectRefusal(scan(model: files.model, data: data), code: 65, naming: [data, "\"words\"", "\"numbers\""])
    }

    @Test func `tokens beyond the vocabulary`() throws {
      let files = try SmallNetwork.tokens.write(to: folder, stimuli: 2)
      let data = folder.path("beyond.npz")
      try writeNPZ(
        [
          ("words", NumericArray(shape: [2, 5], int64: [Int64](repeating: 99, count: 10))),
          ("numbers", NumericArray(shape: [2, 3], floats: [Float](repeating: 0, count: 6))),
        ], to: data)
      try expectRefusal(scan(model: files.model, data: data), code: 65, naming: ["stimulus 0", "\"words\"", "99", "9 rows"])
    }

    @Test func `no stimuli at all`() throws {
      let data = folder.path("none.npy")
      try NumericArray(shape: [0, 12], floats: []).writeNPY(to: data)
      try expectRefusal(scan(model: perceptron().model, data: data), code: 65, naming: [data, "no stimuli"])
    }

    @Test func `stimuli that are cut short`() throws {
      let files = try perceptron()
      let cut = folder.file("cut.npz", TemporaryFolder.read(files.data).dropLast(40))
      try expectRefusal(scan(model: files.model, data: cut), code: 65, naming: [cut])
    }

    @Test func `labels of another number`() throws {
      let labels = folder.file("labels.txt", text: "0\n1\n")
      try expectRefusal(
        scan(perceptron(), ["--labels", labels]), code: 65, naming: [labels, "2 labels", "3 stimuli"])
    }

    @Test func `labels that are no classes of the model`() throws {
      try expectRefusal(
        scan(perceptron(labels: [0, 4, 1]), ["--target", "label"]), code: 65, naming: ["stimulus 1", "4 classes"])
    }

    @Test func `a wish for labels where there are none`() throws {
      try expectRefusal(scan(perceptron(), ["--target", "label"]), code: 64, naming: ["--labels"])
    }

    @Test func `means for other channels`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      try expectRefusal(scan(files, ["--mean", "0.1,0.2,0.3"]), code: 65, naming: ["3"])
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
      try expectRefusal(
        scan(roots([9, 0, 9]), options), code: 65,
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

    @Test func `values that are not finite in every series`() throws {
      try expectRefusal(
        scan(roots([0, 0]), ["--layers", "hidden", "--estimator", "exact", "--allow-nonfinite"]), code: 65,
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
      try expectRefusal(scan(model: model, data: data, ["--layers", "hidden"]), code: 65, naming: ["hidden", words])
      let named = try Program.run(["plan"] + options + ["--layers", "hidden"])
      #expect(named.exitCode == 65 && named.complaints.first?.contains(words) == true, "\(named)")
      let all = try Program.run(["plan"] + options + ["--layers", "all"])
      #expect(all.exitCode == 0 && all.output.contains("Not scanned: \"hidden\", since \(words)"), "\(all)")
      // Nothing would be left of it, so it doesn't end a scan of others where series may be skipped.
      let allowed = try ScanRun(options + ["--layers", "all", "--allow-nonfinite"], ranks: nil)
      #expect(allowed.command.exitCode == 0 && allowed.command.errors.contains("Not scanned: \"hidden\""), "\(allowed.command)")
    }

    @Test func `an intact network whose scores are not finite`() throws {
      try expectRefusal(
        scan(roots([0, -100]), ["--layers", "hidden", "--estimator", "exact"]), code: 65,
        naming: ["stimulus 1", "intact"])
    }

    // MARK: Options

    @Test(arguments: [
      (["--grid", "0x8x8"], ["--grid", "0x8x8"]), (["--grid", "9x9"], ["--grid", "9x9", "3 axes"]),
      (["--grid", "8x8x-4"], ["--grid"]),
      (["--estimator", "guess"], ["--estimator guess", "permutation", "regression"]),
      (["--index", "power"], ["--index power", "shapley", "banzhaf"]),
      (["--lesion", "cut"], ["--lesion cut", "resample"]),
      (["--value", "logits"], ["--value logits", "logprob", "output:INDEX"]),
      (["--estimator", "gradient", "--keep-scores"], ["--keep-scores"]),
      (["--value", "output:-1"], ["--value output:-1"]), (["--target", "cat"], ["--target cat", "predicted"]),
      (["--target", "-1"], ["--target"]), (["--layout", "chwn"], ["--layout chwn", "nhwc"]),
      (["--provider-option", "a=b"], ["--provider"]),
      (["--provider", "openvino", "--provider-option", "a"], ["--provider-option a", "name=value"]),
      (["--provider", "cuda", "--share-weights", "always"], ["--share-weights always", "--provider cuda"]),
      (["--confidence", "95"], ["--confidence 95"]),
      (["--fdr", "0"], ["--fdr 0"]), (["--samples", "0"], ["--samples 0"]), (["--stimuli", "0"], ["--stimuli 0"]),
      (["--batch", "0"], ["--batch 0"]), (["--threads", "0"], ["--threads 0"]),
      (["--threads", "100000"], ["--threads 100000 is above 256"]), (["--seed", "-1"], ["seed"]),
      (["--samples", "99999999999"], ["--samples 99999999999", "65536"]),
      (["--samples", "many"], ["many", "--samples"]), (["--mean", "a,b"], ["--mean a,b"]),
      (["--progress", "dots"], ["dots", "--progress"]), (["--frobnicate"], ["--frobnicate"]),
      (["--position", "-1"], ["--position"]), (["--flips", "-1"], ["--flips"]),
      (["--cache-memory", "0"], ["--cache-memory 0"]),
    ])
    func `an option's value that is none of those it takes`(_ option: [String], _ words: [String]) throws {
      try expectRefusal(scan(perceptron(), option), code: 64, naming: words, withRanks: option[0] == "--grid")
    }

    @Test(arguments: [
      (["--target", "4"], ["--target 4", "4 classes"]),
      (["--estimator", "exact", "--layers", "first", "--grid", "1x1x17", "--lesion", "resample"], ["resample"]),
      (["--estimator", "permutation", "--index", "banzhaf"], ["Banzhaf", "regression"]),
      (["--stimuli", "1", "--lesion", "mean"], ["--lesion mean"]),
      (["--stimuli", "1", "--lesion", "resample"], ["--lesion resample"]),
    ])
    func `options that don't go together`(_ options: [String], _ words: [String]) throws {
      try expectRefusal(scan(perceptron(), options), code: 64, naming: words, withRanks: options[0] == "--target")
    }

    @Test(arguments: [
      (["--value", "output:4"], ["output:4", "4 elements"]), (["--value", "output:99"], ["output:99", "[4]"]),
    ])
    func `an element that the output doesn't have`(_ options: [String], _ words: [String]) throws {
      try expectRefusal(scan(perceptron(), options), code: 65, naming: words)
    }

    @Test func `a model without stimuli, and stimuli without a model`() throws {
      let files = try perceptron()
      try expectRefusal(["scan", "--model", files.model], code: 64, naming: [files.model, "--data"])
      try expectRefusal(["scan", "--data", files.data], code: 64, naming: [files.data, "--model"])
    }

    // MARK: The output folder

    @Test func `a folder that holds something else`() throws {
      let precious = folder.path("thesis")
      try FileManager.default.createDirectory(atPath: precious, withIntermediateDirectories: false)
      _ = folder.file("thesis/chapter.txt", text: "It was a dark and stormy night.\n")
      try expectRefusal(scan(perceptron(), ["--out", precious]), code: 73, naming: [precious, "--out"])
      #expect(TemporaryFolder.files(below: precious).keys.sorted() == ["chapter.txt"])
    }

    @Test func `a folder that another program calls a scan`() throws {
      let other = folder.path("other")
      try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
      _ = folder.file("other/scan.json", text: "{\"program\": \"something else\"}\n")
      try expectRefusal(scan(perceptron(), ["--out", other]), code: 73, naming: [other])
    }

    @Test func `a file in place of the folder`() throws {
      let file = folder.file("file", text: "")
      try expectRefusal(scan(perceptron(), ["--out", file]), code: 73, naming: [file, "--out"])
    }

    @Test func `a file in place of the phantom's folder`() throws {
      let file = folder.file("file", text: "")
      try expectRefusal(["scan", "--progress", "none", "--out", file], code: 73, naming: [file, "--out"])
    }

    @Test func `a folder below a file`() throws {
      let file = folder.file("file", text: "")
      try expectRefusal(scan(perceptron(), ["--out", file + "/out"]), code: 73, naming: [file + "/out", "--out"])
    }

    @Test(arguments: ["acquisition", "density.json", "acquisition/design.json"])
    func `a result that can't be written`(_ name: String) throws {
      let arguments = scan(try perceptron(), ["--layers", "first"])
      try expectRefusal(arguments, code: 73, naming: [folder.path("out/" + name)]) { output in
        let command = try Program.run(arguments)
        #expect(command.exitCode == 0, "\(command)")
        // A file where a folder belongs, and a folder where a file belongs.
        try FileManager.default.removeItem(atPath: output + "/" + name)
        if name == "acquisition" {
          _ = folder.file("out/acquisition", text: "")
        } else {
          try FileManager.default.createDirectory(
            atPath: output + "/" + name + "/in the way", withIntermediateDirectories: true)
        }
      }
    }

    @Test func `a bad model leaves no folder behind`() throws {
      let absent = folder.path("absent.onnx")
      _ = try Program.run(scan(model: absent, data: perceptron().data))
      #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
    }

    @Test func `an empty folder and an earlier scan's are taken`() throws {
      let files = try perceptron()
      try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
      for _ in 0..<2 {
        let command = try Program.run(scan(files, ["--layers", "first"]))
        #expect(command.exitCode == 0, "\(command)")
      }
    }

    // MARK: The launcher

    @Test func `commands of one process do their work once under a launcher`() throws {
      let files = try perceptron()
      let alone = try Program.run(["layers", files.model])
      let launched = try Program.run(["layers", files.model], ranks: 2)
      #expect(alone.exitCode == 0 && launched.exitCode == 0, "\(launched)")
      #expect(launched.output == alone.output && !alone.output.isEmpty, "\(launched)")
      let missing = try Program.run(["plan", "--model", "nowhere.onnx"], ranks: 2)
      #expect(missing.exitCode == (try Program.run(["plan", "--model", "nowhere.onnx"])).exitCode, "\(missing)")
      #expect(missing.complaints.count == 1, "\(missing)")
    }

    @Test func `Slurm tasks that don't know of each other`() throws {
      let command = try Program.run(
        scan(perceptron()), environment: ["SLURM_NTASKS": "4", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0"])
      #expect(command.exitCode == 64, "\(command)")
      #expect(command.complaints.count == 1, "\(command)")
      for word in ["4 tasks", "srun --mpi=", "mpirun"] { #expect(command.errors.contains(word), "\(command)") }
      let other = try Program.run(
        scan(perceptron()), environment: ["SLURM_NTASKS": "4", "SLURM_STEP_ID": "0", "SLURM_PROCID": "2"])
      #expect(other.exitCode == 64 && other.errors == "", "\(other)")
    }

    @Test(arguments: [["SLURM_NTASKS": "4"], ["SLURM_NTASKS": "1", "SLURM_STEP_ID": "0"]])
    func `a Slurm allocation without a step is no reason to refuse`(_ environment: [String: String]) throws {
      let command = try Program.run(
        scan(perceptron(), ["--layers", "first"]), environment: environment.mapValues { Optional($0) })
      #expect(command.exitCode == 0, "\(command)")
    }
  }
}
