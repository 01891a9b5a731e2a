import Arrays
import Foundation
import Phantom
import Stimuli
import TestSupport
import Testing

extension DistributedTests {
  /// Stimuli that are a stream in time.
  @Suite struct `A stream` {
    private let folder = TemporaryFolder()

    private static let windows = ["--window", "16", "--step", "8", "--window-stimuli", "2", "--grid", "2x2x2"]

    private func scan(_ options: [String], stimuli: Int = 200, ranks: Int? = 2) throws -> ScanRun {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: stimuli)
      return try ScanRun(
        files.options + ["--stream", "all", "--samples", "8"] + Self.windows + options, ranks: ranks)
    }

    @Test func `gives the same bytes on any number of ranks`() throws {
      let reference = try scan([], ranks: nil)
      try #require(reference.command.exitCode == 0, "\(reference.command)")
      for name in ["consistency.json", "eeg/stream.edf", "acquisition/stream_layer_0.npy"] {
        #expect(reference.results[name]?.isEmpty == false, "\(name)")
      }
      for ranks in [2, 3] {
        let run = try scan([], ranks: ranks)
        #expect(run.command.exitCode == 0, "\(run.command)")
        #expect(Set(run.results.keys.filter { run.results[$0] != reference.results[$0] }) == [], "on \(ranks) ranks")
        #expect(run.results.keys.sorted() == reference.results.keys.sorted())
      }
    }

    /// More happens in a record than EDF+ can hold: a short stream at a high rate is one record.
    @Test func `has results without the file that can't hold them`() throws {
      let run = try scan(["--sampling-rate", "1000", "--step", "1", "--layers", "all"])
      #expect(run.command.exitCode == 0, "\(run.command)")
      #expect(run.command.output.contains("No eeg/: ") && run.command.output.contains("states and anomalies"), "\(run.command)")
      #expect(!run.command.output.contains(", eeg/"), "\(run.command)")
      #expect(run.results["eeg/stream.edf"] == nil && run.results["consistency.json"]?.isEmpty == false)
    }

