internal import FoundationEssentials
internal import Glibc

/// A file or folder, whatever it is called. stat(2).
private struct FileIdentity: Hashable {
  let device: UInt64
  let number: UInt64
  /// Neither folder nor pipe nor device, which keep nothing that could be lost.
  let isFile: Bool

  init(_ status: stat) {
    (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
    isFile = status.st_mode & S_IFMT == S_IFREG
  }

  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }
}

/// Whether two paths lead to the same file or folder; `false` where one isn't there.
package func isSameFile(_ one: String, _ other: String) -> Bool {
  guard let identity = FileIdentity(of: one) else { return false }
  return identity == FileIdentity(of: other)
}

/// The files that a command reads, which nothing that it writes may go over.
package struct InputFiles: Sendable {
  private var names: [FileIdentity: String] = [:]

  /// - Parameter paths: files, folders, of which each file below counts, and `-` for standard input; what isn't there is passed over.
  package init(_ paths: [String?]) {
    for path in paths.compactMap(\.self) {
      if path == "-" {
        var status = stat()
        if fstat(STDIN_FILENO, &status) == 0 { names[FileIdentity(status)] = "standard input" }
      } else if let identity = FileIdentity(of: path), identity.isFile {
        names[identity] = path
      } else {
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] {
          if let identity = FileIdentity(of: path + "/" + name) { names[identity] = path + "/" + name }
        }
      }
    }
  }

  /// - Parameter option: what the path was given with.
  /// - Throws: `FileError` (`cannotWrite`) where the path is one of the files, or another name of one.
  package func check(_ path: String?, option: String = "--out") throws(FileError) {
    guard let path, let identity = FileIdentity(of: path), identity.isFile, let name = names[identity] else { return }
    throw FileError(
      .cannotWrite,
      "\(path) is \(name == path ? "read" : "another name of \(name), which is read"), and would be written over; choose another file with \(option)"
    )
  }
}

/// Makes sure that a file which would be replaced is of the kind that replaces it.
///
/// - Parameters:
///   - kind: what such a file holds.
///   - option: what the path was given with.
///   - isSuch: told the file's first bytes.
/// - Throws: `FileError` (`cannotWrite`) for a file that holds something else. One that isn't there, or is empty, or isn't a file but a
///   pipe or a device, may be written.
package func checkReplaced(
  _ path: String, holds kind: String, option: String, _ isSuch: (_ start: [UInt8]) -> Bool
) throws(FileError) {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return }
  var start = [UInt8](repeating: 0, count: 4096)
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileError.cannotRead(path) }
  defer { close(descriptor) }
  let count = start.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
  guard count > 0, isSuch(Array(start.prefix(count))) else {
    throw FileError(
      .cannotWrite, "\(path) is there and doesn't hold \(kind): choose another file with \(option), or remove it")
  }
}
