internal import Glibc

/// Lines that are written to a file, or to standard output, as they come.
package final class LineFile: Sendable {
  private let descriptor: Int32
  private let name: String
  private let isOwn: Bool

  /// - Parameters:
  ///   - path: `nil` is standard output.
  ///   - continues: whether lines go behind what the file has; otherwise it begins anew.
  /// - Throws: `FileError` (`cannotWrite`).
  package init(_ path: String?, continues: Bool = false) throws(FileError) {
    name = path ?? "standard output"
    isOwn = path != nil
    descriptor =
      if let path {
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (continues ? O_APPEND : O_TRUNC), 0o666)
      } else {
        STDOUT_FILENO
      }
    guard descriptor >= 0 else { throw FileError.cannotWrite(name, mend: "choose another file with --out") }
  }

  deinit { if isOwn { close(descriptor) } }

  /// Writes the line and a line feed. Nothing is held back.
  ///
  /// - Throws: `FileError` (`cannotWrite`); a part of the line may have been written.
  package func write(_ line: String) throws(FileError) {
    var bytes = Array((line + "\n").utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        throw FileError.cannotWrite(
          name, mend: isOwn ? "make room, or give another file with --out" : "keep its reader running, or give a file with --out")
      }
      bytes = bytes.dropFirst(written)
    }
  }
}
