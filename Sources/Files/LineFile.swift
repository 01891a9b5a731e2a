internal import Glibc

/// Lines that are written to a file, or to standard output, as they come.
package final class LineFile: Sendable {
  /// Between two looks at whether to wait for a reader any longer.
  private static let lookMilliseconds: Int32 = 20

  private let descriptor: Int32
  private let name: String
  private let isOwn: Bool

  /// - Parameters:
  ///   - path: `nil` is standard output.
  ///   - continues: whether lines go behind what the file has; otherwise it begins anew.
  ///   - waits: whether `write` waits as long as the system lets it for a reader of a pipe or a terminal; otherwise as long as it is told.
  /// - Throws: `FileError` (`cannotWrite`).
  package init(_ path: String?, continues: Bool = false, waits: Bool = true) throws(FileError) {
    name = path ?? "standard output"
    isOwn = path != nil
    descriptor =
      if let path {
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (continues ? O_APPEND : O_TRUNC), 0o666)
      } else {
        STDOUT_FILENO
      }
    guard descriptor >= 0 else { throw FileError.cannotWrite(name, mend: "choose another file with --out") }
    if isOwn, !waits { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
  }

  deinit { if isOwn { close(descriptor) } }

  /// What is said of lines that aren't written because the file takes them too slowly.
  package var overrun: FileError {
    FileError(
      .cannotWrite,
      "\(name) takes lines more slowly than they come: keep its reader running, or give \(isOwn ? "another" : "a") file with --out"
    )
  }

  /// Writes the line and a line feed. Nothing is held back.
  ///
  /// - Parameter mayWait: asked again and again while the file takes nothing at the moment, where it was opened not to wait.
  /// - Throws: `FileError` (`cannotWrite`); a part of the line may have been written.
  package func write(_ line: String, mayWait: () -> Bool = { true }) throws(FileError) {
    var bytes = Array((line + "\n").utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      if written < 0, errno == EAGAIN {
        guard mayWait() else { throw overrun }
        var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&room, 1, Self.lookMilliseconds)
        continue
      }
      guard written > 0 else {
        throw FileError.cannotWrite(
          name, mend: isOwn ? "make room, or give another file with --out" : "keep its reader running, or give a file with --out")
      }
      bytes = bytes.dropFirst(written)
    }
  }
}
