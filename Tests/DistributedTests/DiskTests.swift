import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite(.enabled(if: SmallDisk.isAvailable, "needs root, a loop device and mke2fs"))
  struct `A scan whose disk` {
    private let folder = TemporaryFolder()
    private let disk: SmallDisk
    private let options: [String]
    private let whole: String
    private var interrupted: InterruptedScan { InterruptedScan(output: disk.path + "/out") }

    init() throws {
      disk = try SmallDisk(megabytes: 8)
      options = InterruptedScan.options(try SmallNetwork.residual.write(to: folder, stimuli: 8)) + ["--no-tracts"]
      whole = folder.path("whole")
      let reference = try Program.run(options + ["--out", whole], ranks: 2)
      #expect(reference.exitCode == 0, "\(reference)")
    }

    private func expectEnd(_ command: Command, because reason: String, sourceLocation: SourceLocation = #_sourceLocation) {
      #expect(command.exitCode == 73 && command.errors.contains(reason), "\(command)", sourceLocation: sourceLocation)
      #expect(command.complaints.count == 1, "\(command)", sourceLocation: sourceLocation)
    }

    private func expectContinuation(sourceLocation: SourceLocation = #_sourceLocation) throws {
      let command = try Program.run(options + ["--out", interrupted.output, "--resume"], ranks: 3)
      #expect(
        command.exitCode == 0 && command.errors.contains("Going on with"), "\(command)", sourceLocation: sourceLocation)
      #expect(interrupted.differences(from: whole) == [], sourceLocation: sourceLocation)
    }

    @Test func `can't be written any more keeps what it has, and goes on when it can`() throws {
      let command = try interrupted.run(options, ranks: 2) { _ in #expect(throws: Never.self) { try disk.failWriting() } }
      expectEnd(command, because: "Read-only file system")
      let again = try Program.run(options + ["--out", interrupted.output, "--resume"], ranks: 2)
      expectEnd(again, because: "Read-only file system")
      try disk.vanish()
      try disk.mount()
      try expectContinuation()
    }

    @Test func `is full keeps what it has, and goes on when there is room`() throws {
      var filler = ""
      let command = try interrupted.run(options, ranks: 2) { _ in filler = disk.fill() }
      expectEnd(command, because: "No space left on device")
      let again = try Program.run(options + ["--out", interrupted.output, "--resume"], ranks: 2)
      expectEnd(again, because: "No space left on device")
      #expect(!FileManager.default.fileExists(atPath: interrupted.output + "/checkpoint.bin.new"))
      try FileManager.default.removeItem(atPath: filler)
      try expectContinuation()
    }

    @Test func `vanishes leaves what it has in its place`() throws {
      let command = try interrupted.run(options, ranks: 2) { _ in #expect(throws: Never.self) { try disk.vanish() } }
      expectEnd(command, because: "was removed")
      try expectContinuation()
      try disk.mount()
      try expectContinuation()
    }
  }
}