    @Test func `is recorded in order and scanned evenly`() throws {
      let run = try scan(["--stream", "150"])
      try #require(run.command.exitCode == 0, "\(run.command)")
      let stream = try #require(run.json("scan.json")["stream"] as? [String: any Sendable])
      #expect(stream["count"] as? Int == 150)
      let scanned = try #require(stream["scanned"] as? [Int])
      // 17 windows reach up to stimulus 144, and one of each 8 is scanned.
      #expect(scanned.map { $0 / 8 } == Array(0..<18))
      let content = try run.json("consistency.json")
      #expect(content["windows"] as? Int == 17 && content["stimuli"] as? Int == 150)
      let layers = try #require(content["layers"] as? [String: [String: any Sendable]])
      for (name, layer) in layers {
        let number = try #require(Int(name.dropFirst(6)))
        let path = folder.file("stream.npy", try #require(run.files["acquisition/stream_layer_\(number).npy"]))
        let record = try NumericArray(contentsOfNPY: path)
        let columns = record.shape[1]
        #expect(record.shape[0] == 150)
        let windows = try #require(layer["windows"] as? [[String: any Sendable]])
        for window in windows {
          let start = try #require(window["start"] as? Int)
          let rows = (start..<start + 16).map { record.doubles($0 * columns..<($0 + 1) * columns) }
          let level = rows.reduce(0) { $0 + $1[0] } / 16
          #expect(try abs(#require(window["level"] as? Double) - level) < 1e-6)
          let density = rows.reduce(0) { $0 + $1[2...].reduce(0, +) / Double(columns - 2) } / 16
          #expect(try abs(#require(window["density"] as? Double) - density) < 1e-6)
          #expect(window["zeta"] is Double)
        }
      }
    }

    /// What is shown for a whole window tells as much as one stimulus does: errors and contrasts are those of a scan of one of each.
    @Test func `of stimuli that go on has the errors of one of each`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6)
      let (one, many) = (folder.path("one.npz"), folder.path("many.npz"))
      let size = 2 * 6 * 6
      let pictures = (0..<6).map { picture in
        (0..<size).map { Float((picture * size + $0) * 37 % 101) / 50 - 1 }
      }
      let numbers: [Float] = pictures.flatMap(\.self)
      let repeated: [Float] = (0..<96).flatMap { pictures[$0 / 16] }
      try writeNPZ([("image", NumericArray(shape: [6, 2, 6, 6], floats: numbers))], to: one)
      try writeNPZ([("image", NumericArray(shape: [96, 2, 6, 6], floats: repeated))], to: many)
      let options = [
        "--model", files.model, "--layers", "block", "--grid", "2x2x2", "--estimator", "exact", "--value", "margin", "--target",
        "1",
        "--no-tracts", "--progress", "none",
      ]
      var texts: [[String]] = []
      for (data, stream, out) in [
        (one, [], "once"), (many, ["--stream", "all", "--window", "16", "--step", "16", "--window-stimuli", "16"], "often"),
      ] {
        let run = try Program.run(["scan"] + options + ["--data", data, "--out", folder.path(out)] + stream, ranks: 2)
        try #require(run.exitCode == 0, "\(run)")
        #expect(run.errors.contains("across stimuli come from its 6 stretches") == !stream.isEmpty, "\(run)")
        let lengths = stream.isEmpty ? 1 : 16
        let groups = folder.file("\(out).txt", text: (0..<6 * lengths).map { $0 / lengths % 2 == 0 ? "a\n" : "b\n" }.joined())
        let contrast = try Program.run(["contrast", folder.path(out), "--groups", groups])
        try #require(contrast.exitCode == 0, "\(contrast)")
        #expect(contrast.output.contains("means of stretches") == !stream.isEmpty)
        texts.append(
          ["regions.tsv", "contrast.tsv"].map {
            String(decoding: TemporaryFolder.read(folder.path("\(out)/\($0)")), as: UTF8.self)
          })
      }
      for (file, columns) in [(0, ["zeta", "standard_error", "p_value"]), (1, ["effect", "standard_error", "t", "p_value"])] {
        let tables = texts.map { text in
          text[file].split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
        }
        for column in columns {
          let place = try #require(tables[0][0].firstIndex(of: column), "\(column) of \(tables[0][0])")
          #expect(tables[0].count == tables[1].count)
          for (once, often) in zip(tables[0], tables[1]).dropFirst() {
            let (a, b) = (try #require(Double(once[place])), try #require(Double(often[place])))
            #expect(abs(a - b) <= 1e-5 * max(abs(a), 1e-3), "\(column): \(once) \(often)")
          }
        }
      }
      let errors = try ["once", "often"].map { out in
        let impact = try JSONSerialization.jsonObject(with: Data(TemporaryFolder.read(folder.path("\(out)/impact.json"))))
        let layer = try #require((impact as? [String: any Sendable])?["layer_0"] as? [String: any Sendable])
        let pairs = try #require(layer["interactions"] as? [[String: any Sendable]])
        return try pairs.map { try #require($0["standard_error"] as? Double) }.sorted()
      }
      #expect(errors[0].count > 3 && errors[0].count == errors[1].count)
      for (once, often) in zip(errors[0], errors[1]) { #expect(abs(once - often) <= 1e-5 * max(once, 1e-3)) }
      // With the stream in front or behind, pairs go by its stretches.
      let plain = try Program.run(["scan"] + options + ["--data", many, "--out", folder.path("plain")], ranks: 2)
      try #require(plain.exitCode == 0, "\(plain)")
      for (first, second) in [("plain", "often"), ("often", "plain")] {
        let contrast = try Program.run(["contrast", folder.path(first), folder.path(second)])
        #expect(contrast.exitCode == 0 && contrast.output.contains("means of stretches"), "\(contrast)")
        #expect(contrast.output.contains("64 divisions"), "\(contrast)")
      }
    }

    /// A record's mean|a| and densities are those of the scan's own observation of the same stimulus.
    @Test func `records what a scan of the same stimuli observes`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 40)
      let options = files.options + ["--samples", "8", "--grid", "2x2x2", "--layers", "block"]
      let stream = try ScanRun(
        options + ["--stream", "all", "--window", "16", "--window-stimuli", "16"], ranks: nil)
      try #require(stream.command.exitCode == 0, "\(stream.command)")
      let record = try NumericArray(
        contentsOfNPY: folder.file("record.npy", try #require(stream.files["acquisition/stream_layer_0.npy"])))
      let columns = record.shape[1]
      let plain = try ScanRun(options + ["--stimuli", "40"], ranks: nil)
      let density = try #require(plain.json("density.json")["layer_0"] as? [String: any Sendable])
      let mean = (0..<40).reduce(0) { $0 + record.doubles($1 * columns..<$1 * columns + 1)[0] } / 40
      #expect(try abs(mean / (#require(density["mean_abs"] as? Double)) - 1) < 1e-6)
    }

    @Test func `is written as EDF+ with the values that were recorded`() throws {
      let run = try scan([])
      let file = try EDFContent(#require(run.files["eeg/stream.edf"]))
      let layers = try #require(run.json("consistency.json")["layers"] as? [String: any Sendable])
      #expect(file.isContinuous && file.signals.count == layers.count)
      for (number, signal) in file.signals.enumerated() {
        #expect(signal.label == "layer_\(number)")
        let record = try NumericArray(
          contentsOfNPY: folder.file(
            "record\(number).npy", try #require(run.files["acquisition/stream_layer_\(number).npy"])))
        let columns = record.shape[1]
        let expected = (0..<200).map { record.doubles($0 * columns..<$0 * columns + 1)[0] }
        let step = (signal.maximum - signal.minimum) / 65535
        for (value, wanted) in zip(signal.values, expected) { #expect(abs(value - wanted) <= 0.501 * step) }
        #expect(signal.values.count == 256)
      }
      let texts = file.annotations
      #expect(texts.contains("window 0") && texts.contains("end of stream"))
      #expect(texts.contains { $0.hasPrefix("layer_0 rhythm ") } && texts.contains { $0.hasPrefix("layer_0 place ") })
    }

    @Test func `is reported again with the same bytes`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 120)
      let output = folder.path("out")
      let first = try Program.run(
        files.options + ["--stream", "all", "--samples", "8", "--out", output, "--progress", "none"] + Self.windows,
        ranks: 2)
      try #require(first.exitCode == 0, "\(first)")
      #expect(first.output.contains("Consistency of rhythm and place"))
      let written = TemporaryFolder.files(below: output)
      try FileManager.default.removeItem(atPath: output + "/consistency.json")
      try FileManager.default.removeItem(atPath: output + "/eeg")
      let again = try Program.run(["report", output])
      #expect(again.exitCode == 0 && again.output.contains("Consistency of rhythm and place"), "\(again)")
      let after = TemporaryFolder.files(below: output)
      #expect(Set(written.keys.filter { written[$0] != after[$0] }) == [])
    }

    @Test(
      arguments: [
        (["--stream", "0"], 64, "--stream 0"), (["--window", "32"], 64, "--window is for streams"),
        (["--stream", "all", "--window", "4"], 64, "--window 4"),
        (["--stream", "all", "--stimuli", "3"], 64, "--window-stimuli"),
        (["--stream", "all", "--window", "500"], 64, "stream of 200 stimuli"),
        (["--stream", "all", "--reference", "9-3"], 64, "--reference 9-3"),
        (["--stream", "all", "--no-acquisition"], 64, "--no-acquisition"),
        (["--stream", "all", "--window-stimuli", "17"], 64, "--window-stimuli 17"),
        (["--stream", "all", "--sampling-rate", "0"], 64, "--sampling-rate"),
        (["--stream", "all", "--part", "1/2"], 64, "--part"),
      ] as [([String], Int, String)])
    func `is refused where it can't be one`(_ options: [String], _ code: Int, _ word: String) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 200)
      let window = options.contains("--window") || !options.contains("all") ? [] : ["--window", "16"]
      let run = try ScanRun(files.options + window + options, ranks: 2)
      #expect(run.command.exitCode == code && run.command.errors.contains(word), "\(run.command)")
    }

    /// The movie's consistency.json.
    private func movie(_ order: MoviePhantom.Order, _ options: [String]) throws -> [String: any Sendable] {
      let place = folder.path(order.rawValue)
      try MoviePhantom(segmentCount: 20, seed: 5, order: order).write(to: place)
      let run = try ScanRun(
        [
          "--model", place + "/model.onnx", "--data", place + "/stimuli.bin", "--layers", "block2", "--grid", "2x2x2",
          "--target", "label", "--samples", "8", "--no-tracts",
        ] + options, ranks: 2, limit: 300)
      try #require(run.command.exitCode == 0, "\(run.command)")
      return try run.json("consistency.json")
    }

    /// A short movie: its reference is too short for the states of Docs/validation.md, which are right in 9 of 10 windows.
    @Test func `of a movie has the planted rhythms and corruptions`() throws {
      let content = try movie(
        .planted, ["--stream", "all", "--step", "128", "--reference", "0-2560", "--window-stimuli", "4"])
      let consistency = try #require(content["consistency"] as? [String: any Sendable])
      for name in ["rhythm_reliability", "place_reliability"] {
        let reliability = try #require(consistency[name] as? [String: any Sendable])
        #expect(try #require(reliability["value"] as? Double) > 0.8, "\(name): \(reliability)")
      }
      let layers = try #require(content["layers"] as? [String: [String: any Sendable]])
      let windows = try JSONDecoder().decode(
        [MovieVerdict.Window].self,
        from: JSONSerialization.data(withJSONObject: try #require(layers["layer_0"]?["windows"])))
      let truth = try JSONDecoder().decode(
        MovieTruth.self, from: Data(TemporaryFolder.read(folder.path("planted/truth.json"))))
      let verdict = MovieVerdict(
        windows, truth: truth, resolution: try #require(content["window_resolution_hz"] as? Double))
      #expect(verdict.frequencies.value > 0.95 && verdict.bands.value > 0.95, "\(verdict)")
      #expect(verdict.temporalDetection > 0.95 && verdict.spatialDetection > 0.95, "\(verdict)")
      #expect(verdict.temporalStates.value >= 0.7 && verdict.spatialStates.value >= 0.7, "\(verdict)")
    }

    @Test(arguments: [MoviePhantom.Order.shuffled, .noise])
    func `without time has a consistency that chance explains`(_ order: MoviePhantom.Order) throws {
      let content = try movie(order, ["--stream", "1600", "--window", "32", "--step", "32", "--window-stimuli", "2"])
      let consistency = try #require(content["consistency"] as? [String: any Sendable])
      for name in ["score", "gamma_zeta_correlation"] {
        let measure = try #require(consistency[name] as? [String: any Sendable])
        let value = try #require(measure["value"] as? Double)
        let chance = try #require(measure["by_chance"] as? Double)
        #expect(try #require(measure["p_value"] as? Double) > 0.05, "\(measure)")
        #expect(abs(value - chance) < 0.2, "\(measure)")
        #expect(measure["verdict"] as? String == "fail")
      }
    }
  }
}
