internal import Glibc

/// An advisory lock on a file, between processes (`flock`). It is given back when the process ends, however it ends.
package final class FileLock: Sendable {
  private let path: String
  private let descriptor: Int32

  /// Opens the file, and makes it where it isn't there. Nothing is locked yet.
  ///
  /// - Returns: `nil` if that can't be done; `errno` says why.
  package init?(_ path: String) {
    self.path = path
    descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
  }

  /// Opens a folder that is there. Nothing is locked yet.
  ///
  /// - Returns: `nil` if that can't be done; `errno` says why.
  package init?(folder: String) {
    path = folder
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Waits until nobody else has it.
  package func lock() { wait(LOCK_EX) }

  /// Waits until nobody has it for himself, and has it beside others.
  package func share() { wait(LOCK_SH) }

  /// Whether no other process has it; it is this process's own then.
  package func isLast() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// Takes it for this process alone, unless another has it. A file system that knows no such locks (NFS, of folders) never
  /// says that another has it.
  ///
  /// - Returns: whether another has it.
  package func isTaken() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK }

  /// Whether the locked file is the one that is at its path.
  package var isInPlace: Bool {
    var (mine, there) = (stat(), stat())
    return fstat(descriptor, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino
      && mine.st_dev == there.st_dev
  }

  private func wait(_ operation: Int32) {
    while flock(descriptor, operation) != 0, errno == EINTR {}
  }
}
