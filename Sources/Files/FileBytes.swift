internal import Glibc

/// Bytes that do not change: read from a file, mapped from one, or made in memory.
///
/// Files from `mappingThreshold` up are mapped, so that a rank holds only the stimuli that it looks at and ranks of one
/// machine share them.
@safe package final class FileBytes: @unchecked Sendable {
  package static let mappingThreshold = 1 << 20

  private let memory: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// - Throws: `missingInput` if the file cannot be opened, `badInput` if it cannot be read.
  package init(contentsOf path: String) throws(FileError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.cannotOpen(path) }
    defer { close(descriptor) }

    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(.badInput, "\(path) is not a file of stimuli: give a file or a folder of CIFAR-10 .bin batches")
    }
    let count = Int(status.st_size)

    if count >= Self.mappingThreshold {
      let address = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
      guard unsafe address != MAP_FAILED else { throw FileError.cannotRead(path) }
      unsafe memory = UnsafeRawBufferPointer(start: address, count: count)
      isMapped = true
    } else {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
      var filled = 0
      while filled < count {
        let received = unsafe read(descriptor, buffer.baseAddress! + filled, count - filled)
        guard received > 0 else {
          unsafe buffer.deallocate()
          throw FileError.cannotRead(path)
        }
        filled += received
      }
      unsafe memory = UnsafeRawBufferPointer(buffer)
      isMapped = false
    }
  }

  package init(_ bytes: [UInt8]) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    unsafe buffer.copyBytes(from: bytes)
    unsafe memory = UnsafeRawBufferPointer(buffer)
    isMapped = false
  }

  /// Zeros, which take no memory: pages that were never written are one page for all.
  package init(zeros count: Int) {
    guard count > 0 else {
      unsafe memory = UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64))
      isMapped = false
      return
    }
    let address = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    precondition(unsafe address != MAP_FAILED, "no address space for \(count) bytes")
    unsafe memory = UnsafeRawBufferPointer(start: address, count: count)
    isMapped = true
  }

  /// Bytes that the body writes. A body that throws leaves nothing behind.
  package init(
    count: Int, fill: (UnsafeMutableRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    do {
      try unsafe fill(buffer)
    } catch {
      unsafe buffer.deallocate()
      throw error
    }
    unsafe memory = UnsafeRawBufferPointer(buffer)
    isMapped = false
  }

  deinit {
    if isMapped {
      unsafe munmap(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count)
    } else {
      unsafe memory.deallocate()
    }
  }

  package var count: Int { unsafe memory.count }

  package subscript(index: Int) -> UInt8 { unsafe memory[index] }

  /// A copy of a few bytes.
  package subscript(range: Range<Int>) -> [UInt8] { unsafe Array(memory[range]) }

  package func withBytes<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(UnsafeRawBufferPointer(rebasing: memory[range]))
  }

  /// Lets go of the pages that a pass over a mapped file has brought in; they come back when read again.
  package func releasePages() {
    guard isMapped else { return }
    _ = unsafe madvise(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count, MADV_DONTNEED)
  }

  /// The sentence for a path that does not open, with the system's reason.
  package static func cannotOpen(_ path: String) -> FileError {
    let reason = errno
    if path.contains("\u{FFFD}") {
      return FileError(.missingInput, "\(path) isn't found: its name seems to be no UTF-8, which all paths must be; rename it")
    }
    return reason == ENOENT
      ? FileError(.missingInput, "\(path): no such file or folder; check the path")
      : FileError(.missingInput, "\(path) cannot be opened (\(systemReason(reason))): check its permissions")
  }
}
