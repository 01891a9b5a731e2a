import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Scans whose layers may end before their budget is spent.
  @Suite struct `A tolerance` {
    private let folder = TemporaryFolder()
    private static let base = ["--grid", "2x2x4", "--samples", "260", "--progress", "none"]

    static let variants = [
      ["--estimator", "regression", "--tolerance", "12"],
      ["--estimator", "regression", "--tolerance", "12", "--lesion", "resample"],
      ["--estimator", "permutation", "--tolerance", "6", "--allocate", "decisions"],
      ["--estimator", "naive", "--allocate", "decisions"],
    ]

    private func run(_ options: [String], _ files: SmallNetwork.Files, to name: String, ranks: Int) throws -> [String: [UInt8]] {
      let run = try Program.run(files.options + Self.base + options + ["--out", folder.path(name)], ranks: ranks)
      try #require(run.exitCode == 0, "\(run)")
      return TemporaryFolder.files(below: folder.path(name)).filter { $0.key != "scan.json" }
    }

    private func rounds(_ files: [String: [UInt8]]) throws -> [[String: any Sendable]] {
      let bytes = try #require(files["impact.json"])
      let content = try #require(
        JSONSerialization.jsonObject(with: Data(bytes)) as? [String: [String: any Sendable]])
      return try content.sorted { $0.key < $1.key }.map { try #require($0.value["rounds"] as? [String: any Sendable]) }
    }

    @Test(arguments: variants)
    func `gives the same bytes on any number of ranks, and from the folder`(_ options: [String]) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 5)
      let reference = try run(options, files, to: "1", ranks: 1)
      for ranks in [3] {
        let other = try run(options, files, to: "\(ranks)", ranks: ranks)
        #expect(Set(reference.keys).union(other.keys).filter { reference[$0] != other[$0] } == [], "on \(ranks) ranks")
      }
      for name in ["impact.json", "regions.tsv"] { try FileManager.default.removeItem(atPath: folder.path("1/\(name)")) }
      let again = try Program.run(["report", folder.path("1")], ranks: nil)
      #expect(again.exitCode == 0, "\(again)")
      let reported = TemporaryFolder.files(below: folder.path("1")).filter { $0.key != "scan.json" }
      #expect(Set(reference.keys).union(reported.keys).filter { reference[$0] != reported[$0] } == [])
    }

    @Test func `ends layers early and keeps to it`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 5)
      let wide = try rounds(run(["--estimator", "regression", "--tolerance", "1000"], files, to: "wide", ranks: 2))
      #expect(!wide.isEmpty && wide.allSatisfy { $0["ended_by"] as? String == "narrow" && $0["analyses"] as? Int == 1 })
      let tight = try rounds(run(["--estimator", "regression", "--tolerance", "1e-9"], files, to: "tight", ranks: 2))
      for layer in tight {
        let reason = try #require(layer["ended_by"] as? String)
        let analyses = try (#require(layer["analyses"] as? Int), #require(layer["planned_analyses"] as? Int))
        #expect(reason == "budget" ? analyses.0 == analyses.1 : reason == "stimuli" && analyses.0 < analyses.1)
      }
      let scan = try #require(
        JSONSerialization.jsonObject(with: Data(TemporaryFolder.read(folder.path("wide/scan.json")))) as? [String: Any])
      let rows = wide.flatMap { $0["design_rows"] as? [Int] ?? [] }
      #expect(scan["evaluations"] as? Int == rows.reduce(0, +))
    }

    @Test func `takes the decisions of an uninterrupted scan when it goes on`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 12)
      let options = ["--estimator", "naive", "--tolerance", "4", "--allocate", "decisions"]
      let reference = try run(options, files, to: "whole", ranks: 2)
      for attempt in 0..<3 {
        let output = folder.path("part")
        let part = try Program.run(
          files.options + Self.base + options + ["--out", output, "--resume", "--checkpoint-interval", "0.02s"], ranks: 2
        ) { launcher in
          let before = TemporaryFolder.read(output + "/checkpoint.bin").count
          for _ in 0..<400 {
            usleep(10_000)
            let ranks = ProcessTree.descendants(of: launcher, named: Program.name)
            if ranks.count == 2, TemporaryFolder.read(output + "/checkpoint.bin").count > before + 20_000 * (attempt + 1) {
              kill(ranks[1], SIGTERM)
              return
            }
          }
        }
        #expect([0, 75].contains(part.exitCode), "\(part)")
      }
      let resumed = try run(options + ["--resume"], files, to: "part", ranks: 3)
      #expect(Set(reference.keys).union(resumed.keys).filter { reference[$0] != resumed[$0] } == [])
    }

    @Test(arguments: [["--tolerance", "0"], ["--tolerance", "-1"], ["--allocate", "most"]])
    func `is refused where it can't be meant`(_ options: [String]) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      let refused = try Program.run(files.options + options + ["--out", folder.path("out")], ranks: nil)
      #expect(refused.exitCode == 64, "\(refused)")
    }
  }
}
