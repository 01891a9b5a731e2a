import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Results that are computed again from what a scan measured.
  @Suite struct `A report` {
    private let folder = TemporaryFolder()
    private var output: String { folder.path("out") }

    private func scan(_ options: [String] = [], to output: String? = nil) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6)
      let run = try Program.run(
        files.options + ["--grid", "2x2x4", "--progress", "none", "--out", output ?? self.output] + options, ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
    }

    private func report(_ options: [String] = []) throws -> Command {
      try Program.run(["report", output] + options, ranks: nil)
    }

    /// The files that differ, or are in one of them only.
    private func differences(_ one: [String: [UInt8]], _ other: [String: [UInt8]]) -> [String] {
      Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }.sorted()
    }

    @Test(arguments: [
      ["--estimator", "regression"], ["--estimator", "cubic"], ["--estimator", "leverage"],
      ["--estimator", "permutation", "--flips", "50"], ["--estimator", "gradient", "--flips", "50"],
      ["--estimator", "naive", "--lesion", "resample"], ["--index", "banzhaf", "--lesion", "mean"],
    ])
    func `gives the bytes of the scan again`(_ options: [String]) throws {
      try scan(options)
      let written = TemporaryFolder.files(below: output)
      for name in ["impact.json", "density.json", "regions.tsv"] {
        try FileManager.default.removeItem(atPath: output + "/" + name)
      }
      let again = try report()
      #expect(again.exitCode == 0, "\(again)")
      #expect(again.output.contains("critical of"))
      #expect(differences(TemporaryFolder.files(below: output), written) == [])
    }

    @Test(arguments: ["report", "--resume"])
    func `that ended while it wrote leaves a folder that says so, and is made again`(_ by: String) throws {
      try scan()
      let written = TemporaryFolder.files(below: output)
      let obstacle = output + "/regions.tsv"
      try FileManager.default.removeItem(atPath: obstacle)
      try FileManager.default.createDirectory(atPath: obstacle + "/in the way", withIntermediateDirectories: true)
      let ended = try report(["--confidence", "0.8"])
      #expect(ended.exitCode == 73, "\(ended)")
      #expect(TemporaryFolder.read(output + "/impact.json") != written["impact.json"])
      let summary = String(decoding: TemporaryFolder.read(output + "/scan.json"), as: UTF8.self)
      #expect(summary.contains("\"complete\" : false") && summary.contains("\"measured\" : true"), "\(summary)")
      try FileManager.default.removeItem(atPath: obstacle)
      if by == "report" { #expect(try report().exitCode == 0) } else { try scan(["--resume"]) }
      #expect(differences(TemporaryFolder.files(below: output), written) == [])
    }

    @Test func `gives what a scan with other options of the analysis would have given`() throws {
      let options = ["--confidence", "0.8", "--fdr", "0.2", "--flips", "20"]
      let other = folder.path("other")
      try scan(options, to: other)
      try scan()
      let again = try report(options)
      #expect(again.exitCode == 0, "\(again)")
      for name in ["impact.json", "density.json", "regions.tsv"] {
        #expect(TemporaryFolder.read(output + "/" + name) == TemporaryFolder.read(other + "/" + name), "\(name)")
      }
    }

    @Test func `gives what a scan by another estimator of the design would have given`() throws {
      let other = folder.path("other")
      try scan(["--estimator", "leverage", "--lesion", "resample"], to: other)
      try scan(["--estimator", "regression", "--lesion", "resample"])
      let written = TemporaryFolder.files(below: output)
      let again = try report(["--estimator", "leverage"])
      #expect(again.exitCode == 0, "\(again)")
      let (found, wanted) = (TemporaryFolder.files(below: output), TemporaryFolder.files(below: other))
      #expect(!differences(found, written).isEmpty)
      // scan.json tells times, measurements.json what was asked of the scan, and the page has the folder's name. What was lesioned
      // follows from the scan's own ranking.
      #expect(
        Set(differences(found, wanted)).isSubset(of: [
          "scan.json", "acquisition/measurements.json", "acquisition/answers.json", "lesions.json", "report.html",
        ]))
      #expect(try report(["--estimator", "regression"]).exitCode == 0)
      #expect(differences(TemporaryFolder.files(below: output), written) == [])
    }

    @Test func `keeps all files of a folder of one analysis`() throws {
      try scan(["--estimator", "regression"])
      let written = TemporaryFolder.files(below: output)
      let refused = try report(["--confidence", "0.8", "--only", "json"])
      #expect(
        refused.exitCode == 64 && refused.errors.contains("confidence 0.8, and there 0.95") && refused.errors.contains("--only"),
        "\(refused)")
      #expect(differences(TemporaryFolder.files(below: output), written) == [])
      // The long table is there only where it was asked for, and is written anew with the rest from then on.
      #expect(try report(["--only", "long"]).exitCode == 0)
      let long = TemporaryFolder.read(output + "/stimuli/regions.tsv")
      #expect(try report(["--confidence", "0.8"]).exitCode == 0)
      #expect(TemporaryFolder.read(output + "/stimuli/regions.tsv") != long)
      let back = try report(["--only", "tsv"])
      #expect(back.exitCode == 64 && back.errors.contains("confidence 0.95, and there 0.8"), "\(back)")
      #expect(try report(["--confidence", "0.8", "--only", "tsv"]).exitCode == 0)
      #expect(try report().exitCode == 0)
      #expect(TemporaryFolder.read(output + "/stimuli/regions.tsv") == long)
    }

    @Test func `gives the other index of a layer that was enumerated`() throws {
      let options = ["--estimator", "exact", "--grid", "1x2x4", "--samples", "32"]
      let other = folder.path("other")
      try scan(options + ["--index", "banzhaf"], to: other)
      try scan(options)
      let written = TemporaryFolder.files(below: output)
      let again = try report(["--index", "banzhaf"])
      #expect(again.exitCode == 0, "\(again)")
      for name in ["impact.json", "regions.tsv", "acquisition/design.json"] {
        #expect(TemporaryFolder.read(output + "/" + name) == TemporaryFolder.read(other + "/" + name), "\(name)")
      }
      #expect(try report().exitCode == 0)
      #expect(differences(TemporaryFolder.files(below: output), written) == [])
    }

    @Test(arguments: [
      (["--estimator", "permutation"], ["--estimator", "naive"], ["layer_0", "'naive' can't", "'permutation' can"]),
      (
        ["--estimator", "leverage"], ["--estimator", "permutation"],
        ["complement pairs", "'regression', 'cubic' and 'leverage' can"]
      ),
      (["--estimator", "regression"], ["--index", "banzhaf"], ["layer_0", "shapley", "--index banzhaf", "--estimator exact"]),
      (["--estimator", "regression", "--index", "banzhaf"], ["--estimator", "leverage"], ["banzhaf", "'regression' can"]),
    ])
    func `is refused where the design doesn't fit`(_ scanned: [String], _ options: [String], _ words: [String]) throws {
      try scan(scanned)
      let written = TemporaryFolder.files(below: output)
      let refused = try report(options)
      #expect(refused.exitCode == 64 && refused.complaints.count == 1, "\(refused)")
      for word in words { #expect(refused.errors.contains(word), "\(refused)") }
      #expect(differences(TemporaryFolder.files(below: output), written) == [])
    }

    @Test func `is refused where there is nothing to compute it from`() throws {
      let missing = try report()
      #expect(missing.exitCode == 66 && missing.errors.contains("no complete scan"), "\(missing)")
      try scan(["--no-acquisition"])
      let without = try report()
      #expect(without.exitCode == 66 && without.errors.contains("--no-acquisition"), "\(without)")
    }

    /// A file of the program as it was before the rules of a name were changed.
    private func makeOlder(_ rules: String, from now: Int) throws {
      let path = output + "/acquisition/measurements.json"
      let text = String(decoding: TemporaryFolder.read(path), as: UTF8.self)
      let older = text.replacingOccurrences(of: "\"\(rules)\":\(now)", with: "\"\(rules)\":\(now - 1)")
      #expect(older != text)
      try older.write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test("is refused where coalitions were drawn by other rules", arguments: [("zero", 2), ("resample", 3)])
    func otherRules(lesion: String, rules: Int) throws {
      try scan(["--lesion", lesion])
      try makeOlder("designVersion", from: rules)
      let refused = try report()
      #expect(refused.exitCode == 65 && refused.complaints.count == 1 && refused.errors.contains("other rules"), "\(refused)")
    }

    @Test("is refused where masks of gradient passes were drawn by other rules, and values are read still")
    func otherGradientRules() throws {
      try scan()
      try makeOlder("gradientVersion", from: 4)
      #expect(try report().exitCode == 0)
      try scan(["--estimator", "gradient"])
      try makeOlder("gradientVersion", from: 4)
      let refused = try report()
      #expect(refused.exitCode == 65 && refused.complaints.count == 1 && refused.errors.contains("other rules"), "\(refused)")
    }

    @Test func `is refused where a file is damaged or another scan's`() throws {
      try scan()
      let values = output + "/acquisition/layer_0.npy"
      _ = folder.file("out/acquisition/layer_0.npy", Array(TemporaryFolder.read(values).dropLast(4)))
      let cut = try report()
      #expect(cut.exitCode == 65 && cut.errors.contains("layer_0.npy"), "\(cut)")
      let other = folder.path("other")
      try scan(["--grid", "1x1x2"], to: other)
      _ = folder.file("out/acquisition/layer_0.npy", TemporaryFolder.read(other + "/acquisition/layer_0.npy"))
      let foreign = try report()
      #expect(foreign.exitCode == 65 && foreign.errors.contains("another scan's"), "\(foreign)")
    }

    /// Changes one place of a JSON file: keys, and numbers of elements.
    private func change(_ name: String, _ path: [String], to value: Any) throws {
      let file = output + "/" + name
      func changed(_ node: Any, _ path: ArraySlice<String>) throws -> Any {
        guard let key = path.first else { return value }
        if var list = node as? [Any], let place = Int(key) {
          list[place] = try changed(list[place], path.dropFirst())
          return list
        }
        var object = try #require(node as? [String: Any], "\(path)")
        object[key] = try changed(try #require(object[key], "\(key)"), path.dropFirst())
        return object
      }
      let whole = try JSONSerialization.jsonObject(with: Data(TemporaryFolder.read(file)))
      try JSONSerialization.data(withJSONObject: changed(whole, path[...])).write(to: URL(filePath: file))
    }

    @Test func `is refused where what a folder says can't be`() throws {
      try scan(["--estimator", "regression", "--tracts"])
      let (measured, traced) = ("acquisition/measurements.json", "connections/tracts.json")
      let changes: [(name: String, path: [String], value: Any, part: String)] = [
        (measured, ["plan", "stimulusCount"], 7, "its number of stimuli"),
        (measured, ["measurement", "pathwayCount"], 0, "its options"),
        (measured, ["plan", "rowsPerShard"], 0, "its batches and shards"),
        (measured, ["plan", "batch"], -1, "its batches and shards"),
        (measured, ["plan", "donorCount"], 6, "its number of donors"),
        (measured, ["plan", "readout", "shape"], [Int.max, 2], "its readout"),
        (measured, ["plan", "layers", "0", "number"], 3, "the numbers of its layers"),
        (measured, ["plan", "layers", "0", "shape"], [1, Int.max, Int.max, 6], "the shape of layer_0"),
        (measured, ["plan", "layers", "0", "regionCount"], 17, "the grid of layer_0"),
        (measured, ["plan", "layers", "0", "grid"], [2, 2, 3], "the grid of layer_0"),
        (measured, ["plan", "layers", "0", "designRows"], 4, "the number of rows of layer_0"),
        (measured, ["plan", "layers", "0", "budget"], Int.max, "the number of rows of layer_0"),
        (measured, ["targets"], [0, 1], "its targets"), (measured, ["targets", "0"], -1, "its targets"),
        (measured, ["predictions"], [0], "its predictions"), (measured, ["rounds"], [Any](), "its rounds"),
        (measured, ["cutDeviations"], [0], "its cut deviations"),
        (measured, ["analysis", "confidence"], 1.5, "its options of analysis"),
        (
          measured, ["analysis"],
          ["confidence": 0.95, "falseDiscoveryRate": 0.05, "signFlips": 0, "clusters": ["numbers": [0, 1]]] as [String: Any],
          "its clusters"
        ),
        (measured, ["plan", "dataCount"], 1, "the stimuli of its data"),
        (traced, ["stimulusCount"], 0, "its number of stimuli"), (traced, ["links"], [Any](), "its number of links"),
        (traced, ["links", "0", "totals"], [1.0], "link 0"),
        (traced, ["pathwayLayers", "0"], 9, "the layers of its pathways"),
        (traced, ["routes", "0", "family"], 99, "its pathways"),
        (traced, ["routes", "0", "pathway", "regions", "0"], 999, "its pathways"),
        (traced, ["values", "0"], [1.0], "its values"),
      ]
      for (name, path, value, part) in changes {
        let whole = TemporaryFolder.read(output + "/" + name)
        try change(name, path, to: value)
        let refused = try report()
        #expect(
          refused.exitCode == 65 && refused.complaints.count == 1 && refused.errors.contains("in \(part): it is damaged"),
          "\(path): \(refused)")
        _ = folder.file("out/" + name, whole)
      }
      #expect(try report().exitCode == 0)
    }
  }
}
