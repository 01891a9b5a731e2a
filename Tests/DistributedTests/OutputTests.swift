import Arrays
import Foundation
import ModelGraph
import TestSupport
import Testing

extension DistributedTests {
  /// What is read of a network with several outputs and positions.
  @Suite struct `What is read` {
    private let folder = TemporaryFolder()

    private func scan(_ options: [String], to name: String) throws -> Command {
      let files = try SmallNetwork.twoHeads.write(to: folder, stimuli: 6)
      return try Program.run(
        ["scan"] + files.options
          + ["--grid", "5x1x2", "--layers", "hidden", "--estimator", "naive", "--samples", "5", "--progress", "none"]
          + ["--out", folder.path(name)] + options, ranks: nil)
    }

    /// All but what tells times and folders.
    private func results(_ name: String) -> [String: [UInt8]] {
      TemporaryFolder.files(below: folder.path(name)).filter { !["scan.json", "report.html"].contains($0.key) }
    }

    @Test func `may be several outputs, and each is what a scan of its own gives`() throws {
      let both = try scan(["--output", "head/whole", "--output", "places"], to: "both")
      #expect(both.exitCode == 0, "\(both)")
      #expect(both.errors.contains("Output head/whole, into"), "\(both)")
      for (output, place) in [("head/whole", "head_whole"), ("places", "places")] {
        let alone = try scan(["--output", output], to: place)
        #expect(alone.exitCode == 0, "\(alone)")
        #expect(results("both/" + place) == results(place), "\(output)")
        #expect(!results(place).isEmpty)
      }
      #expect(results("places")["impact.json"] != results("head_whole")["impact.json"])
      let again = try scan(["--output", "head/whole", "--output", "places", "--resume"], to: "both")
      #expect(again.exitCode == 0 && again.errors.contains("holds the whole result already"), "\(again)")
    }

