import Arrays
import Foundation
import ModelGraph
import TestSupport
import Testing

extension DistributedTests {
  /// What the model is given, scanned as a layer.
  @Suite struct `A model's input` {
    private let folder = TemporaryFolder()

    /// Of scores x·W + b the region of feature i is worth xᵢ·Wᵢ, whatever is lesioned beside it.
    @Test func `has the ζ of a linear model in closed form`() throws {
      let network = SmallNetwork.bare
      let files = try network.write(to: folder, stimuli: 1)
      let options = files.options + ["--layers", "features", "--target", "1", "--no-tracts"]
      let run = try ScanRun(options, ranks: nil)
      try #require(run.command.exitCode == 0, "\(run.command)")
      let plan = try #require(try run.json("scan.json")["layers"] as? [[String: any Sendable]])
      #expect(plan.map { $0["tensor"] as? String } == ["features"] && plan.first?["kind"] as? String == "input")

      let weights = try #require(network.proto.graph.initializer.first { $0.dims == [6, 3] })
      let columns = weights.rawData.withUnsafeBytes { $0.bindMemory(to: Float.self).map(Double.init) }
      let values = try #require(network.arrays(1).first?.array.doubles())
      let worths: [Double] = (0..<6).map { feature in values[feature] * columns[feature * 3 + 1] }
      let layer = try #require(try run.json("impact.json")["layer_0"] as? [String: any Sendable])
      let grids = try #require(layer["grids"] as? [String: [String: any Sendable]])
      let zeta: [Double] = try (0..<6).map { try #require(grids["grid_0_0_\($0)"]?["zeta"] as? Double) }
      // In percent of the same effect for all regions.
      let largest = try #require(worths.indices.max { abs(worths[$0]) < abs(worths[$1]) })
      let scale: Double = zeta[largest] / worths[largest]
      for (zeta, worth) in zip(zeta, worths) {
        let expected: Double = scale * worth
        #expect(abs(zeta - expected) < 1e-3, "\(zeta) \(expected)")
      }
    }

    @Test func `isn't given ζ by single lesions where the model isn't affine, and that is said`() throws {
      for (network, isSaid) in [(SmallNetwork.bare, false), (.perceptron, true)] {
        let files = try network.write(to: folder, stimuli: 2)
        let run = try ScanRun(files.options + ["--layers", "input", "--estimator", "affine", "--no-tracts"], ranks: nil)
        #expect(
          run.command.exitCode == 0 && run.command.errors.contains("another estimator gives its ζ") == isSaid, "\(run.command)")
      }
    }

    /// Words and numbers: words are none that can be replaced, and their vectors are.
    @Test func `is scanned as far as it is float32, and the rest is named`() throws {
      let files = try SmallNetwork.tokens.write(to: folder, stimuli: 3)
      let run = try ScanRun(files.options + ["--layers", "input", "--no-tracts"], ranks: nil)
      let words = "\"words\", since it is of int64"
      #expect(run.command.exitCode == 0 && run.command.errors.contains(words), "\(run.command)")
      #expect(run.command.errors.contains("--layers embedding"), "\(run.command)")
      let listed = try Program.run(["layers", files.model, "--data", files.data, "--all"])
      #expect(listed.output.contains("numbers") && listed.output.contains("inputs are lesioned as float32 only"), "\(listed)")
    }

    private func table(_ name: String, _ columns: [String], of network: SmallNetwork = .bare, rows: Int = 3) -> String {
      let values = network.arrays(rows)[0].array.doubles()
      let own = (0..<6).map { "column \($0)" }
      let lines = (0..<rows).map { row in columns.map { "\(values[row * 6 + own.firstIndex(of: $0)!])" }.joined(separator: ",") }
      return folder.file(name, text: ([columns.joined(separator: ",")] + lines).joined(separator: "\n") + "\n")
    }

