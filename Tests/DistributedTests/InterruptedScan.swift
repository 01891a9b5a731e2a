import Foundation
import TestSupport

/// A scan into a folder, that is interrupted once it has measured a little.
struct InterruptedScan {
  let output: String

  /// Some seconds of work on one rank, in hundreds of shards.
  static func options(_ files: SmallNetwork.Files) -> [String] {
    files.options + ["--estimator", "naive", "--samples", "400", "--grid", "3x3x4", "--progress", "none"]
  }

  func hasCheckpoint(of least: Int) -> Bool {
    TemporaryFolder.read(output + "/checkpoint.bin").count > least
  }

  /// Runs the scan on some ranks and does something to it once it has measured a little more.
  func run(_ options: [String], ranks: Int, _ body: (_ ranks: [Int32]) -> Void) throws -> Command {
    let before = TemporaryFolder.read(output + "/checkpoint.bin").count
    return try Program.run(options + ["--out", output, "--checkpoint-interval", "0.05s"], ranks: ranks) { launcher in
      for _ in 0..<1600 {
        usleep(5_000)
        let started = ProcessTree.descendants(of: launcher, named: Program.name)
        if started.count == ranks, hasCheckpoint(of: max(before, 8000)) {
          body(started)
          return
        }
      }
    }
  }

  /// The files that are not the same, byte for byte, in another folder; `scan.json` holds times.
  func differences(from other: String) -> [String] {
    let (a, b) = (TemporaryFolder.files(below: output), TemporaryFolder.files(below: other))
    return Set(a.keys).union(b.keys).filter { $0 != "scan.json" && a[$0] != b[$0] }.sorted()
  }
}
