internal import CMPI

/// A group of ranks that exchange messages.
///
/// Messages are bytes: what they mean is the caller's affair. All calls block until the buffer may be used again, and
/// none of them is safe to call from two threads.
package struct Communicator {
  let handle: MPI_Comm
  /// This process's number in the group, from 0.
  package let rank: Int
  /// How many processes the group has.
  package let size: Int

  /// The rank that coordinates: 0.
  package static let root = 0

  package var isRoot: Bool { rank == Self.root }

  init(_ handle: MPI_Comm) throws(MPIError) {
    var rank: Int32 = 0
    var size: Int32 = 0
    try check(MPI_Comm_rank(handle, &rank), "MPI_Comm_rank")
    try check(MPI_Comm_size(handle, &size), "MPI_Comm_size")
    self.handle = handle
    self.rank = Int(rank)
    self.size = Int(size)
  }

  /// Gives every rank the root's bytes. Collective; the length need be known to the root only.
  ///
  /// - Parameter bytes: the message on the root; ignored on other ranks.
  package func broadcast(_ bytes: [UInt8]) throws(MPIError) -> [UInt8] {
    var length = Int64(bytes.count)
    try check(MPI_Bcast(&length, 1, nnfmri_int64(), Int32(Self.root), handle), "MPI_Bcast")
    var message = isRoot ? bytes : [UInt8](repeating: 0, count: Int(length))
    var offset = 0
    while offset < message.count {
      // MPI counts are 32-bit: a longer message goes in pieces.
      let count = min(message.count - offset, Int(Int32.max))
      let code = message.withUnsafeMutableBytes {
        MPI_Bcast($0.baseAddress! + offset, Int32(count), nnfmri_byte(), Int32(Self.root), handle)
      }
      try check(code, "MPI_Bcast")
      offset += count
    }
    return message
  }

  /// Collects one 64-bit number from each rank on the root. Collective.
  ///
  /// - Returns: the numbers by rank on the root, nothing elsewhere.
  package func gather(_ number: Int64) throws(MPIError) -> [Int64] {
    var number = number
    var all = [Int64](repeating: 0, count: isRoot ? size : 0)
    try check(
      MPI_Gather(&number, 1, nnfmri_int64(), &all, 1, nnfmri_int64(), Int32(Self.root), handle), "MPI_Gather")
    return all
  }

  /// Sends bytes to one rank; returns when the buffer may be reused, which for a long message means that the receiver
  /// has begun to take it.
  package func send(_ bytes: [UInt8], to rank: Int, tag: Int32) throws(MPIError) {
    precondition(bytes.count <= Int(Int32.max), "a message of \(bytes.count) bytes is longer than MPI counts")
    let code = bytes.withUnsafeBytes {
      MPI_Send($0.baseAddress, Int32(bytes.count), nnfmri_byte(), Int32(rank), tag, handle)
    }
    try check(code, "MPI_Send")
  }

  /// A message that has arrived and waits to be received.
  package struct Envelope {
    package let source: Int
    package let tag: Int32
    let count: Int
  }

  /// Looks for a message from anyone, without waiting.
  ///
  /// - Parameter tag: the tag that is looked for; `nil` for any. Messages with other tags stay where they are.
  package func probe(tag: Int32? = nil) throws(MPIError) -> Envelope? {
    var found: Int32 = 0
    var status = MPI_Status()
    try check(
      MPI_Iprobe(nnfmri_any_source(), tag ?? nnfmri_any_tag(), handle, &found, &status), "MPI_Iprobe")
    guard found != 0 else { return nil }
    var count: Int32 = 0
    try check(MPI_Get_count(&status, nnfmri_byte(), &count), "MPI_Get_count")
    return Envelope(source: Int(status.MPI_SOURCE), tag: status.MPI_TAG, count: Int(count))
  }

  /// Receives the message that `probe` found.
  package func receive(_ envelope: Envelope) throws(MPIError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: envelope.count)
    var status = MPI_Status()
    let code = bytes.withUnsafeMutableBytes {
      MPI_Recv(
        $0.baseAddress, Int32(envelope.count), nnfmri_byte(), Int32(envelope.source), envelope.tag, handle, &status)
    }
    try check(code, "MPI_Recv")
    return bytes
  }
}

extension Communicator {
  /// Collects a message from each rank on the root. Collective.
  ///
  /// - Returns: the messages by rank on the root, nothing elsewhere.
  package func gather(_ bytes: [UInt8], tag: Int32) throws(MPIError) -> [[UInt8]] {
    let lengths = try gather(Int64(bytes.count))
    guard isRoot else {
      if !bytes.isEmpty { try send(bytes, to: Self.root, tag: tag) }
      return []
    }
    var messages = [[UInt8]](repeating: [], count: size)
    messages[Self.root] = bytes
    var missing = lengths.enumerated().count { $0.offset != Self.root && $0.element > 0 }
    while missing > 0 {
      guard let envelope = try probe() else { continue }
      messages[envelope.source] = try receive(envelope)
      missing -= 1
    }
    return messages
  }
}