    /// A code of four categories beside two numbers.
    @Test func `isn't given noise where it chooses rows of a table, and 0 is said to be one of them`() throws {
      var network = GraphBuilder(name: "categories")
      network.input("row", [nil, 3])
      for (name, shape) in [("table", [4, 5]), ("w", [7, 3])] { _ = network.random(name, shape) }
      network.weight("first", [1], [0] as [Int64])
      network.weight("second", [1], [1] as [Int64])
      network.weight("end", [1], [3] as [Int64])
      network.node("Slice", ["row", "first", "second", "second"], ["code"])
      network.node("Cast", ["code"], ["id"], ["to": .int(7)])
      network.node("Squeeze", ["id", "second"], ["ids"])
      network.node("Gather", ["table", "ids"], ["known"])
      network.node("Slice", ["row", "second", "end", "second"], ["numbers"])
      network.node("Concat", ["known", "numbers"], ["joined"], ["axis": .int(1)])
      network.node("Relu", ["joined"], ["hidden"])
      network.node("MatMul", ["hidden", "w"], ["scores"])
      network.output("scores", [nil, 3])
      let model = folder.file("categories.onnx", try Model(proto: network.model, label: "categories").serialized())
      let data = folder.path("rows.npy")
      try NumericArray(shape: [6, 3], floats: [0, 1, -1, 3, 2, 1, 1, 0, 2, 2, -1, 1, 3, 1, 1, 0, 2, -2]).writeNPY(to: data)
      let options = ["--model", model, "--data", data, "--layers", "input,hidden"]
      let noise = try ScanRun(options + ["--lesion", "gaussian"], ranks: nil)
      let words = "entry 0 of the last axis chooses among 4 rows of \"table\""
      #expect(noise.command.exitCode == 0, "\(noise.command)")
      #expect(
        noise.command.errors.contains("Not scanned: \"row\", since \(words), and noise may choose none"), "\(noise.command)")
      for (lesion, what) in [("zero", "0 is the first row"), ("mean", "a mean is cut"), ("resample", nil)] {
        let run = try ScanRun(options + ["--lesion", lesion], ranks: nil)
        #expect(run.command.exitCode == 0, "\(run.command)")
        let notes = try #require(try run.json("scan.json")["notes"] as? [String])
        #expect(
          notes.contains { what.map($0.contains) ?? false } == (what != nil)
            && notes.contains { $0.contains(words) } == (what != nil))
      }
    }

    /// A baseline, pairs and another scan with a table's columns in another order.
    @Test func `isn't compared with columns in another order`() throws {
      let columns = (0..<6).map { "column \($0)" }
      let model = try SmallNetwork.bare.write(to: folder, stimuli: 3).model
      let (data, turned) = (table("data.csv", columns), table("turned.csv", columns.reversed()))
      let options = ["--model", model, "--layers", "input", "--no-tracts", "--target", "1"]
      for lesion in [["--lesion", table("one.csv", columns.reversed(), rows: 1)], ["--lesion", "patch", "--pairs", turned]] {
        let run = try ScanRun(options + ["--data", data] + lesion, ranks: nil)
        #expect(run.command.exitCode == 65 && run.command.errors.contains("in another order"), "\(run.command)")
      }
      let (first, second) = (folder.path("first"), folder.path("second"))
      for (data, out) in [(data, first), (turned, second)] {
        let run = try Program.run(options + ["--data", data, "--out", out, "--progress", "none"])
        #expect(run.exitCode == 0, "\(run)")
      }
      let contrast = try Program.run(["contrast", first, second])
      #expect((contrast.output + contrast.errors).contains("share no layer"), "\(contrast)")
    }

    /// Of a table they are called as its columns are.
    @Test func `has regions of its own names`() throws {
      let model = try SmallNetwork.perceptron.write(to: folder, stimuli: 2).model
      let width = SmallNetwork.perceptron.arrays(1)[0].array.elementCount
      let names = (0..<width).map { "column \($0)" }
      let rows = (0..<3).map { row in (0..<width).map { "\(($0 * 7 + row * 3) % 5 - 2)" }.joined(separator: ",") }
      let table = folder.file("table.csv", text: ([names.joined(separator: ",")] + rows).joined(separator: "\n"))
      let run = try ScanRun(["--model", model, "--data", table, "--layers", "input", "--no-tracts"], ranks: nil)
      try #require(run.command.exitCode == 0, "\(run.command)")
      let layer = try #require(try run.json("impact.json")["layer_0"] as? [String: any Sendable])
      #expect(Set(try #require(layer["grids"] as? [String: any Sendable]).keys) == Set(names))
    }

    /// An operator that hands the input on makes a layer of it, as any other.
    @Test(arguments: ["exact", "gradient"])
    func `has the ζ of a layer that equals it`(_ estimator: String) throws {
      let network = SmallNetwork.residual
      let files = try network.write(to: folder, stimuli: 3)
      var proto = network.proto
      let input = try #require(proto.graph.input.first?.name)
      for node in proto.graph.node.indices {
        proto.graph.node[node].input = proto.graph.node[node].input.map { $0 == input ? "copy" : $0 }
      }
      var copy = GraphBuilder(name: "copy")
      copy.node("Identity", [input], ["copy"])
      proto.graph.node.insert(contentsOf: copy.graph.node, at: 0)
      let model = folder.file("copied.onnx", try Model(proto: proto, label: "copied.onnx").serialized())
      let options = ["--data", files.data, "--grid", "2x2x2", "--estimator", estimator]
      let given = try ScanRun(["--model", files.model, "--layers", "input,block"] + options, ranks: 2)
      let made = try ScanRun(["--model", model, "--layers", "copy,block"] + options, ranks: nil)
      try #require(given.command.exitCode == 0 && made.command.exitCode == 0, "\(given.command) \(made.command)")
      for file in ["impact.json", "density.json", "regions.tsv", "connections.json", "pathways.tsv"] {
        func text(_ run: ScanRun) throws -> String {
          String(decoding: try #require(run.files[file], "\(file)"), as: UTF8.self).replacing("\"\(input)\"", with: "\"copy\"")
            .replacing("\t\(input)\t", with: "\tcopy\t")
        }
        #expect(try text(given) == text(made), "\(file)")
      }
    }
  }
}
