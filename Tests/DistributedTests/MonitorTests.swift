import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// The monitor's commands, as a person or a pipeline starts them.
  @Suite struct `Monitor` {
    private let folder = TemporaryFolder()

    private func lines(_ command: Command) throws -> [[String: Any]] {
      try command.output.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
    }

    @Test func `learns, judges, and fails a pipeline only where it is asked to`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 120)
      let reference = folder.path("normal.ref")
      let learnt = try Program.run(["monitor", "learn"] + files.options + ["--out", reference])
      #expect(learnt.exitCode == 0, "\(learnt)")
      let judged = try Program.run(["monitor", reference, "--data", files.data])
      #expect(judged.exitCode == 0, "\(judged)")
      let verdicts = try lines(judged)
      #expect(verdicts.count == 120)
      for verdict in verdicts {
        let p = try #require(verdict["p"] as? [String: Double])
        #expect(Set(p.keys) == ["mahalanobis", "neighbours", "bands", "energy", "combined"])
        #expect(p.values.allSatisfy { $0 > 0 && $0 <= 1 })
      }
      #expect(try Program.run(["monitor", "judge", reference, "--data", files.data]).output == judged.output)
      let other = try SmallNetwork.segmenter.write(to: folder, stimuli: 3)
      let refused = try Program.run(["monitor", reference, "--data", files.data, "--model", other.model])
      #expect(refused.exitCode == 65 && refused.complaints.count == 1, "\(refused)")
      #expect(refused.complaints.first?.contains("SHA-256") == true)
      for (rule, code) in [("never", 0), ("outlier", 1)] {
        let command = try Program.run(
          ["monitor", reference, "--data", files.data, "--outliers", "0.5", "--fail-on", rule])
        #expect(command.exitCode == code, "\(command)")
      }
    }

    @Test func `weighs regions by the ζ of a finished scan`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 90)
      let scan = folder.path("scan")
      let scanned = try Program.run(
        files.options + ["--grid", "3x3x2", "--stimuli", "4", "--no-tracts", "--progress", "none", "--out", scan])
      #expect(scanned.exitCode == 0, "\(scanned)")
      let reference = folder.path("normal.ref")
      let learnt = try Program.run(["monitor", "learn", "--scan", scan, "--out", reference])
      #expect(learnt.exitCode == 0, "\(learnt)")
      let verdicts = try lines(try Program.run(["monitor", reference, "--data", files.data]))
      #expect(verdicts.count == 90)
      for verdict in verdicts { #expect((verdict["p"] as? [String: Double])?["critical"] != nil) }
    }
  }
}
