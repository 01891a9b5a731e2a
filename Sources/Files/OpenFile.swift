internal import CFileRange
internal import Glibc

/// A file that is open for reading and writing at any place. Closed with its last owner.
package final class OpenFile: Sendable {
  package let path: String
  package let descriptor: Int32

  /// Makes the file, in place of any that is there, or opens the one that is.
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package init(_ path: String, truncates: Bool = true) throws(FileError) {
    self.path = path
    descriptor = open(path, O_CREAT | (truncates ? O_TRUNC : 0) | O_RDWR | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError.cannotWrite(path) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Writes all bytes at a place. pwrite(2).
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError.cannotWrite(path) }
      done += count
    }
  }

  /// Fills a buffer from a place. pread(2).
  ///
  /// - Throws: `FileError` (`badInput`) if the file ends before.
  package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError.cannotRead(path) }
      done += count
    }
  }

  /// Lets the system begin to bring what was written to the disk, so that there is less to wait for in `synchronize`. A wish that may
  /// fail. sync_file_range(2).
  package func beginSynchronizing(_ range: Range<Int>) {
    _ = sync_file_range(descriptor, range.lowerBound, range.count, nnfmri_begin_writing)
  }

  /// Makes everything written durable. fsync(2).
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package func synchronize() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError.cannotWrite(path) }
  }

  /// Whether a path leads to this file: somebody may have removed or replaced it.
  package func isInPlace(at path: String) -> Bool {
    var (mine, found) = (stat(), stat())
    return fstat(descriptor, &mine) == 0 && stat(path, &found) == 0 && mine.st_ino == found.st_ino
      && mine.st_dev == found.st_dev
  }
}

/// A file without a name: nothing is left of it, whatever ends the process.
package struct ScratchFile: Sendable {
  private let file: OpenFile

  /// - Parameter path: where it stands for a moment.
  /// - Throws: `FileError` (`cannotWrite`).
  package init(at path: String) throws(FileError) {
    file = try OpenFile(path)
    unlink(path)
  }

  /// - Parameter folder: where there is room.
  /// - Throws: `FileError` (`cannotWrite`).
  package init(in folder: String) throws(FileError) {
    try self.init(at: "\(folder)/nnfmri-\(getpid())-\(UInt64.random(in: .min ... .max)).tmp")
  }

  /// - Throws: `FileError` (`cannotWrite`).
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    try file.write(bytes, at: offset)
  }

  /// - Throws: `FileError` (`badInput`).
  package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    try file.read(into: bytes, at: offset)
  }
}
