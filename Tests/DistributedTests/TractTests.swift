import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// The wiring that a scan traces, from the command line to the files.
  @Suite struct `Tracts of a scan` {
    private let folder = TemporaryFolder()

    private func lines(_ run: ScanRun, _ name: String) throws -> [[String]] {
      let bytes = try #require(run.files[name], "\(name) is missing: \(run.command)")
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
        line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      }
    }

    @Test func `are in its files, with a matrix a link`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 5)
      let run = try ScanRun(
        files.options + ["--layers", "stem,inner,block", "--grid", "2x2x2", "--samples", "16", "--pathways", "4", "--tracts"],
        ranks: 2)
      try #require(run.command.exitCode == 0, "\(run.command)")
      let links = try run.json("connections.json")
      #expect(Set(links.keys) == ["layer_0_to_1", "layer_1_to_2", "layer_2_to_output"])
      for (name, link) in links {
        let link = try #require(link as? [String: any Sendable])
        #expect(try #require(link["connection_strength"] as? Double) > 0, "\(name)")
        let shape = try #require(link["matrix_shape"] as? [Int])
        #expect(shape == [2, 8, name.hasSuffix("output") ? 5 : 8])
        let path = try #require(link["matrix"] as? String)
        let matrix = try #require(run.files[path])
        #expect(matrix.count == 128 + 4 * shape.reduce(1, *))
      }
      let table = try lines(run, "pathways.tsv")
      #expect(table.count == 5 && table.allSatisfy { $0.count == table[0].count })
      #expect(table.dropFirst().allSatisfy { $0[1].hasSuffix(" → target") && $0[1].components(separatedBy: " → ").count == 4 })
      let strengths = table.dropFirst().map { Double($0[2])! }
      #expect(strengths == strengths.sorted(by: >))
      let summary = try #require(run.json("scan.json")["tracts"] as? [String: any Sendable])
      #expect(summary["links"] as? Int == 3 && summary["random_pathways"] as? Int == 199)
      #expect(run.command.output.contains("3 of 3 links traced"))
    }

    @Test func `are not traced past an operator without a rule, which is named`() throws {
      let files = try SmallNetwork.rounding.write(to: folder, stimuli: 4)
      let run = try ScanRun(files.options + ["--layers", "first,second,third", "--samples", "16", "--tracts"], ranks: 2)
      try #require(run.command.exitCode == 0, "\(run.command)")
      let broken = try #require(run.json("connections.json")["layer_1_to_2"] as? [String: any Sendable])
      #expect(broken["not_traced_reason"] as? String == "operator Round (rounded) has no rule")
      #expect(broken["connection_strength"] is NSNull && broken["matrix"] is NSNull)
      #expect(run.command.output.contains("Not traced: layer_1_to_2, since operator Round (rounded) has no rule."))
      // Of the two runs of one link each, the one that reaches the output.
      let summary = try #require(run.json("scan.json")["tracts"] as? [String: any Sendable])
      #expect(summary["pathway_layers"] as? [String] == ["layer_2"])
      #expect(summary["pathways_end_in_target"] as? Bool == true)
    }

    @Test func `take no more than the measurement by default, and say what is left out`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6)
      func run(_ options: [String]) throws -> (traced: Int, notes: [String], links: Int) {
        let run = try ScanRun(
          files.options + ["--layers", "stem,inner,block", "--grid", "2x2x2", "--estimator", "regression"] + options, ranks: 1)
        try #require(run.command.exitCode == 0, "\(run.command)")
        let summary = try run.json("scan.json")
        let tracts = try #require(summary["tracts"] as? [String: any Sendable])
        let links = try run.json("connections.json").values.compactMap { ($0 as? [String: any Sendable])?["matrix"] as? String }
        return (try #require(tracts["stimuli"] as? Int), summary["notes"] as? [String] ?? [], links.count)
      }
      let all = try run(["--samples", "8", "--tracts"])
      #expect(all.traced == 6 && all.links == 3 && !all.notes.contains { $0.contains("--tracts") })
      let some = try run(["--samples", "16"])
      #expect(some.traced < 6 && some.traced > 0 && some.links == 3)
      #expect(some.notes.contains { $0.contains("the first \(some.traced) of 6 stimuli") })
      let none = try run(["--samples", "8", "--stimuli", "1"])
      #expect(none.links == 0 && none.notes.contains { $0.contains("Connections aren't traced") })
    }

    @Test func `are left out on request, and those of an earlier scan go`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let output = folder.path("out")
      let arguments = ["scan"] + files.options + ["--samples", "16", "--progress", "none", "--out", output]
      try #require(Program.run(arguments, ranks: 1).exitCode == 0)
      #expect(TemporaryFolder.files(below: output).keys.contains { $0.hasPrefix("connections") })
      let without = try Program.run(arguments + ["--no-tracts"], ranks: 1)
      try #require(without.exitCode == 0, "\(without)")
      let left = TemporaryFolder.files(below: output).keys.filter { $0.hasPrefix("connections") || $0 == "pathways.tsv" }
      #expect(left == [])
      #expect(!without.output.contains("Tracts"))
    }

    @Test func `are traced anew by a scan that ended early while it traced`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 4)
      let options = files.options + ["--grid", "2x2x2", "--samples", "16", "--estimator", "regression"]
      let whole = try ScanRun(options, ranks: 1)
      let output = folder.path("out")
      let arguments = ["scan"] + options + ["--resume", "--progress", "json", "--out", output]
      // The wish is heard between batches, wherever the scan is by then; at the latest before its end.
      var stopped = try Program.run(
        arguments, ranks: 2,
        meanwhile: { _ in
          for _ in 0..<6000 where !FileManager.default.fileExists(atPath: output + "/acquisition/measurements.json") {
            usleep(1000)
          }
          _ = FileManager.default.createFile(atPath: output + "/STOP", contents: nil)
        })
      for _ in 0..<5 where stopped.exitCode == 75 {
        try? FileManager.default.removeItem(atPath: output + "/STOP")
        stopped = try Program.run(arguments, ranks: 1)
      }
      #expect(stopped.exitCode == 0, "\(stopped)")
      let left = TemporaryFolder.files(below: output).filter { $0.key != "scan.json" && $0.key != "STOP" }
      #expect(left == whole.results)
    }
  }
}
