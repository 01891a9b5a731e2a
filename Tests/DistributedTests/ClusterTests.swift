import Arrays
import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Stimuli that are repeated measures of one thing.
  @Suite struct `Clusters` {
    private let runs = RefusedRuns()
    private var folder: TemporaryFolder { runs.folder }

    private typealias Row = [String: String]

    private let options = [
      "--layers", "block", "--grid", "2x2x2", "--estimator", "exact", "--value", "margin", "--target", "1", "--no-tracts",
      "--flips",
      "100",
    ]

    /// A network, and a file of pictures that are no two alike. - Parameter shown: their numbers, in the order of the stimuli.
    private func subject(_ shown: [Int], _ name: String) throws -> (model: String, data: String) {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 1)
      let size = 2 * 6 * 6
      let places: [Int] = shown.flatMap { picture in (0..<size).map { picture * size + $0 } }
      let numbers = places.map { Float($0 * 37 % 101) / 50 - 1 }
      let data = folder.path(name)
      try writeNPZ([("image", NumericArray(shape: [shown.count, 2, 6, 6], floats: numbers))], to: data)
      return (files.model, data)
    }

    private func scan(_ files: (model: String, data: String), _ added: [String], out: String, ranks: Int? = nil) throws -> Command
    {
      let command = try Program.run(
        runs.scan(model: files.model, data: files.data, options + added + ["--out", folder.path(out)]), ranks: ranks)
      try #require(command.exitCode == 0, "\(command)")
      return command
    }

    private func table(_ path: String) throws -> [Row] {
      let lines = String(decoding: TemporaryFolder.read(folder.path(path)), as: UTF8.self).split(separator: "\n").map {
        $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      }
      return lines.dropFirst().map { Dictionary(zip(lines[0], $0)) { first, _ in first } }
    }

    private func expectSame(_ a: [Row], _ b: [Row], _ columns: [String]) throws {
      #expect(a.count == b.count && !a.isEmpty)
      for (x, y) in zip(a, b) {
        for column in columns {
          let (p, q) = (try #require(x[column].flatMap { Double($0) }), try #require(y[column].flatMap { Double($0) }))
          #expect(abs(p - q) <= 1e-5 * max(abs(p), 1e-3), "\(column): \(x) \(y)")
        }
      }
    }

    /// What is shown four times tells as much as what is shown once.
    @Test func `of the same stimulus have the errors of one of each`() throws {
      _ = try scan(subject(Array(0..<6), "one.npz"), [], out: "once")
      let many = try subject((0..<24).map { $0 % 6 }, "many.npz")
      let numbers = (0..<24).map { Int64($0 % 6) }
      try NumericArray(shape: [24], int64: numbers).writeNPY(to: folder.path("pictures.npy"))
      let names = folder.file("pictures.txt", text: numbers.map { "picture \($0)\n" }.joined())
      let run = try scan(many, ["--clusters", names], out: "often", ranks: 2)
      #expect(run.errors.contains("24 stimuli are in 6 clusters") && !run.errors.contains("repeat others"), "\(run)")
      try expectSame(
        table("once/regions.tsv"), table("often/regions.tsv"), ["zeta", "standard_error", "p_value", "family_wise_p_value"])
      let errors = try ["once", "often"].map { out in
        let impact = try JSONSerialization.jsonObject(with: Data(TemporaryFolder.read(folder.path("\(out)/impact.json"))))
        let layer = try #require((impact as? [String: any Sendable])?["layer_0"] as? [String: any Sendable])
        return try #require(layer["interactions"] as? [[String: any Sendable]]).map {
          try #require($0["standard_error"] as? Double)
        }
        .sorted()
      }
      #expect(errors[0].count == errors[1].count && errors[0].count > 3)
      for (once, often) in zip(errors[0], errors[1]) { #expect(abs(once - often) <= 1e-5 * max(once, 1e-3)) }

      // How methods compare, by measures in which no reference of its own draws has a part.
      for (out, count) in [("once", 6), ("often", 24)] {
        let compared = try Program.run(
          [
            "compare", folder.path(out), "--stimuli", "\(count)", "--reference", "4", "--progress", "none", "--out",
            folder.path(out + "-compared"),
          ],
          ranks: 1, limit: 120)
        try #require(compared.exitCode == 0, "\(compared)")
      }
      let maps = try ["once", "often"].map {
        try table("\($0)-compared/comparison.tsv").filter { $0["method"] == "gradient_x_activation" }
      }
      try expectSame(
        maps[0], maps[1],
        ["flips_low", "flips_high", "deletion_probability_low", "insertion_probability_high"])

      // Groups of clusters.
      for (out, count) in [("once", 6), ("often", 24)] {
        let groups = folder.file("\(out).txt", text: (0..<count).map { $0 % 6 < 3 ? "a\n" : "b\n" }.joined())
        let contrast = try Program.run(["contrast", folder.path(out), "--groups", groups, "--out", folder.path("of \(out)")])
        #expect(contrast.exitCode == 0 && contrast.output.contains("means of clusters") == (count > 6), "\(contrast)")
        #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.path(out)).contains("contrast.tsv"))
      }
      try expectSame(
        table("of once/contrast.tsv"), table("of often/contrast.tsv"),
        ["effect", "effect_size", "standard_error", "p_value", "family_wise_p_value"])

      // Found out afterwards, and a number for a name.
      let plain = try scan(many, [], out: "plain")
      #expect(plain.errors.contains("--clusters says of what"), "\(plain)")
      let report = try Program.run(["report", folder.path("plain"), "--clusters", folder.path("pictures.npy")])
      #expect(report.exitCode == 0, "\(report)")
      for file in ["impact.json", "regions.tsv"] {
        let isSame = TemporaryFolder.read(folder.path("plain/\(file)")) == TemporaryFolder.read(folder.path("often/\(file)"))
        #expect(isSame, "\(file)")
      }
    }

    /// Groups of a finished scan go by clusters that are named then.
    @Test func `can be named for a contrast`() throws {
      let files = try subject((0..<24).map { $0 % 6 }, "many.npz")
      let names = folder.file("pictures.txt", text: (0..<24).map { "\($0 % 6)\n" }.joined())
      let groups = folder.file("groups.txt", text: (0..<24).map { $0 % 6 < 3 ? "a\n" : "b\n" }.joined())
      _ = try scan(files, ["--clusters", names], out: "clustered")
      _ = try scan(files, [], out: "plain")
      for (scan, added) in [("clustered", []), ("plain", ["--clusters", names])] {
        let run = try Program.run(
          ["contrast", folder.path(scan), "--groups", groups, "--out", folder.path("of \(scan)")] + added)
        #expect(run.exitCode == 0, "\(run)")
      }
      let tables = ["clustered", "plain"].map { TemporaryFolder.read(folder.path("of \($0)/contrast.tsv")) }
      let isSame = tables[0] == tables[1] && !tables[0].isEmpty
      #expect(isSame)
    }

    /// With --tolerance they decide when layers end, and are part of what a scan is.
    @Test func `are part of a scan that ends layers early`() throws {
      let files = try subject(Array(0..<12), "pictures.npz")
      let names = folder.file("clusters.txt", text: (0..<12).map { "\($0 / 3)\n" }.joined())
      let tolerant = ["--estimator", "regression", "--samples", "40", "--tolerance", "30", "--clusters", names]
      _ = try scan(files, tolerant, out: "out")
      let same = try scan(files, tolerant + ["--resume"], out: "out")
      #expect(!same.errors.contains("was not there"), "\(same)")
      let without = try Program.run(
        runs.scan(
          model: files.model, data: files.data, options + tolerant.dropLast(2) + ["--resume", "--out", folder.path("out")]))
      #expect(without.exitCode == 64 && without.errors.contains("--clusters is not there now"), "\(without)")
      let others = folder.file("others.txt", text: (0..<12).map { "\($0 / 2)\n" }.joined())
      let report = try Program.run(["report", folder.path("out"), "--clusters", others])
      #expect(report.exitCode == 64 && report.complaints.count == 1, "\(report)")
    }

    /// Of clusters that two groups share, each is compared with itself, and those that one group has alone don't count.
    @Test func `that groups share are compared within`() throws {
      let files = try subject(Array(0..<14), "pictures.npz")
      let clusters = folder.file("clusters.txt", text: (0..<14).map { "\($0 / 2)\n" }.joined())
      _ = try scan(files, ["--clusters", clusters], out: "out")
      let groups = folder.file("groups.txt", text: (0..<14).map { $0 == 12 ? "-\n" : $0 % 2 == 0 ? "a\n" : "b\n" }.joined())
      let contrast = try Program.run(["contrast", folder.path("out"), "--groups", groups])
      #expect(contrast.exitCode == 0, "\(contrast)")
      #expect(
        contrast.output.contains("6 clusters have both groups")
          && contrast.output.contains("1 of which one group alone has stimuli is left out"))
      #expect(contrast.output.contains("64 divisions"), "\(contrast)")
      try #require(try Program.run(["report", folder.path("out"), "--only", "long"]).exitCode == 0)
      let zeta = try Dictionary(grouping: table("out/stimuli/regions.tsv"), by: { $0["region"]! }).mapValues { rows in
        try rows.map { try #require($0["zeta"].flatMap { Double($0) }) }
      }
      let rows = try table("out/contrast.tsv").filter { $0["quantity"] == "zeta" }
      #expect(rows.count == 8)
      for row in rows {
        let own = try #require(zeta[row["region"]!])
        let differences = (0..<6).map { own[2 * $0] - own[2 * $0 + 1] }
        let mean = differences.reduce(0, +) / 6
        let error = (differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 30).squareRoot()
        #expect(try abs(#require(Double(row["effect"]!)) - mean) <= 1e-6 * max(1, abs(mean)), "\(row)")
        #expect(try abs(#require(Double(row["standard_error"]!)) - error) <= 1e-6 * max(1, error), "\(row)")
      }
    }

    @Test func `that don't fit the stimuli are refused`() throws {
      let files = try runs.perceptron(stimuli: 8)
      func file(_ text: String) -> [String] { ["--clusters", folder.file("clusters.txt", text: text)] }
      func refuse(_ added: [String], code: Int = 65, _ words: [String]) throws {
        try runs.expectRefusal(runs.scan(files, added), code: code, naming: words)
      }
      try refuse(file("a\nb\nc\n"), ["of 3 stimuli", "the data has 8"])
      try refuse(file("a\na\na\na\nb\nb\nb\nb\n"), ["2 clusters", "need 3"])
      try refuse(file(String(repeating: "a\n", count: 8)), ["one cluster"])
      try refuse(file("a\nb\n\nc\nd\ne\nf\ng\n"), ["line 3 is empty"])
      try refuse(["--clusters", folder.path("none.txt")], code: 66, ["none.txt"])
      try refuse(file("a\nb\nc\nd\na\nb\nc\nd\n") + ["--stream", "all"], code: 64, ["--clusters", "--stream"])
      // Four of the eight are scanned, in two of four clusters.
      try refuse(file("a\na\nb\nb\nc\nc\nd\nd\n") + ["--stimuli", "4"], ["2 clusters"])
    }
  }
}
