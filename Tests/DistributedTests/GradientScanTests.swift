import Arrays
import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `A scan by gradients` {
    private let folder = TemporaryFolder()
    private var output: String { folder.path("out") }
    private var interrupted: InterruptedScan { InterruptedScan(output: output) }

    private func options(_ estimator: String, samples: String, stimuli: Int = 8) throws -> [String] {
      try SmallNetwork.residual.write(to: folder, stimuli: stimuli).options + [
        "--estimator", estimator, "--samples", samples, "--grid", "3x3x4", "--no-tracts", "--progress", "none",
      ]
    }

    /// By layer and region: ζ with its interval.
    private func zeta(_ run: ScanRun) throws -> [String: (mean: Double, low: Double, high: Double)] {
      var found: [String: (mean: Double, low: Double, high: Double)] = [:]
      for (layer, content) in try run.json("impact.json") {
        let grids = try #require((content as? [String: any Sendable])?["grids"] as? [String: [String: any Sendable]])
        for (region, values) in grids {
          let interval = try #require(values["zeta_confidence_interval"] as? [Double])
          found["\(layer)/\(region)"] = (try #require(values["zeta"] as? Double), interval[0], interval[1])
        }
      }
      return found
    }

    /// Whatever a small layer's coalitions cost beside an estimate, nothing is as good as all of them.
    @Test func `leaves layers to all their coalitions where those cost next to nothing, and no samples are asked for`() throws {
      let options = try SmallNetwork.residual.write(to: folder, stimuli: 8).options + ["--grid", "2x2x2", "--no-tracts"]
      func scan(_ more: [String]) throws -> [(estimator: String, rows: Int)] {
        let run = try ScanRun(options + more, ranks: nil)
        #expect(run.command.exitCode == 0, "\(run.command)")
        return try run.json("impact.json").values.map { content in
          let content = try #require(content as? [String: any Sendable])
          return (
            try #require(content["estimator"] as? String), try #require(content["evaluations_per_series"] as? Int)
          )
        }
      }
      let layers = try scan([])
      #expect(layers.contains { $0.estimator == "exact" })
      #expect(layers.allSatisfy { $0.estimator == "affine" || $0.estimator == "exact" && $0.rows == 256 }, "\(layers)")
      for more in [["--samples", "16"], ["--estimator", "gradient"], ["--lesion", "resample"], ["--keep-scores"]] {
        #expect(try scan(more).allSatisfy { $0.estimator != "exact" }, "\(more)")
      }
    }

    @Test func `says where exact values took the place of gradients that were asked for`() throws {
      let options = try SmallNetwork.residual.write(to: folder, stimuli: 2).options + ["--grid", "2x2x2", "--no-tracts"]
      let run = try ScanRun(options + ["--layers", "inner", "--estimator", "gradient", "--samples", "32"], ranks: nil)
      let layer = try #require(try run.json("impact.json")["layer_0"] as? [String: any Sendable])
      #expect(layer["estimator"] as? String == "exact")
      let note = "No gradients are taken of layer_0 (inner): passes by values give exact"
      #expect(run.command.errors.contains(note), "\(run.command)")
    }

    @Test(arguments: [("0.9", 8), ("0.97", 16)])
    func `leaves single maps of few regions to as many values, however many stimuli there are`(reliability: String, samples: Int)
      throws
    {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 140)
      let run = try ScanRun(
        files.options + ["--layers", "inner", "--grid", "3x3x4", "--per-stimulus", reliability, "--no-tracts"], ranks: nil)
      let layer = try #require(try run.json("impact.json")["layer_0"] as? [String: any Sendable])
      let passes = try #require(layer["evaluations_per_series"] as? Int)
      let regions = try #require((layer["grids"] as? [String: any Sendable])?.count)
      #expect(layer["estimator"] as? String != "gradient" && abs(passes - samples * regions) <= 2, "\(passes) of \(regions)")
    }

    @Test func `finds what one by values does, within the errors of both`() throws {
      let gradients = try ScanRun(options("gradient", samples: "40"), ranks: 2)
      let values = try ScanRun(options("regression", samples: "200"), ranks: 2)
      #expect(gradients.command.exitCode == 0 && values.command.exitCode == 0, "\(gradients.command)")
      let (mine, truth) = (try zeta(gradients), try zeta(values))
      #expect(mine.count == truth.count && !mine.isEmpty)
      let scale = truth.values.map { abs($0.mean) }.max() ?? 0
      for (region, one) in mine {
        let other = try #require(truth[region])
        #expect(abs(one.mean - other.mean) < 0.1 * scale + (one.high - one.low) / 2, "\(region)")
      }
    }

    @Test func `goes on to the same bytes after it was stopped, on another number of ranks`() throws {
      let options = try options("gradient", samples: "3000", stimuli: 16)
      let whole = folder.path("whole")
      let reference = try Program.run(options + ["--out", whole], ranks: 2)
      #expect(reference.exitCode == 0, "\(reference)")
      let stopped = try interrupted.run(options, ranks: 2) { ranks in for rank in ranks { kill(rank, SIGTERM) } }
      #expect(stopped.exitCode == 75, "\(stopped)")
      let finished = try Program.run(options + ["--out", output, "--resume"], ranks: 3)
      #expect(finished.exitCode == 0, "\(finished)")
      #expect(interrupted.differences(from: whole) == [])
    }

    @Test func `isn't said to get what values would need`() throws {
      let run = try ScanRun(options("gradient", samples: "1"), ranks: nil)
      #expect(run.command.exitCode == 0 && run.command.output.contains("gradient passes"), "\(run.command)")
      #expect(!run.command.output.contains("the least that"), "\(run.command)")
    }

    @Test func `says of every stimulus what its map is and how far it can be trusted`() throws {
      let run = try ScanRun(options("gradient", samples: "40"), ranks: 1)
      #expect(run.command.exitCode == 0, "\(run.command)")
      for (layer, content) in try run.json("stimuli/stimuli.json") {
        let content = try #require(content as? [String: any Sendable])
        let reliability = try #require(content["reliability"] as? [Double])
        #expect(reliability.count == 8 && reliability.allSatisfy { (0...1).contains($0) })
        let file = try #require(run.files["stimuli/\(layer).npy"])
        #expect(String(decoding: file.prefix(128), as: UTF8.self).contains("'shape': (8, 36, 6)"))
      }
    }

    @Test func `gives single maps and their mean from the same acquisition`() throws {
      let run = try ScanRun(options("regression", samples: "8"), ranks: 1)
      #expect(run.command.exitCode == 0, "\(run.command)")
      for (layer, content) in try run.json("impact.json") {
        let content = try #require(content as? [String: any Sendable])
        let grids = try #require(content["grids"] as? [String: [String: any Sendable]])
        let maps = try NumericArray(contentsOfNPY: folder.file("maps.npy", #require(run.files["stimuli/\(layer).npy"])))
        let names = try #require(
          (try run.json("stimuli/stimuli.json")[layer] as? [String: any Sendable])?["regions"] as? [String])
        #expect(maps.shape == [8, names.count, 6])
        let numbers = maps.doubles(0..<maps.elementCount)
        for (region, name) in names.enumerated() {
          let zeta = (0..<8).map { numbers[6 * (names.count * $0 + region)] }
          let errors = (0..<8).map { numbers[6 * (names.count * $0 + region) + 1] }
          let mean = try #require(grids[name]?["zeta"] as? Double)
          #expect(abs(zeta.reduce(0, +) / 8 - mean) < 1e-5 * (1 + abs(mean)))
          let fixed = try #require(grids[name]?["these_stimuli"] as? [String: any Sendable])
          let error = try #require(fixed["standard_error"] as? Double)
          #expect(abs((errors.reduce(0) { $0 + $1 * $1 }).squareRoot() / 8 - error) < 1e-5 * (1 + error))
        }
      }
    }

    @Test func `takes channels out and asks about stimuli that it didn't scan`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 20, labels: (0..<20).map { $0 % 3 })
      let options = files.options + ["--grid", "channels", "--no-tracts", "--stimuli", "8", "--samples", "40"]
      let (one, two) = (try ScanRun(options, ranks: 1), try ScanRun(options, ranks: 2))
      #expect(one.command.exitCode == 0 && one.results == two.results, "\(one.command)")
      var tried = 0
      for (layer, content) in try one.json("lesions.json") {
        let content = try #require(content as? [String: any Sendable])
        guard let trial = content["pruning_trial"] as? [String: any Sendable] else { continue }
        tried += 1
        #expect(trial["stimuli"] as? Int == 12)
        let removals = try #require(trial["removals"] as? [[String: any Sendable]])
        #expect(Set(removals.compactMap { $0["criterion"] as? String }).count == 4)
        let number = layer.dropFirst("layer_".count)
        #expect(one.files["maps/sub-network/func/sub-network_task-lesion_space-layer\(number)_desc-channels_stats.tsv"] != nil)
        #expect(one.command.output.contains("channel "))
      }
      #expect(tried > 0)
    }

    @Test(arguments: ["zero", "mean"])
    func `asks the network what it answers without what it found`(lesion: String) throws {
      let run = try ScanRun(options("gradient", samples: "40") + ["--lesion", lesion], ranks: 2)
      #expect(run.command.exitCode == 0, "\(run.command)")
      let alone = try ScanRun(options("gradient", samples: "40") + ["--lesion", lesion], ranks: 1)
      #expect(run.results == alone.results)
      for (layer, content) in try run.json("impact.json") {
        let content = try #require(content as? [String: any Sendable])
        let lesions = try #require(try run.json("lesions.json")[layer] as? [String: any Sendable])
        let trials = try #require(lesions["lesion_trials"] as? [String: any Sendable])
        let everything = try #require(trials["everything"] as? [String: any Sendable])
        let otherwise = try #require(trials["everything_otherwise"] as? [String: any Sendable])
        #expect(
          everything["lesion"] as? String == lesion && otherwise["lesion"] as? String == (lesion == "zero" ? "mean" : "zero"))
        let outcomes = try #require(trials["trials"] as? [[String: any Sendable]])
        let all = try #require(outcomes.first { $0["choice"] as? String == "all" })
        // All lesioned is v(∅), which the effect is measured from.
        let (loss, effect) = (try #require(all["mean_loss"] as? Double), try #require(content["effect"] as? Double))
        #expect(abs(loss - effect) < 1e-4 * max(1, abs(effect)))
        #expect(outcomes.contains { $0["choice"] as? String == "random" })
        let answers = try #require(content["answers"] as? [String: any Sendable])
        #expect(answers["critical_these_stimuli"] is Int && answers["sentence"] is String)
      }
    }

    @Test func `is refused where lesions are drawn, with what serves`() throws {
      let run = try ScanRun(options("gradient", samples: "10") + ["--lesion", "resample"], ranks: 1)
      #expect(run.command.exitCode == 64 && run.command.errors.contains("--estimator regression"), "\(run.command)")
    }

    @Test func `isn't trusted where probes speak against gradients that were asked for`() throws {
      let files = try SmallNetwork.steep.write(to: folder, stimuli: 8)
      let options =
        files.options + ["--layers", "hidden", "--regions", "units", "--samples", "8", "--no-tracts", "--progress", "none"]
      let forced = try ScanRun(options + ["--estimator", "gradient"], ranks: 1)
      #expect(
        forced.command.exitCode == 0 && forced.command.output.contains("Measured by gradients, as was asked for"),
        "\(forced.command)")
      let notes = try #require(try forced.json("scan.json")["notes"] as? [String])
      #expect(notes.contains { $0.contains("of layer_0 may be far off") && $0.contains("--lesion mean") }, "\(notes)")
      let free = try ScanRun(options, ranks: 1)
      #expect(free.command.exitCode == 0 && !free.command.output.contains("gradient passes a stimulus"), "\(free.command)")
      #expect(try free.json("scan.json")["notes"] as? [String] == [])
    }

    /// Derivatives don't see jumps, and many stimuli don't make up for it.
    @Test(arguments: [0.4, 0]) func `measures by values what jumps, and by gradients what could and doesn't`(threshold: Float)
      throws
    {
      let files = try SmallNetwork.gated(threshold: threshold).write(to: folder, stimuli: 64)
      let run = try ScanRun(files.options + ["--layers", "hidden", "--regions", "units", "--no-tracts"], ranks: nil)
      let layer = try #require(try run.json("impact.json")["layer_0"] as? [String: any Sendable])
      let gradients = try #require(layer["gradients"] as? [String: any Sendable])
      #expect(gradients["used"] as? Bool == (threshold == 0), "\(gradients)")
      let reason = try #require(gradients["reason"] as? String)
      #expect(reason.contains("where the network decides (ThresholdedRelu") == (threshold > 0), "\(reason)")
    }

    @Test func `measures by values what has no rule, and says so`() throws {
      let files = try SmallNetwork.stubbornSequence.write(to: folder, stimuli: 4)
      let run = try ScanRun(files.options + ["--samples", "20", "--no-tracts"], ranks: 1)
      #expect(run.command.exitCode == 0, "\(run.command)")
      for (_, content) in try run.json("impact.json") {
        let content = try #require(content as? [String: any Sendable])
        let gradients = content["gradients"] as? [String: any Sendable]
        #expect((gradients?["used"] as? Bool == true) == (content["estimator"] as? String == "gradient"))
        if let gradients { #expect((gradients["reason"] as? String)?.isEmpty == false) }
      }
      let reasons = try run.json("impact.json").values.compactMap {
        (($0 as? [String: any Sendable])?["gradients"] as? [String: any Sendable])?["reason"] as? String
      }
      #expect(reasons.contains { $0.hasPrefix("Measured by values") }, "\(reasons)")
    }
  }
}
