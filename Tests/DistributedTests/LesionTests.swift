import Arrays
import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `Lesions of one's own` {
    private let folder = TemporaryFolder()

    /// The stimuli of the residual network, and others of the same shape: what follows after them.
    private func files(_ count: Int = 4, labels: [Int]? = nil) throws -> (files: SmallNetwork.Files, others: String) {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: count, labels: labels)
      let arrays = SmallNetwork.residual.arrays(2 * count).map { name, array in
        let floats = array.floats()
        return (
          name: name,
          array: NumericArray(shape: [count] + array.shape.dropFirst(), floats: Array(floats.suffix(floats.count / 2)))
        )
      }
      let path = folder.path("others.npz")
      try writeNPZ(arrays, to: path)
      return (files, path)
    }

    /// Of a scan's first layer, ζ by stimulus, by region; v(G) and v(∅) by stimulus.
    private struct Found {
      var zeta: [[Double]]
      var full: [Double]
      var empty: [Double]
    }

    private func scan(_ options: [String]) throws -> Found {
      let output = folder.path("out")
      try? FileManager.default.removeItem(atPath: output)
      let command = try Program.run(["scan"] + options + ["--out", output, "--progress", "none"], ranks: nil)
      try #require(command.exitCode == 0, "\(command)")
      let maps = try NumericArray(contentsOfNPY: output + "/stimuli/layer_0.npy")
      let (numbers, values) = (maps.doubles(), try NumericArray(contentsOfNPY: output + "/acquisition/layer_0.npy"))
      let (regions, rows) = (maps.shape[1], values.doubles())
      return Found(
        zeta: (0..<maps.shape[0]).map { stimulus in
          (0..<regions).map { numbers[(stimulus * regions + $0) * maps.shape[2]] }
        },
        full: (0..<values.shape[0]).map { rows[$0 * values.shape[1]] },
        empty: (0..<values.shape[0]).map { rows[$0 * values.shape[1] + 1] })
    }

    private func expectEqual(_ a: [Double], _ b: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
      let scale = max(1, b.map(abs).max() ?? 0)
      #expect(a.count == b.count, sourceLocation: sourceLocation)
      for (x, y) in zip(a, b) { #expect(abs(x - y) < 2e-5 * scale, "\(a) and \(b)", sourceLocation: sourceLocation) }
    }

    @Test func `by patches lead from the stimulus to its pair, and back, and add up to what lies between`() throws {
      let (files, others) = try files()
      let exact = ["--grid", "2x2x2", "--estimator", "exact", "--samples", "40", "--target", "1", "--no-tracts"]
      for layer in ["inner", "block"] {
        let options = ["--layers", layer] + exact
        let clean = try scan(files.options + options)
        let corrupt = try scan(["--model", files.model, "--data", others] + options)
        let noising = try scan(files.options + options + ["--lesion", "patch", "--pairs", others])
        let denoising = try scan(files.options + options + ["--lesion", "restore", "--pairs", others])
        expectEqual(noising.full, clean.full)
        expectEqual(denoising.empty, corrupt.full)
        for found in [noising, denoising] {
          for (stimulus, zeta) in found.zeta.enumerated() {
            expectEqual([zeta.reduce(0, +)], [found.full[stimulus] - found.empty[stimulus]])
          }
        }
        guard layer == "block" else { continue }
        // Nothing passes by the layer, so both directions meet the same networks.
        expectEqual(noising.empty, corrupt.full)
        for (a, b) in zip(noising.zeta, denoising.zeta) { expectEqual(a, b) }
      }
    }

    @Test func `have the closed form of an affine network`() throws {
      let (files, others) = try files(labels: [0, 1, 0, 1])
      let options = ["--layers", "pooled", "--grid", "1x1x4", "--target", "1", "--no-tracts"]
      let own = try scan(files.options + options).zeta
      let their = try scan(["--model", files.model, "--data", others] + options).zeta
      func expect(_ lesion: [String], replacing: [[Double]], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let found = try scan(files.options + options + lesion).zeta
        for stimulus in own.indices {
          expectEqual(found[stimulus], zip(own[stimulus], replacing[stimulus]).map(-), sourceLocation: sourceLocation)
        }
      }
      try expect(["--lesion", "patch", "--pairs", others], replacing: their)
      try expect(["--lesion", "restore", "--pairs", others], replacing: their)
      func mean(_ a: Int, _ b: Int) -> [Double] { zip(own[a], own[b]).map { ($0 + $1) / 2 } }
      try expect(["--lesion", "mean-of-class"], replacing: [mean(0, 2), mean(1, 3), mean(0, 2), mean(1, 3)])

      let arrays = SmallNetwork.residual.arrays(1)
      let input = folder.path("input.npz")
      try writeNPZ(arrays, to: input)
      try expect(["--lesion", input], replacing: own.map { _ in own[0] })
      let zeros = folder.path("zeros.npz")
      try writeNPZ([("pooled", NumericArray(shape: [4, 1, 1], floats: [0, 0, 0, 0]))], to: zeros)
      try expect(["--lesion", zeros], replacing: own.map { $0.map { _ in 0 } })
    }

    @Test(arguments: ["patch", "restore", "gaussian", "mean-of-class", "baseline"])
    func `are the same bytes on any number of ranks, with gradients and pathways`(_ lesion: String) throws {
      let (files, others) = try files(labels: [3, 0, 0, 3])
      let baseline = folder.path("baseline.npz")
      try writeNPZ(SmallNetwork.residual.arrays(1), to: baseline)
      let kind = lesion == "baseline" ? ["--lesion", baseline] : ["--lesion", lesion]
      let pairs = ["patch", "restore"].contains(lesion) ? ["--pairs", others] : []
      let options =
        files.options + kind + pairs
        + ["--layers", "inner,block", "--grid", "4x4x2", "--estimator", "gradient", "--samples", "8", "--tracts"]
      let alone = try ScanRun(options, ranks: nil)
      try #require(alone.command.exitCode == 0, "\(alone.command)")
      #expect(try ScanRun(options, ranks: 3).results == alone.results)
      let layer = try #require(try alone.json("impact.json")["layer_0"] as? [String: any Sendable])
      #expect(layer["lesion"] as? String == lesion)
      #expect(try #require(layer["gradients"] as? [String: any Sendable])["used"] as? Bool == true)
    }

    @Test func `are compared with other methods, and gone on with by the same file alone`() throws {
      let (files, others) = try files()
      let output = folder.path("out")
      let options =
        files.options + ["--lesion", "patch", "--pairs", others, "--layers", "block", "--samples", "8", "--out", output]
      try #require(try Program.run(["scan"] + options + ["--progress", "none"], ranks: nil).exitCode == 0)
      let compared = try Program.run(["compare", output, "--out", folder.path("compared")], ranks: nil)
      #expect(compared.exitCode == 0, "\(compared)")
      try writeNPZ(SmallNetwork.residual.arrays(4), to: others)
      let again = try Program.run(["scan"] + options + ["--resume"], ranks: nil)
      #expect(again.exitCode == 64 && again.errors.contains("the file that lesions take something from has changed"), "\(again)")
      let other = try Program.run(["compare", output, "--out", folder.path("other")], ranks: nil)
      #expect(other.exitCode == 65 && other.errors.contains("has changed since the scan"), "\(other)")
    }

    @Test func `are refused in a sentence where something is missing or doesn't fit`() throws {
      let (files, others) = try files(labels: [0, 0, 1, 0])
      var written = 0
      func npz(_ name: String, _ shape: [Int], _ value: Float = 0) throws -> String {
        written += 1
        let path = folder.path("\(written).npz")
        try writeNPZ([(name, NumericArray(shape: shape, floats: [Float](repeating: value, count: shape.reduce(1, *))))], to: path)
        return path
      }
      let input = try #require(SmallNetwork.residual.arrays(1).first)
      func stimuli(_ count: Int, _ value: Float = 0) throws -> String {
        try npz(input.name, [count] + input.array.shape.dropFirst(), value)
      }
      let cases: [([String], Int, String)] = [
        (["--lesion", "patch"], 64, "give them with --pairs"),
        (["--pairs", others], 64, "is for --lesion patch and restore"),
        (["--lesion", "median"], 64, "none of zero, mean"),
        (["--lesion", "patch", "--pairs", folder.path("none.npz")], 66, "none.npz"),
        (["--lesion", "mean-of-class"], 65, "the only one of label 1"),
        (["--lesion", try npz("block", [1, 4, 5, 6])], 65, "its activations have shape [4, 6, 6]"),
        (["--lesion", try npz("inner", [4, 6, 6])], 65, "has no array of that name"),
        (["--lesion", try npz("block", [4, 6, 6], .nan)], 65, "holds NaN or infinity"),
      ]
      for (options, code, words) in cases {
        let run = try ScanRun(files.options + ["--layers", "block"] + options, ranks: nil)
        #expect(run.command.exitCode == code && run.command.complaints.count == 1, "\(run.command)")
        #expect(run.command.complaints.first?.contains(words) == true, "\(words) in \(run.command)")
      }
      for (pairs, words) in [
        (try stimuli(3), "give each of them its pair"), (try stimuli(4, .infinity), "holds NaN or infinity: mend the file"),
      ] {
        let run = try ScanRun(files.options + ["--lesion", "patch", "--pairs", pairs], ranks: 2)
        #expect(run.command.exitCode == 65 && run.command.complaints.first?.contains(words) == true, "\(run.command)")
      }
      let several = try ScanRun(files.options + ["--lesion", try stimuli(2)], ranks: nil)
      #expect(several.command.exitCode == 65 && several.command.complaints.first?.contains("a baseline is one") == true)
    }

    @Test func `to means of channels serve one stimulus, where layers have places`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 1)
      let options = files.options + ["--layers", "stem", "--grid", "2x2x1", "--estimator", "exact"]
      let found = try scan(options + ["--lesion", "channel-mean"])
      let plain = try scan(options)
      #expect(found.full[0] == plain.full[0] && abs(found.empty[0] - plain.empty[0]) > 1e-3)
      #expect(abs(found.zeta[0].reduce(0, +) - (found.full[0] - found.empty[0])) < 1e-4)

      let features = try SmallNetwork.perceptron.write(to: folder, stimuli: 1)
      let refused = try Program.run(
        ["scan"] + features.options + ["--lesion", "channel-mean", "--out", folder.path("none"), "--progress", "none"], ranks: nil
      )
      #expect(refused.exitCode == 65 && refused.errors.contains("the mean over one stimulus is its own activation"), "\(refused)")
    }

    @Test func `need labels where they are means of classes`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let run = try ScanRun(files.options + ["--lesion", "mean-of-class"], ranks: nil)
      #expect(run.command.exitCode == 64 && run.command.complaints.first?.contains("needs labels") == true, "\(run.command)")
    }
  }
}