    @Test func `is right where what passes a layer by is right for one row only`() throws {
      let files = try SmallNetwork.expert.write(to: folder, stimuli: 6)
      let options = [
        "--grid", "2x5x2", "--layers", "all", "--estimator", "naive", "--samples", "5", "--progress", "none", "--no-tracts",
      ]
      let run = try Program.run(["scan"] + files.options + options + ["--out", folder.path("experts")], ranks: 2)
      #expect(run.exitCode == 0, "\(run)")
      let summary = try #require(
        JSONSerialization.jsonObject(with: Data(TemporaryFolder.read(folder.path("experts/scan.json")))) as? [String: Any])
      // Places among all rows are those of the batch that is run.
      let notes = try #require(summary["notes"] as? [String])
      #expect(!notes.contains { $0.contains("one at a time") }, "\(notes)")
      let alone = try Program.run(["scan"] + files.options + options + ["--batch", "1", "--out", folder.path("alone")], ranks: 2)
      #expect(alone.exitCode == 0, "\(alone)")
      let zeta = try ["experts", "alone"].map { name in
        let text = String(decoding: TemporaryFolder.read(folder.path("\(name)/regions.tsv")), as: UTF8.self)
        let rows = text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        let column = try #require(rows[0].firstIndex(of: "zeta"))
        return try rows.dropFirst().map { try #require(Double($0[column])) }
      }
      #expect(zeta[0].count == zeta[1].count && zeta[0].contains { abs($0) > 1e-3 })
      for (together, single) in zip(zeta[0], zeta[1]) { #expect(abs(together - single) <= 1e-4 * max(1, abs(single))) }
      let layers = try #require(summary["layers"] as? [[String: Any]])
      let deviation = try #require(layers.first { $0["tensor"] as? String == "halves" }?["cut_deviation"] as? Double)
      #expect(deviation < 1e-5)
      let refused = try #require(summary["refused_layers"] as? [[String: Any]]).compactMap { $0["tensor"] as? String }
      #expect(refused.sorted() == ["given", "made", "product"])
      let sentences = run.errors.split(separator: "\n").filter { $0.hasPrefix("Not scanned: ") }
      for tensor in refused { #expect(sentences.count { $0.contains("\"\(tensor)\"") } == 1, "\(run)") }
    }

    @Test func `doesn't depend on the batch where all of one would take a branch together`() throws {
      for threshold: Float in [2, 4, 7] {
        var (net, weights) = (GraphBuilder(name: "steered"), WeightGenerator(seed: 21))
        net.input("x", [nil, 6])
        net.weight("w", [6, 8], weights.floats(48))
        net.weight("v", [8, 3], weights.floats(24))
        net.weight("threshold", [], [threshold])
        net.node("MatMul", ["x", "w"], ["product"])
        net.node("Relu", ["product"], ["hidden"])
        net.node("ReduceSum", ["hidden"], ["all"], ["keepdims": .int(0)])
        net.node("Greater", ["all", "threshold"], ["is_large"])
        func body(_ operatorType: String) -> GraphBuilder.Attribute {
          var body = GraphBuilder(name: operatorType)
          body.node(operatorType, ["hidden"], [operatorType + "_out"])
          body.output(operatorType + "_out", [nil, 8])
          return .graph(body.graph)
        }
        net.node("If", ["is_large"], ["chosen"], ["then_branch": body("Relu"), "else_branch": body("Neg")])
        net.node("MatMul", ["chosen", "v"], ["logits"])
        net.output("logits", [nil, 3])
        let model = folder.file("steered.onnx", try Model(proto: net.model, label: "steered").serialized())
        let data = folder.file("x.npy", NumericArray(shape: [5, 6], floats: weights.floats(30)).npyBytes())
        let options = ["--model", model, "--data", data, "--layers", "hidden", "--grid", "1x1x8", "--target", "1", "--no-tracts"]
        let batched = try ScanRun(options, ranks: nil)
        #expect(try batched.json("scan.json")["notes"].map { "\($0)".contains("one at a time") } == true, "\(threshold)")
        #expect(try ScanRun.zeta(options) == ScanRun.zeta(options + ["--batch", "1"]), "\(threshold)")
      }
    }

    @Test func `is no output twice`() throws {
      let twice = try scan(["--output", "places", "--output", "places"], to: "twice")
      #expect(twice.exitCode == 64 && twice.errors.contains("given twice"), "\(twice)")
    }

    @Test func `is a position for each stimulus of the files, whichever are scanned`() throws {
      let positions = [3, 0, -1, 2, 1, 4]
      let list = positions.map(String.init).joined(separator: ",")
      let text = folder.file("positions.txt", Array(positions.map { "\($0)\n" }.joined().utf8))
      try NumericArray(shape: [6], int64: positions.map(Int64.init)).writeNPY(to: folder.path("positions.npy"))
      let choice = ["--output", "places", "--select", "index=4,1-2"]
      for (name, position) in [("list", list), ("text", text), ("array", folder.path("positions.npy"))] {
        let run = try scan(choice + ["--position", position], to: name)
        #expect(run.exitCode == 0, "\(run)")
        #expect(results(name) == results("list"), "\(name)")
      }
      let summary = try #require(
        JSONSerialization.jsonObject(with: Data(TemporaryFolder.read(folder.path("list/scan.json")))) as? [String: Any])
      let places = try #require((summary["stimuli"] as? [String: Any])?["places"] as? [Int])
      #expect(Set(places) == [1, 2, 4])
      #expect((summary["model"] as? [String: Any])?["positions"] as? [Int] == places.map { (positions[$0] + 5) % 5 })
      let few = try scan(choice + ["--position", "0,1,2"], to: "few")
      #expect(few.exitCode == 64 && few.errors.contains("names 3 positions"), "\(few)")
      let missing = try scan(choice + ["--position", "nowhere.txt"], to: "missing")
      #expect(missing.exitCode == 64 && missing.errors.contains("nowhere.txt is none of"), "\(missing)")
    }

    /// What a scan of `sequence` found: each stimulus's answer, target and v of nothing lesioned, and the strengths to the output.
    private func found(
      _ files: [String], positions: [Int], _ options: [String]
    ) throws -> (places: [Int], answers: [Int], targets: [Int], intact: [Float], strengths: [Double]) {
      let run = try ScanRun(
        files + ["--layers", "stream", "--grid", "6x1x2", "--estimator", "exact"]
          + ["--position", positions.map(String.init).joined(separator: ",")] + options, ranks: nil)
      try #require(run.command.exitCode == 0, "\(run.command)")
      let stimuli = try #require(try run.json("scan.json")["stimuli"] as? [String: any Sendable])
      func numbers(_ name: String) throws -> [Double] {
        let bytes = try #require(run.files[name], "\(name) is missing")
        return try NumericArray(contentsOfNPY: folder.file("numbers.npy", bytes)).doubles()
      }
      let values = try numbers("acquisition/layer_0.npy")
      let places = try #require(stimuli["places"] as? [Int])
      return (
        places, try #require(stimuli["predictions"] as? [Int]), try #require(stimuli["targets"] as? [Int]),
        places.indices.map { Float(values[$0 * values.count / places.count]) },
        // Means come first, then their errors.
        options.contains("--tracts") ? try numbers("connections/layer_0_to_output.npy").dropLast(12 * 3) : []
      )
    }

    @Test func `is each stimulus's own position for its answer, its value and the strengths to it`() throws {
      let network = SmallNetwork.sequence
      let (count, positions) = (12, [3, 0, 4, 2, 1, 4, 0, 3, 2, 1, 0, 4])
      let scores = try (0..<count).map { stimulus in
        let places = PlainEvaluator(network).run(try network.plainInputs(stimulus, of: count))["logits"]!.elements
        return Array(places[positions[stimulus] * 3..<(positions[stimulus] + 1) * 3])
      }
      let right = scores.map { scores in scores.indices.max { scores[$0] < scores[$1] }! }
      let files = try network.write(
        to: folder, stimuli: count, labels: (0..<count).map { $0 % 2 == 0 ? right[$0] : (right[$0] + 1) % 3 })
      let all = try found(files.options, positions: positions, [])
      #expect(all.answers == right && all.targets == right)
      for (stimulus, value) in all.intact.enumerated() { #expect(abs(Double(value) - scores[stimulus].max()!) < 1e-4) }
      let wrong = try found(files.options, positions: positions, ["--select", "wrong", "--target", "label"])
      #expect(wrong.places == (0..<count).filter { $0 % 2 == 1 } && wrong.answers == wrong.places.map { right[$0] })
      let pair = try [0, 2, nil].map { one in
        try found(files.options, positions: positions, ["--select", one.map { "index=\($0)" } ?? "index=0,2", "--tracts"])
          .strengths
      }
      let scale = pair[2].max()!
      #expect(scale > 0 && pair[0] != pair[1])
      for edge in pair[2].indices { #expect(abs((pair[0][edge] + pair[1][edge]) / 2 - pair[2][edge]) < 1e-5 * scale) }
    }
  }
}
