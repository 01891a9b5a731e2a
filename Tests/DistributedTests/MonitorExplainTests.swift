import Arrays
import Foundation
import ModelGraph
import TestSupport
import Testing

extension DistributedTests {
  /// What 'monitor explain' says of one stimulus.
  @Suite struct `Monitor explain` {
    private let folder = TemporaryFolder()

    /// A convolution's four channels, each weighed by a number of its own, and one output.
    private func learn(_ weights: [Float], stimuli: [Float]) throws -> (reference: String, data: String) {
      var builder = GraphBuilder(name: "weighed")
      builder.input("x", [nil, 2, 4, 4])
      var generator = WeightGenerator(seed: 5)
      builder.weight("w", [4, 2, 3, 3], generator.floats(72))
      builder.weight("b", [4], [Float](repeating: 0.5, count: 4))
      builder.node("Conv", ["x", "w", "b"], ["c"], ["pads": .ints([1, 1, 1, 1])])
      builder.node("Relu", ["c"], ["r"])
      builder.node("GlobalAveragePool", ["r"], ["g"])
      builder.node("Flatten", ["g"], ["f"])
      builder.weight("v", [4, 1], weights)
      builder.node("MatMul", ["f", "v"], ["score"])
      builder.output("score", [nil, 1])
      let model = folder.file("weighed.onnx", try Model(proto: builder.model, label: "weighed").serialized())
      let array = NumericArray(shape: [stimuli.count / 32, 2, 4, 4], floats: stimuli)
      let (data, reference) = (folder.file("x.npy", array.npyBytes()), folder.path("x.ref"))
      let learnt = try Program.run(
        ["monitor", "learn", "--model", model, "--data", data, "--layers", "r", "--grid", "1x1x4", "--out", reference])
      #expect(learnt.exitCode == 0, "\(learnt)")
      return (reference, data)
    }

    private func explain(_ reference: String, _ data: String, index: Int = 3) throws -> Command {
      try Program.run(
        [
          "monitor", "explain", reference, "--data", data, "--index", "\(index)", "--off", "1e-9", "--progress", "none", "--out",
          folder.path("explained"),
        ])
    }

    private func impact() throws -> [String: Any] {
      let bytes = TemporaryFolder.read(folder.path("explained/impact.json"))
      let content = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
      return try #require(content["layer_0"] as? [String: Any])
    }

    private func stimuli() -> [Float] {
      var generator = WeightGenerator(seed: 9)
      return generator.floats(100 * 32)
    }

    @Test func `gives a region's share of the effect where the scan does`() throws {
      let (reference, data) = try learn([1, 0.2, 6, 0.1], stimuli: stimuli())
      let explained = try explain(reference, data)
      #expect(explained.exitCode == 0, "\(explained)")
      let grids = try #require(try impact()["grids"] as? [String: [String: Any]])
      let critical = grids.values.filter { $0["critical"] as? Bool == true }
      #expect(critical.count == 1)
      let score = try #require(critical.first?["zeta_score"] as? Double)
      let row = try #require(explained.output.split(separator: "\n").first { $0.contains("its lesion takes") })
      // The numbers are the layer's z, the region's z and the score, before what the lesion takes.
      let numbers = row.split(separator: " ").compactMap { Double($0) }
      #expect(numbers.contains { abs($0 - score) < 0.006 * score }, "\(score): \(row)")
      #expect(!explained.output.contains("has no ζ scores"))
    }

    @Test func `gives none where the scan gives none, and says why`() throws {
      let (reference, data) = try learn([-1, -2, 1.5, -3], stimuli: stimuli())
      let explained = try explain(reference, data)
      #expect(explained.exitCode == 0, "\(explained)")
      let layer = try impact()
      let reason = try #require(layer["zeta_score_reason"] as? String)
      let row = explained.output.split(separator: "\n").first { $0.contains("its lesion takes") }
      #expect(row?.split(separator: " ").contains("none") == true, "\(explained.output)")
      #expect(explained.output.contains("r has no ζ scores. \(reason)"), "\(explained.output)")
    }

    @Test func `refuses what isn't finite without naming an option that it lacks`() throws {
      let usual = stimuli()
      let (reference, _) = try learn([1, 2, 3, 4], stimuli: usual)
      var broken = Array(usual[..<64])
      broken[40] = .nan
      let data = folder.file("y.npy", NumericArray(shape: [2, 2, 4, 4], floats: broken).npyBytes())
      let refused = try explain(reference, data, index: 1)
      #expect(refused.exitCode == 65 && refused.complaints.count == 1, "\(refused)")
      #expect(!refused.errors.contains("allow-nonfinite") && refused.errors.contains("layer \"r\""), "\(refused)")
      #expect(try explain(reference, data, index: 0).exitCode == 0)
    }

    @Test func `has no reference that reads another position of each stimulus`() throws {
      let files = try SmallNetwork.sequence.write(to: folder, stimuli: 40)
      for position in ["1,2,3", "last-unmasked sequence"] {
        let refused = try Program.run(
          ["monitor", "learn"] + files.options + ["--position", position, "--out", folder.path("p.ref")])
        #expect(refused.exitCode == 64 && refused.errors.contains("the same position of all stimuli"), "\(refused)")
      }
    }

    @Test func `reads one output, as its help says, and so do learn and layers`() throws {
      let (_, data) = try learn([1, 2, 3, 4], stimuli: stimuli())
      let model = folder.path("weighed.onnx")
      for command in [["monitor", "learn", "--model", model, "--data", data, "--out", folder.path("z.ref")], ["layers", model]] {
        let refused = try Program.run(command + ["--output", "score", "--output", "r"])
        #expect(refused.exitCode == 64 && refused.errors.contains("--output is given 2 times"), "\(refused)")
      }
      func help(_ command: [String]) throws -> String {
        try Program.run(command + ["--help"]).output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      }
      for command in [["monitor", "learn"], ["layers"]] {
        #expect(try help(command).contains("--output <name>") && !help(command).contains("each is scanned"))
      }
      #expect(try help(["scan"]).contains("each is scanned"))
    }
  }
}
