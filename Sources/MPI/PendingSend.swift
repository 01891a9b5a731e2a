internal import CMPI

/// A message that is on its way: it is kept until the library has no more need of it.
package final class PendingSend {
  private let buffer: UnsafeMutableRawBufferPointer
  private var request: MPI_Request
  private var isComplete = false

  /// MPI_Isend.
  fileprivate init(_ bytes: [UInt8], to rank: Int, tag: Int32, in handle: MPI_Comm) throws(MPIError) {
    precondition(bytes.count <= Int(Int32.max), "a message of \(bytes.count) bytes is longer than MPI counts")
    buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16)
    buffer.copyBytes(from: bytes)
    request = MPI_Request()
    let code = MPI_Isend(buffer.baseAddress, Int32(bytes.count), nnfmri_byte(), Int32(rank), tag, handle, &request)
    isComplete = code != MPI_SUCCESS
    try check(code, "MPI_Isend")
  }

  deinit {
    // The library may still read a buffer that is on its way: losing it is the lesser harm.
    if isComplete { buffer.deallocate() }
  }

  /// Whether the library has no more need of the message. MPI_Test.
  ///
  /// - Throws: `MPIError`.
  package func hasLeft() throws(MPIError) -> Bool {
    guard !isComplete else { return true }
    var flag: Int32 = 0
    var status = MPI_Status()
    try check(MPI_Test(&request, &flag, &status), "MPI_Test")
    isComplete = flag != 0
    return isComplete
  }

  /// Waits until it has. MPI_Wait.
  ///
  /// - Throws: `MPIError`.
  package func wait() throws(MPIError) {
    guard !isComplete else { return }
    var status = MPI_Status()
    try check(MPI_Wait(&request, &status), "MPI_Wait")
    isComplete = true
  }
}

extension Communicator {
  /// Begins to send bytes to one rank, and returns at once: a long message leaves when its receiver takes it, which may
  /// be at something else for seconds.
  ///
  /// - Throws: `MPIError`.
  package func beginSending(_ bytes: [UInt8], to rank: Int, tag: Int32) throws(MPIError) -> PendingSend {
    try PendingSend(bytes, to: rank, tag: tag, in: handle)
  }
}
