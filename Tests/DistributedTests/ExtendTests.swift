import Arrays
import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `An extended scan` {
    private let folder = TemporaryFolder()

    /// The files of a scan, and of one that is extended to the same.
    private func compare(
      _ options: [String], from first: [String], by added: [String], to whole: [String]
    ) throws {
      let (small, large) = (folder.path("small"), folder.path("large"))
      let command = try Program.run(["scan"] + options + first + ["--out", small, "--progress", "none"], ranks: nil)
      try #require(command.exitCode == 0, "\(command)")
      let before = TemporaryFolder.files(below: small)
      let extended = try Program.run(["extend", small] + added + ["--out", large, "--progress", "none"], ranks: 2)
      try #require(extended.exitCode == 0, "\(extended)")
      let direct = try ScanRun(options + whole, ranks: nil)
      try #require(direct.command.exitCode == 0, "\(direct.command)")
      var files = TemporaryFolder.files(below: large)
      let summary = try #require(files["scan.json"])
      files["scan.json"] = nil
      #expect(files.keys.sorted() == direct.results.keys.sorted())
      for (path, bytes) in direct.results { #expect(files[path] == bytes, "\(path)") }
      #expect(try Self.comparable(summary) == Self.comparable(try #require(direct.files["scan.json"])))
      let isUntouched = TemporaryFolder.files(below: small) == before
      #expect(isUntouched)
    }

    /// `scan.json` without times and ranks.
    private static func comparable(_ bytes: [UInt8]) throws -> String {
      var content = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
      for key in ["ranks", "timings_seconds", "idle_share", "checkpoint_seconds", "earlier_passes", "evaluations_per_second"] {
        content[key] = nil
      }
      return String(decoding: try JSONSerialization.data(withJSONObject: content, options: .sortedKeys), as: UTF8.self)
    }

    @Test(arguments: [[], ["--estimator", "gradient"], ["--lesion", "restore"]])
    func `by stimuli is that of all of them, to the byte`(_ kind: [String]) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 7)
      let pairs = folder.path("pairs.npz")
      try writeNPZ(
        SmallNetwork.residual.arrays(7).map { name, array in
          (name, NumericArray(shape: array.shape, floats: array.floats().reversed()))
        }, to: pairs)
      let options =
        files.options + ["--layers", "inner,block", "--grid", "4x4x2", "--samples", "12"] + kind
        + (kind.contains("restore") ? ["--pairs", pairs] : [])
      try compare(options, from: ["--stimuli", "4"], by: ["--stimuli", "7"], to: ["--stimuli", "7"])
    }

    @Test func `by layers is that of all of them, to the byte`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3, labels: [0, 1, 2])
      let options = files.options + ["--grid", "2x2x2", "--samples", "12", "--lesion", "mean"]
      try compare(options, from: ["--layers", "inner"], by: ["--layers", "block"], to: ["--layers", "inner,block"])
    }

    /// By `--samples auto` 70 stimuli alone would get fewer passes each than 60.
    @Test(arguments: ["regression", "auto"])
    func `measures its layers as they were`(_ estimator: String) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 70)
      let (small, large) = (folder.path("small"), folder.path("large"))
      let options = files.options + ["--layers", "block", "--grid", "4x4x2", "--estimator", estimator, "--no-tracts"]
      let first = try Program.run(["scan"] + options + ["--stimuli", "60", "--out", small, "--progress", "none"], ranks: nil)
      try #require(first.exitCode == 0, "\(first)")
      let extended = try Program.run(["extend", small, "--stimuli", "70", "--out", large, "--progress", "none"], ranks: 2)
      try #require(extended.exitCode == 0, "\(extended)")
      let path = "acquisition/layer_0.npy"
      let (own, all) = (try NumericArray(contentsOfNPY: "\(small)/\(path)"), try NumericArray(contentsOfNPY: "\(large)/\(path)"))
      #expect(own.shape[0] == 60 && all.shape == [70, own.shape[1]])
      #expect(Array(all.floats().prefix(own.floats().count)) == own.floats())
    }

    @Test func `takes over what was measured`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 4)
      let (small, large) = (folder.path("small"), folder.path("large"))
      let options = files.options + ["--layers", "first", "--samples", "16", "--estimator", "regression", "--progress", "none"]
      try #require(try Program.run(["scan"] + options + ["--stimuli", "2", "--out", small], ranks: nil).exitCode == 0)
      // A value that no network gives: where it comes again, nothing was measured there.
      let path = "acquisition/layer_0.npy"
      let array = try NumericArray(contentsOfNPY: "\(small)/\(path)")
      var values = array.floats()
      values[array.shape[1] - 1] = 1234.5
      try NumericArray(shape: array.shape, floats: values).writeNPY(to: "\(small)/\(path)")
      try #require(try Program.run(["report", small, "--confidence", "0.8"], ranks: nil).exitCode == 0)
      let extended = try Program.run(["extend", small, "--stimuli", "4", "--out", large, "--progress", "none"], ranks: nil)
      try #require(extended.exitCode == 0, "\(extended)")
      #expect(extended.errors.contains("(confidence 0.95, and there 0.8)"), "\(extended)")
      let taken = try NumericArray(contentsOfNPY: "\(large)/\(path)")
      #expect(taken.shape == [4, array.shape[1]] && Array(taken.floats().prefix(values.count)) == values)
      func passes(_ scan: String, _ key: String) throws -> Int {
        let content = try JSONSerialization.jsonObject(with: Data(TemporaryFolder.read(scan + "/scan.json"))) as? [String: Any]
        return try #require(content?[key] as? Int)
      }
      #expect(try passes(small, "earlier_passes") == 0)
      #expect(try passes(large, "earlier_passes") == passes(small, "evaluations"))
      #expect(try passes(large, "evaluations") == 2 * passes(small, "evaluations"))
    }

    /// The mask of a later stimulus decides whether means over positions leave out padding: for all stimuli.
    @Test(arguments: [(late: Int64(0), words: "would be means over all 4 positions"), (late: 1, words: nil)])
    func `is refused where added stimuli change how scores are read`(_ late: Int64, _ words: String?) throws {
      let files = try SmallNetwork.masked.write(to: folder, stimuli: 6)
      var arrays = SmallNetwork.masked.arrays(6)
      let rows: [[Int64]] = [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0], [late, 0, 0, 0], [1, 1, 0, 0]]
      arrays[1].array = NumericArray(shape: [6, 4], int64: rows.flatMap(\.self))
      try writeNPZ(arrays, to: files.data)
      let options = files.options + ["--layers", "hidden", "--grid", "2x1x4", "--samples", "16", "--no-tracts", "--target", "1"]
      guard let words else {
        return try compare(options, from: ["--stimuli", "3"], by: ["--stimuli", "6"], to: ["--stimuli", "6"])
      }
      let small = folder.path("small")
      let command = try Program.run(["scan"] + options + ["--stimuli", "3", "--out", small, "--progress", "none"], ranks: nil)
      try #require(command.exitCode == 0, "\(command)")
      let extended = try Program.run(["extend", small, "--stimuli", "6", "--out", folder.path("large")], ranks: nil)
      #expect(extended.exitCode == 64 && extended.complaints.count == 1, "\(extended)")
      #expect(extended.errors.contains(words) && !extended.errors.contains("the first ones"), "\(extended)")
      #expect(try Program.run(["extend", small, "--stimuli", "4", "--out", folder.path("more")], ranks: nil).exitCode == 0)
      // Two scans that are read so differently are compared with a note.
      let all = folder.path("all")
      let whole = try Program.run(["scan"] + options + ["--stimuli", "6", "--out", all, "--progress", "none"], ranks: nil)
      try #require(whole.exitCode == 0, "\(whole)")
      let contrast = try Program.run(["contrast", small, all], ranks: nil)
      #expect(contrast.exitCode == 0 && contrast.output.contains("read otherwise"), "\(contrast)")
    }

    @Test func `is refused where it would have to measure something again`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6)
      let options = files.options + ["--layers", "block", "--grid", "2x2x2", "--progress", "none"]
      var scans = 0
      func expectRefusal(
        _ scan: [String], _ added: [String], code: Int, _ words: String, prepare: () throws -> Void = {}
      ) throws {
        scans += 1
        let small = folder.path("small\(scans)")
        let command = try Program.run(["scan"] + options + scan + ["--stimuli", "4", "--out", small], ranks: nil)
        try #require(command.exitCode == 0, "\(command)")
        try prepare()
        let extended = try Program.run(["extend", small] + added + ["--out", folder.path("large")], ranks: nil)
        #expect(extended.exitCode == code && extended.complaints.count == 1, "\(extended)")
        #expect(extended.complaints.first?.contains(words) == true, "\(words) in \(extended)")
      }
      let exact = ["--samples", "40"]
      try expectRefusal(exact, ["--samples", "80"], code: 64, "none are those that were measured")
      try expectRefusal(exact, [], code: 64, "Nothing is asked for")
      try expectRefusal(exact, ["--stimuli", "4"], code: 64, "ask for more")
      try expectRefusal(exact, ["--stimuli", "3"], code: 64, "ask for more")
      try expectRefusal(exact, ["--layers", "inner"], code: 64, "would be layer_1 and is layer_0")
      try expectRefusal(exact + ["--lesion", "mean"], ["--stimuli", "6"], code: 64, "change what lesioned units become")
      try expectRefusal(["--tolerance", "20"], ["--stimuli", "6"], code: 64, "from all series together")
      try expectRefusal(exact, ["--stimuli", "6"], code: 64, "the stimuli have changed") {
        _ = try SmallNetwork.residual.write(to: folder, stimuli: 5)
      }
      let none = try Program.run(["extend", folder.path("none"), "--stimuli", "4", "--out", folder.path("large")], ranks: 2)
      #expect(none.exitCode == 66 && none.complaints.count == 1, "\(none)")
    }
  }
}
