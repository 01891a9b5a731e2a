import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Options, output folders and launchers that a user may get wrong: the exit code and the one sentence.
  @Suite struct `Bad options` {
    private let runs = RefusedRuns()
    private var folder: TemporaryFolder { runs.folder }

    // MARK: Options

    /// A path of bytes that are no text can't be passed by this process, but by a shell.
    @Test(arguments: ["layers caf\\0351.onnx", "--out caf\\0351"])
    func `a path that is no UTF-8`(_ words: String) throws {
      let command = try Command.run(
        "/bin/sh", ["-c", "\"$0\" $(printf '%b' '\(words)')", Program.path], in: folder.path(""))
      #expect(command.exitCode == 64, "\(command)")
      #expect(command.errors.contains("Argument 2") && command.errors.contains("is no UTF-8"), "\(command)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("")) == [])
    }

    @Test(arguments: [
      (["--grid", "0x8x8"], ["--grid", "0x8x8"]), (["--grid", "9x9"], ["--grid", "9x9", "3 axes"]),
      (["--grid", "spacial"], ["--grid", "spacial", "channels, positions, spatial, units"]),
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
      (["--memory", "17592186044416"], ["--memory 17592186044416 is above"]), (["--batch", "2000000000"], ["is above 65536"]),
      (["--flips", "20000000"], ["--flips 20000000 is above 16777216"]),
      (["--pathways", "9223372036854775807"], ["is above 1048576"]), (["--part", "1/9223372036854775807"], ["--part"]),
      (["--confidence", "0.9999999999999999"], ["nearer to 0 or 1"]),
      (["--stream", "40", "--step", "9223372036854775807"], ["--step 9223372036854775807 is above"]),
    ])
    func `an option's value that is none of those it takes`(_ option: [String], _ words: [String]) throws {
      try runs.expectRefusal(runs.scan(runs.perceptron(), option), code: 64, naming: words, withRanks: option[0] == "--grid")
    }

    @Test(arguments: [
      (["--target", "4"], ["--target 4", "4 classes"]),
      (["--estimator", "exact", "--layers", "first", "--grid", "1x1x17", "--lesion", "resample"], ["resample"]),
      (["--estimator", "permutation", "--index", "banzhaf"], ["Banzhaf", "regression"]),
      (["--stimuli", "1", "--lesion", "mean"], ["--lesion mean"]),
      (["--stimuli", "1", "--lesion", "resample"], ["--lesion resample"]),
    ])
    func `options that don't go together`(_ options: [String], _ words: [String]) throws {
      try runs.expectRefusal(runs.scan(runs.perceptron(), options), code: 64, naming: words, withRanks: options[0] == "--target")
    }

    @Test(arguments: [
      (["--value", "output:4"], ["output:4", "4 elements"]), (["--value", "output:99"], ["output:99", "[4]"]),
    ])
    func `an element that the output doesn't have`(_ options: [String], _ words: [String]) throws {
      try runs.expectRefusal(runs.scan(runs.perceptron(), options), code: 65, naming: words)
    }

    @Test func `a model without stimuli, and stimuli without a model`() throws {
      let files = try runs.perceptron()
      try runs.expectRefusal(["scan", "--model", files.model], code: 64, naming: [files.model, "--data"])
      try runs.expectRefusal(["scan", "--data", files.data], code: 64, naming: [files.data, "--model"])
    }

    // MARK: The output folder

    @Test func `a folder that holds something else`() throws {
      let precious = folder.path("thesis")
      try FileManager.default.createDirectory(atPath: precious, withIntermediateDirectories: false)
      _ = folder.file("thesis/chapter.txt", text: "It was a dark and stormy night.\n")
      try runs.expectRefusal(runs.scan(runs.perceptron(), ["--out", precious]), code: 73, naming: [precious, "--out"])
      #expect(TemporaryFolder.files(below: precious).keys.sorted() == ["chapter.txt"])
    }

    @Test func `a folder that another program calls a scan`() throws {
      let other = folder.path("other")
      try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
      _ = folder.file("other/scan.json", text: "{\"program\": \"something else\"}\n")
      try runs.expectRefusal(runs.scan(runs.perceptron(), ["--out", other]), code: 73, naming: [other])
    }

    @Test func `a file in place of the folder`() throws {
      let file = folder.file("file", text: "")
      try runs.expectRefusal(runs.scan(runs.perceptron(), ["--out", file]), code: 73, naming: [file, "--out"])
    }

    @Test func `a file in place of the phantom's folder`() throws {
      let file = folder.file("file", text: "")
      try runs.expectRefusal(["scan", "--progress", "none", "--out", file], code: 73, naming: [file, "--out"])
    }

    @Test func `a folder below a file`() throws {
      let file = folder.file("file", text: "")
      try runs.expectRefusal(runs.scan(runs.perceptron(), ["--out", file + "/out"]), code: 73, naming: [file + "/out", "--out"])
    }

    @Test(arguments: ["acquisition", "density.json", "acquisition/design.json"])
    func `a result that can't be written`(_ name: String) throws {
      let arguments = runs.scan(try runs.perceptron(), ["--layers", "first"])
      try runs.expectRefusal(arguments, code: 73, naming: [folder.path("out/" + name)]) { output in
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

    @Test func `a file that outgrows the limit of the shell`() throws {
      let output = folder.path("phantom")
      let command = try Command.run(
        "/bin/sh", ["-c", "ulimit -f 2; exec \"$0\" phantom glyphs --out \"$1\"", Program.path, output])
      #expect(command.exitCode == 73 && command.complaints.first?.contains("cannot be written") == true, "\(command)")
    }

    @Test func `a bad model leaves no folder behind`() throws {
      let absent = folder.path("absent.onnx")
      _ = try Program.run(runs.scan(model: absent, data: runs.perceptron().data))
      #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
    }

    @Test func `an empty folder and an earlier scan's are taken`() throws {
      let files = try runs.perceptron()
      try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
      for _ in 0..<2 {
        let command = try Program.run(runs.scan(files, ["--layers", "first"]))
        #expect(command.exitCode == 0, "\(command)")
      }
    }

    // MARK: The launcher

    @Test func `commands of one process do their work once under a launcher`() throws {
      let files = try runs.perceptron()
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
        runs.scan(runs.perceptron()), environment: ["SLURM_NTASKS": "4", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0"])
      #expect(command.exitCode == 64, "\(command)")
      #expect(command.complaints.count == 1, "\(command)")
      for word in ["4 tasks", "srun --mpi=", "mpirun"] { #expect(command.errors.contains(word), "\(command)") }
      let other = try Program.run(
        runs.scan(runs.perceptron()), environment: ["SLURM_NTASKS": "4", "SLURM_STEP_ID": "0", "SLURM_PROCID": "2"])
      #expect(other.exitCode == 64 && other.errors == "", "\(other)")
    }

    @Test(arguments: [["SLURM_NTASKS": "4"], ["SLURM_NTASKS": "1", "SLURM_STEP_ID": "0"]])
    func `a Slurm allocation without a step is no reason to refuse`(_ environment: [String: String]) throws {
      let command = try Program.run(
        runs.scan(runs.perceptron(), ["--layers", "first"]), environment: environment.mapValues { Optional($0) })
      #expect(command.exitCode == 0, "\(command)")
    }
  }
}
