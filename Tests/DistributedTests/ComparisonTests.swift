import Arrays
import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Methods against each other on a finished scan.
  @Suite struct `A comparison of methods` {
    private let folder = TemporaryFolder()
    private var output: String { folder.path("out") }

    private func scan(_ network: SmallNetwork, stimuli: Int, _ options: [String]) throws {
      let files = try network.write(to: folder, stimuli: stimuli)
      let run = try Program.run(files.options + options + ["--progress", "none", "--out", output], ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
    }

    private func compare(_ options: [String] = [], ranks: Int = 2, to name: String = "compared") throws -> Command {
      try Program.run(
        ["compare", output, "--progress", "none", "--out", folder.path(name)] + options, ranks: ranks, limit: 120)
    }

    private func results(_ name: String) -> [String: [UInt8]] {
      TemporaryFolder.files(below: folder.path(name)).filter { $0.key != "comparison_times.json" }
    }

    private func json(_ name: String = "compared") throws -> [String: any Sendable] {
      let data = Data(TemporaryFolder.read(folder.path(name) + "/comparison.json"))
      return try #require(JSONSerialization.jsonObject(with: data) as? [String: any Sendable])
    }

    private func maps(_ layer: Int) throws -> (maps: NumericArray, methods: [String]) {
      let methods = try #require(json()["methods"] as? [String])
      let maps = try NumericArray(contentsOfNPY: folder.path("compared/comparison_maps/layer_\(layer).npy"))
      return (maps, methods)
    }

    /// One method's map of a stimulus.
    private func map(_ method: String, layer: Int, stimulus: Int) throws -> [Double] {
      let (maps, methods) = try maps(layer)
      let (stimuli, regions) = (maps.shape[1], maps.shape[2])
      let start = (try #require(methods.firstIndex(of: method)) * stimuli + stimulus) * regions
      return maps.doubles(start..<start + regions)
    }

    private func means(_ measure: String) throws -> [String: Double] {
      let all = try #require(json()["all_layers"] as? [String: any Sendable])
      let methods = try #require(all["methods"] as? [String: [String: any Sendable]])
      return methods.compactMapValues { ($0[measure] as? [String: any Sendable])?["mean"] as? Double }
    }

    @Test(arguments: [["--lesion", "zero"], ["--lesion", "mean", "--value", "margin"]])
    func `gives the same bytes on any number of ranks`(_ options: [String]) throws {
      try scan(.residual, stimuli: 5, ["--grid", "2x2x2", "--no-tracts"] + options)
      let run = try compare(["--stimuli", "4", "--reference", "16"], ranks: 1, to: "one")
      try #require(run.exitCode == 0 && run.output.contains("Grad-CAM"), "\(run)")
      let expected = results("one")
      #expect(expected["comparison.json"]?.isEmpty == false && expected["comparison.tsv"]?.isEmpty == false)
      #expect(expected.keys.contains { $0.hasPrefix("comparison_maps/layer_") })
      for ranks in [2, 3] {
        let again = try compare(["--stimuli", "4", "--reference", "16"], ranks: ranks, to: "more\(ranks)")
        #expect(again.exitCode == 0, "\(again)")
        #expect(results("more\(ranks)") == expected, "on \(ranks) ranks")
      }
    }

    @Test func `has maps that follow from the scan's own values where all coalitions were measured`() throws {
      try scan(.residual, stimuli: 3, ["--grid", "2x2x2", "--samples", "32", "--estimator", "exact", "--no-tracts"])
      let run = try compare(["--stimuli", "3", "--reference", "32"])
      try #require(run.exitCode == 0, "\(run)")
      let layers = try #require(json()["layers"] as? [String: any Sendable]).count
      for layer in 0..<layers {
        let values = try NumericArray(contentsOfNPY: output + "/acquisition/layer_\(layer).npy")
        let regions = try maps(layer).maps.shape[2]
        try #require(values.shape[1] == 1 << regions)
        for stimulus in 0..<3 {
          let row = values.doubles(stimulus * values.shape[1]..<(stimulus + 1) * values.shape[1])
          let (full, empty) = (row[0], row[1])
          let scale = row.map(abs).max()!
          // Row m + 1 is of the coalition whose bits are m.
          let singles = (0..<regions).map { full - row[((1 << regions) - 1) ^ (1 << $0) + 1] }
          for (own, single) in zip(try map("single_lesions", layer: layer, stimulus: stimulus), singles) {
            #expect(abs(own - single) < 1e-5 * scale)
          }
          let (reference, scanned) = (
            try map("zeta_reference", layer: layer, stimulus: stimulus), try map("zeta_scan", layer: layer, stimulus: stimulus)
          )
          for (own, other) in zip(reference, scanned) { #expect(abs(own - other) < 1e-5 * scale) }
          #expect(abs(reference.reduce(0, +) - (full - empty)) < 1e-5 * scale)
        }
      }
    }

    @Test func `has integrated gradients that add up to the effect, and shuffles scores among equally central regions`() throws {
      try scan(.residual, stimuli: 4, ["--grid", "4x4x2", "--samples", "8", "--no-tracts"])
      let run = try compare(["--stimuli", "4", "--reference", "8"])
      try #require(run.exitCode == 0, "\(run)")
      let values = try NumericArray(contentsOfNPY: output + "/acquisition/layer_0.npy")
      let columns = values.shape[1]
      for stimulus in 0..<4 {
        let numbers = values.doubles(stimulus * columns..<(stimulus + 1) * columns)
        // Rows of gradient passes begin with v, and have a derivative by each region behind it.
        let width = try design(layer: 0) == "gradients" ? 33 : 1
        let effect = numbers[0] - numbers[width]
        let integrated = try map("integrated_gradients", layer: 0, stimulus: stimulus)
        #expect(abs(integrated.reduce(0, +) - effect) < 0.02 * abs(effect), "\(integrated.reduce(0, +)) of \(effect)")

        let (reference, central) = (
          try map("zeta_reference", layer: 0, stimulus: stimulus), try map("random_central", layer: 0, stimulus: stimulus)
        )
        #expect(reference != central)
        let rings = Dictionary(grouping: 0..<32) { region in
          let (i, j) = (region / 8, region / 2 % 4)
          return (2 * i - 3) * (2 * i - 3) + (2 * j - 3) * (2 * j - 3)
        }
        for ring in rings.values {
          #expect(ring.map { reference[$0] }.sorted() == ring.map { central[$0] }.sorted())
        }
      }
    }

    private func design(layer: Int) throws -> String {
      let data = Data(TemporaryFolder.read(output + "/acquisition/measurements.json"))
      let stored = try #require(JSONSerialization.jsonObject(with: data) as? [String: any Sendable])
      let plan = try #require(stored["plan"] as? [String: any Sendable])
      return try #require((plan["layers"] as? [[String: any Sendable]])?[layer]["design"] as? String)
    }

    @Test func `finds that the phantom's answer goes faster with ζ's regions than with random ones`() throws {
      let run = try Program.run(["--stimuli", "4", "--no-tracts", "--progress", "none", "--out", output], ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
      let compared = try compare(["--layers", "3", "--stimuli", "3", "--reference", "4"])
      try #require(compared.exitCode == 0, "\(compared)")
      let (deletion, insertion) = (try means("deletion"), try means("insertion"))
      for method in ["zeta_reference", "zeta_scan", "zeta_32_gradient_passes"] {
        #expect(try #require(deletion[method]) < #require(deletion["random"]) - 0.3, "\(method)")
        #expect(try #require(insertion[method]) > #require(insertion["random"]) + 0.3, "\(method)")
      }
      let (same, noticed) = (try means("randomised_rank_correlation")["density"], try means("randomised_rank_correlation"))
      #expect(same == 1)
      #expect(abs(try #require(noticed["zeta_32_gradient_passes"])) < 0.5)
    }

    @Test func `tells who can't be compared, and where files are looked for`() throws {
      try scan(.residual, stimuli: 3, ["--grid", "2x2x2", "--samples", "8", "--no-tracts"])
      let absent = try Program.run(["compare", folder.path("absent")], ranks: 2)
      #expect(absent.exitCode == 66 && absent.errors.contains("no complete scan"), "\(absent)")
      for options in [["--layers", "7"], ["--layers", "a"], ["--stimuli", "1"], ["--reference", "0"]] {
        let run = try compare(options)
        #expect(run.exitCode == 64 && run.errors.contains(options[0]), "\(run)")
      }
      // A place that can't be written is refused before anything is measured.
      let place = folder.file("place", text: "")
      let nowhere = try Program.run(["compare", output, "--out", place + "/x", "--layers", "7"], ranks: 2)
      #expect(nowhere.exitCode == 73 && nowhere.complaints.count == 1, "\(nowhere)")
      let elsewhere = TemporaryFolder()
      let other = try SmallNetwork.residual.write(to: elsewhere, stimuli: 4)
      let changed = try compare(["--data", other.data])
      #expect(changed.exitCode == 65 && changed.errors.contains("isn't the scan's stimuli"), "\(changed)")
      let moved = folder.path("moved.onnx")
      let model = try #require(FileManager.default.contentsOfDirectory(atPath: folder.path("")).first { $0.hasSuffix(".onnx") })
      try FileManager.default.moveItem(atPath: folder.path(model), toPath: moved)
      let gone = try compare()
      #expect(gone.exitCode == 66 && gone.errors.contains("--model"), "\(gone)")
      let found = try compare(["--model", moved, "--stimuli", "3", "--reference", "8"])
      #expect(found.exitCode == 0, "\(found)")
    }

    @Test func `refuses lesions that are drawn`() throws {
      try scan(.residual, stimuli: 3, ["--grid", "2x2x2", "--samples", "40", "--lesion", "resample", "--no-tracts"])
      let run = try compare()
      #expect(run.exitCode == 64 && run.errors.contains("--lesion resample"), "\(run)")
    }
  }
}
