import Arrays
import Foundation
import ModelGraph
import Stimuli
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `A scan` {
    private let folder = TemporaryFolder()

    /// What every result must be: finite, whole and consistent.
    private func check(_ run: ScanRun, sourceLocation: SourceLocation = #_sourceLocation) throws {
      try #require(run.command.exitCode == 0, "\(run.command)", sourceLocation: sourceLocation)
      #expect(run.command.complaints == [], sourceLocation: sourceLocation)
      let summary = try run.json("scan.json")
      #expect(summary["complete"] as? Bool == true, sourceLocation: sourceLocation)
      let layers = try #require(summary["layers"] as? [[String: any Sendable]])
      let impact = try run.json("impact.json")
      let density = try run.json("density.json")
      #expect(Set(impact.keys) == Set(layers.indices.map { "layer_\($0)" }), sourceLocation: sourceLocation)
      #expect(Set(density.keys) == Set(impact.keys), sourceLocation: sourceLocation)
      for (name, content) in impact {
        let layer = try #require(content as? [String: any Sendable])
        let grids = try #require(layer["grids"] as? [String: [String: any Sendable]])
        let effect = try #require(layer["effect"] as? Double)
        let zeta = grids.values.compactMap { $0["zeta"] as? Double }
        #expect(zeta.count == grids.count, sourceLocation: sourceLocation)
        // Neither the Banzhaf index nor the textbook's estimator is efficient.
        if layer["index"] as? String == "shapley", layer["estimator"] as? String != "naive" {
          #expect(
            abs(zeta.reduce(0, +) - effect) < 1e-5 * max(1, abs(effect)), "\(name)", sourceLocation: sourceLocation)
          let scores = grids.values.compactMap { $0["zeta_score"] as? Double }
          if layer["zeta_score_reason"] is String {
            #expect(scores.isEmpty, "\(name)", sourceLocation: sourceLocation)
          } else {
            #expect(abs(scores.reduce(0, +) - 100) < 1e-3, "\(name)", sourceLocation: sourceLocation)
          }
        }
        let ranks = grids.values.compactMap { $0["rank"] as? Int }
        #expect(ranks.sorted() == Array(1...grids.count), "\(name)", sourceLocation: sourceLocation)
        let sites = try #require((density[name] as? [String: any Sendable])?["grids"] as? [String: any Sendable])
        #expect(Set(sites.keys) == Set(grids.keys), "\(name)", sourceLocation: sourceLocation)
      }
      let rows = String(decoding: run.files["regions.tsv"]!, as: UTF8.self).split(separator: "\n")
      let columns = rows[0].split(separator: "\t", omittingEmptySubsequences: false).count
      #expect(
        rows.allSatisfy { $0.split(separator: "\t", omittingEmptySubsequences: false).count == columns },
        sourceLocation: sourceLocation)
      #expect(!rows.contains { $0.contains("nan") || $0.contains("inf\t") }, sourceLocation: sourceLocation)
    }

    @Test(arguments: [false, true]) func `says of a model that is no network that its layers are none`(learns: Bool) throws {
      var builder = GraphBuilder(name: "scaled")
      builder.input("x", [nil, 3])
      builder.weight("scale", [3], [Float](arrayLiteral: 1, 2, 3))
      builder.weight("mix", [3, 3], (1...9).map { Float($0) })
      builder.node("Mul", ["x", "scale"], ["scaled"])
      builder.node("Tanh", ["scaled"], ["bent"])
      builder.node(learns ? "MatMul" : "Mul", ["bent", learns ? "mix" : "scale"], ["scores"])
      builder.output("scores", [nil, 3])
      let model = folder.file("scaled.onnx", try Model(proto: builder.model, label: "scaled").serialized())
      let stimuli = NumericArray(shape: [5, 3], floats: (0..<15).map { Float($0) / 10 })
      let run = try ScanRun(["--model", model, "--data", folder.file("x.npy", stimuli.npyBytes()), "--no-tracts"], ranks: nil)
      try check(run)
      let notes = try #require(run.json("scan.json")["notes"] as? [String])
      #expect(notes.contains { $0.hasPrefix("No operator of the model learns") } == !learns, "\(notes)")
    }

    @Test(arguments: SmallNetwork.all, [1, 4])
    func `of any network is whole, with one stimulus and with several`(_ network: SmallNetwork, _ stimuli: Int) throws {
      let files = try network.write(to: folder, stimuli: stimuli)
      try check(try ScanRun(files.options + ["--layers", "all", "--grid", "2x2x2", "--samples", "20"], ranks: 2))
    }

    @Test(arguments: [
      ["--grid", "1x1x1"], ["--grid", "100x100x100", "--layers", "pooled"], ["--batch", "1"], ["--batch", "1000"],
      ["--stimuli", "1"],
      ["--stimuli", "1", "--estimator", "exact", "--grid", "1x2x2"], ["--stimuli", "1", "--estimator", "naive"],
      ["--stimuli", "1000"], ["--value", "output:3"], ["--target", "0", "--value", "loss"],
      ["--layers", "block,block"],
      ["--layers", "pooled"], ["--index", "banzhaf"], ["--lesion", "resample", "--stimuli", "2"],
      ["--lesion", "mean", "--stimuli", "2"], ["--threads", "2"], ["--seed", "18446744073709551615"],
      ["--confidence", "0.5"], ["--flips", "50"], ["--cache-memory", "1"],
      ["--scale", "2", "--mean", "0.5", "--std", "3"],
    ])
    func `is whole at the ends of its options`(_ options: [String]) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 5)
      try check(try ScanRun(files.options + ["--grid", "3x3x2", "--samples", "20"] + options, ranks: nil))
    }

    @Test func `of a network that gives one answer to everything has no scores, and a reason`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      // An intact layer of zeros is what a zero lesion makes of it.
      try NumericArray(shape: [3, 12], floats: [Float](repeating: 0, count: 36)).writeNPY(to: folder.path("zeros.npy"))
      let run = try ScanRun(
        [
          "--model", files.model, "--data", folder.path("zeros.npy"), "--layers", "first", "--value", "output:0",
          "--lesion", "mean", "--samples", "20",
        ],
        ranks: 2)
      try check(run)
      let layer = try #require(run.json("impact.json")["layer_0"] as? [String: any Sendable])
      #expect(layer["effect"] as? Double == 0)
      #expect(layer["zeta_score_reason"] is String)
      let grids = try #require(layer["grids"] as? [String: [String: any Sendable]])
      #expect(grids.values.allSatisfy { $0["significance"] as? Bool == false && $0["critical"] as? Bool == false })
    }

    @Test func `gives a layer more samples where it needs them, and says so`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 2)
      let run = try ScanRun(
        files.options + ["--layers", "first", "--samples", "1", "--estimator", "permutation"], ranks: nil)
      try check(run)
      let notes = try #require(run.json("scan.json")["notes"] as? [String])
      #expect(notes.contains { $0.contains("\"first\" has 16 regions and gets 4 samples for each") }, "\(notes)")
    }

    @Test func `reads the output, the axis and the layers that are asked for`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      let run = try ScanRun(
        files.options + [
          "--layers", "conv,joi*,0", "--layout", "block=nhwc", "--output", "logits", "--class-axis", "-1", "--grid", "2x2x1",
          "--samples", "20", "--no-tracts",
        ],
        ranks: nil)
      try check(run)
      let layers = try #require(run.json("scan.json")["layers"] as? [[String: any Sendable]])
      #expect(layers.first?["tensor"] as? String == "stem_sum")
      #expect(layers.contains { $0["tensor"] as? String == "joined" && $0["layout"] as? String == "N,C,H,W" })
      #expect(layers.filter { $0["kind"] as? String == "conv" }.count >= 2)
    }

    @Test(arguments: [
      ["--mean", "-0.1,0.2"], ["--value", "-logit[1]"], ["--value", "-2*logit[1] + logit[0]"],
    ])
    func `takes a value with a minus in front`(_ option: [String]) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      let options = files.options + ["--grid", "2x2x1", "--samples", "8", "--no-tracts", "--layers", "conv"]
      let apart = try ScanRun(options + option, ranks: nil)
      let joined = try ScanRun(options + ["\(option[0])=\(option[1])"], ranks: nil)
      try check(apart)
      #expect(try apart.json("impact.json") as NSDictionary == joined.json("impact.json") as NSDictionary)
    }

    @Test(arguments: [("--std", "-1"), ("--scale", "-2")])
    func `says what is wrong with a number below 0`(_ option: String, _ value: String) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      let command = try Program.run(files.options + [option, value, "--out", folder.path("out")])
      #expect(command.exitCode == 65 && command.errors.contains("scale and std above 0"), "\(command)")
    }

    @Test func `takes paths with spaces and other letters, from the folder it is started in`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 2)
      let place = folder.path("ein Ordner, ζ")
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
      try FileManager.default.copyItem(atPath: files.model, toPath: place + "/my: model.onnx")
      try FileManager.default.copyItem(atPath: files.data, toPath: place + "/stimuli.npz")
      let command = try Program.run(
        ["scan", "--model", "my: model.onnx", "--data", "stimuli.npz", "--out", "new/deep er/", "--layers", "first"],
        ranks: 2, in: place)
      #expect(command.exitCode == 0, "\(command)")
      #expect(TemporaryFolder.files(below: place + "/new/deep er").keys.contains("impact.json"))
    }

    @Test func `is the default command`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 2)
      let command = try Program.run(files.options + ["--layers", "first", "--out", folder.path("out")])
      #expect(command.exitCode == 0, "\(command)")
      #expect(command.output.contains("layer_0  first"))
    }

    @Test func `that fails leaves no folder that looks complete`() throws {
      let files = try SmallNetwork.squareRoot.write(to: folder, stimuli: 1)
      let good = try SmallNetwork.perceptron.write(to: folder, stimuli: 2)
      let out = ["--out", folder.path("out")]
      #expect(try Program.run(good.options + ["--layers", "first"] + out).exitCode == 0)
      #expect(try Program.run(files.options + ["--layers", "hidden", "--estimator", "exact"] + out).exitCode == 65)
      let summary = String(decoding: TemporaryFolder.read(folder.path("out/scan.json")), as: UTF8.self)
      #expect(summary.contains("\"complete\": false"))
    }
  }

  @Suite struct `The command` {
    private let folder = TemporaryFolder()

    @Test(arguments: [["--help"], ["--version"], ["scan", "--help"], ["layers", "--help"]], [nil, 3])
    func `answers a question once`(_ arguments: [String], _ ranks: Int?) throws {
      let command = try Program.run(arguments, ranks: ranks)
      let once = try Program.run(arguments)
      #expect(command.exitCode == 0)
      #expect(command.output == once.output && !once.output.isEmpty)
      #expect(command.errors == "")
    }

    @Test(arguments: SmallNetwork.all)
    func `lists the layers of a network`(_ network: SmallNetwork) throws {
      let files = try network.write(to: folder, stimuli: 2)
      for data in [[], ["--data", files.data]] {
        let command = try Program.run(["layers", files.model, "--all", "--grid", "2x2x2"] + data)
        #expect(command.exitCode == 0, "\(command)")
        #expect(
          command.output.contains("hidden") || command.output.contains("second") || command.output.contains("block"))
      }
    }

    @Test func `plans without touching the output folder`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let command = try Program.run(["plan"] + files.options + ["--grid", "2x2x2", "--tracts", "--out", folder.path("out")])
      #expect(command.exitCode == 0, "\(command)")
      for word in ["series", "passes", "ranks", "256", "lesions of pathways"] {
        #expect(command.output.contains(word), "\(command)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
    }

    @Test func `scans its phantom where it is told of no network, alike on any number of ranks`() throws {
      var results: [[String: [UInt8]]] = []
      for ranks in [nil, 3] {
        let place = TemporaryFolder()
        let command = try Program.run(
          ["--samples", "4", "--stimuli", "4", "--grid", "4x4x2", "--no-tracts", "--progress", "none"], ranks: ranks,
          in: place.path)
        #expect(command.exitCode == 0, "\(command)")
        #expect(command.output.contains("planted cells found"), "\(command)")
        #expect(command.errors.contains("; nnfmri-mpi 0."), "\(command)")
        results.append(TemporaryFolder.files(below: place.path + "/nnfmri-phantom").filter { $0.key != "scan.json" })
      }
      #expect(results[0] == results[1])
      #expect(results[0].keys.contains("truth.json"))
    }
  }
}
