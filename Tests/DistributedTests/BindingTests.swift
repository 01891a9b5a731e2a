import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `A rank's threads` {
    private let folder = TemporaryFolder()

    /// Scans on two ranks, and gives for each the sets of processors that its threads may use.
    private func processors(_ launch: [String], threads: Int) throws -> (command: Command, masks: [Set<String>]) {
      let files = try SmallNetwork.wide.write(to: folder, stimuli: 16)
      var masks: [Set<String>] = []
      let command = try Command.run(
        Program.launcher!,
        launch + [Program.path] + files.options
          + [
            "--estimator", "permutation", "--samples", "100", "--threads", "\(threads)", "--out", folder.path("out"),
            "--progress", "none",
          ]
      ) { launcher in
        for _ in 0..<400 where !FileManager.default.fileExists(atPath: folder.path("out/checkpoint.bin")) {
          usleep(20_000)
        }
        masks = ProcessTree.descendants(of: launcher, named: Program.name).map { rank in
          let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(rank)/task")) ?? []
          return Set(
            tasks.compactMap { task in
              let status = String(decoding: TemporaryFolder.read("/proc/\(rank)/task/\(task)/status"), as: UTF8.self)
              return status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }.map(String.init)
            })
        }
        if let rank = ProcessTree.descendants(of: launcher, named: Program.name).first { kill(rank, SIGTERM) }
      }
      return (command, masks)
    }

    @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1, "needs two processors"))
    func `stay on the core that it is bound to, and too many are noted`() throws {
      let (command, masks) = try processors(["-n", "2", "-bind-to", "core"], threads: 2)
      #expect(masks.count == 2, "\(command)")
      #expect(masks.allSatisfy { $0.count == 1 }, "\(masks)")
      #expect(Set(masks).count == 2, "\(masks)")
      #expect(command.errors.contains("-bind-to core:2"), "\(command)")
    }

    @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1, "needs two processors"))
    func `have as many cores as they are bound to`() throws {
      let (command, masks) = try processors(["-n", "1", "-bind-to", "core:2"], threads: 2)
      #expect(masks.count == 1 && masks[0].count == 1, "\(masks)")
      #expect(!command.errors.contains("-bind-to"), "\(command)")
    }
  }
}
