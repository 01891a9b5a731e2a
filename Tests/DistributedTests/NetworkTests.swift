import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Ranks of one machine talk through shared memory, which hides what goes wrong between machines.
  @Suite struct `Ranks over TCP` {
    private let folder = TemporaryFolder()
    /// For MPICH on UCX, and on libfabric.
    private let tcp = ["UCX_TLS": "tcp,self", "FI_PROVIDER": "tcp"]
    private var output: String { folder.path("out") }

    private func scan(
      _ groups: [(ranks: Int, arguments: [String])], meanwhile: (Int32) -> Void = { _ in }
    ) throws -> Command {
      try Program.launch(
        groups.map { ($0.ranks, ["scan"] + $0.arguments + ["--out", output, "--progress", "none"]) }, environment: tcp,
        limit: 30, meanwhile: meanwhile)
    }

    @Test(arguments: [2, 4]) func `scan to the same bytes`(_ ranks: Int) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6)
      let options = files.options + ["--samples", "12", "--grid", "2x2x2", "--lesion", "mean", "--no-tracts"]
      let command = try scan([(ranks, options)])
      #expect(command.exitCode == 0 && !command.isTimedOut, "\(command)")
      let found = TemporaryFolder.files(below: output).filter { $0.key != "scan.json" }
      let isSame = try found == ScanRun(options, ranks: 1).results
      #expect(isSame)
    }

    @Test(arguments: [0, 1]) func `end early when one is asked to`(_ rank: Int) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 64)
      let options = files.options + ["--estimator", "permutation", "--samples", "4000", "--grid", "2x2x2"]
      let command = try scan([(3, options)]) { launcher in
        for _ in 0..<600 where !FileManager.default.fileExists(atPath: output + "/checkpoint.bin") { usleep(20_000) }
        for process in ProcessTree.descendants(of: launcher, named: Program.name)
        where ProcessTree.variable("PMI_RANK", of: process) == "\(rank)" { kill(process, SIGTERM) }
      }
      #expect(command.exitCode == 75 && !command.isTimedOut, "\(command)")
      #expect(command.complaints.count == 1, "\(command)")
    }

    @Test func `refuse what can't be scanned`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let other = try SmallNetwork.labeller.write(to: folder, stimuli: 3)
      let absent = ["--model", folder.path("absent.onnx"), "--data", files.data]
      let damaged = ["--model", folder.file("damaged.onnx", [1, 2, 3]), "--data", files.data]
      for (groups, code) in [
        ([(3, absent)], 66), ([(3, damaged)], 65), ([(3, files.options + ["--samples", "0"])], 64),
        ([(2, files.options), (1, other.options)], 65), ([(2, files.options), (1, files.options + ["--samples", "0"])], 64),
      ] {
        let command = try scan(groups)
        #expect(command.exitCode == code && !command.isTimedOut, "\(command)")
      }
      try? FileManager.default.removeItem(atPath: output)
      _ = folder.file("out", text: "in the way")
      let blocked = try scan([(3, files.options)])
      #expect(blocked.exitCode == 73 && !blocked.isTimedOut, "\(blocked)")
    }
  }
}
