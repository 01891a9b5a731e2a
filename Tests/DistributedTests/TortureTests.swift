import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `Scripts/torture` {
    static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first(
      where: FileManager.default.isExecutableFile)

    @Test(.enabled(if: python != nil, "needs python3")) func `finds no losses`() throws {
      let command = try Command.run(
        Self.python!,
        [
          Program.root + "/Scripts/torture.py", "--program", Program.path, "--rounds", "6", "--samples", "16",
          "--grid", "4x4x2", "--most-ranks", "3",
        ], limit: 300)
      #expect(command.exitCode == 0, "\(command)")
      #expect(command.output.contains("Losses: 0"), "\(command)")
    }
  }
}
