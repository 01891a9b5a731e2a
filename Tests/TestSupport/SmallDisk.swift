import Foundation

/// A file system of some megabytes, in a file, mounted for one test.
package final class SmallDisk {
  private let folder = TemporaryFolder()
  package let path: String
  private var image: String { folder.path("image") }

  /// Whether this process may make one: it takes root, a loop device and the tools of ext4.
  package static let isAvailable = getuid() == 0 && (try? SmallDisk(megabytes: 1)) != nil

  package struct Failed: Error {
    let command: Command
  }

  package init(megabytes: Int) throws {
    path = folder.path("disk")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    // None of it is kept back for root.
    try Self.call("mke2fs", "-q", "-t", "ext4", "-m", "0", image, "\(megabytes)M")
    try mount()
  }

  deinit {
    try? vanish()
  }

  package func mount() throws {
    try Self.call("mount", "-o", "loop,errors=remount-ro", image, path)
  }

  /// Takes it out of the tree of folders, even while files on it are open.
  package func vanish() throws {
    try Self.call("umount", "--lazy", path)
  }

  /// What a disk error leads to: from now on it can only be read.
  package func failWriting() throws {
    let device = try Self.call("findmnt", "--noheadings", "--output", "SOURCE", path).output
      .trimmingCharacters(in: .whitespacesAndNewlines)
    try Data("1".utf8).write(
      to: URL(filePath: "/sys/fs/ext4/\((device as NSString).lastPathComponent)/trigger_fs_error"))
  }

  /// Writes a file until there is no room left.
  package func fill() -> String {
    let path = self.path + "/filler"
    let file = fopen(path, "w")!
    setvbuf(file, nil, _IONBF, 0)
    let block = [UInt8](repeating: 1, count: 4096)
    while fwrite(block, 1, block.count, file) == block.count {}
    fclose(file)
    return path
  }

  @discardableResult
  private static func call(_ program: String, _ arguments: String...) throws -> Command {
    let command = try Command.run("/usr/bin/env", ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", program] + arguments)
    guard command.exitCode == 0 else { throw Failed(command: command) }
    return command
  }
}
