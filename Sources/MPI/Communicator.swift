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
  /// - Throws: `MPIError`.
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
  /// - Throws: `MPIError`.
  package func gather(_ number: Int64) throws(MPIError) -> [Int64] {
    var number = number
    var all = [Int64](repeating: 0, count: isRoot ? size : 0)
    try check(
      MPI_Gather(&number, 1, nnfmri_int64(), &all, 1, nnfmri_int64(), Int32(Self.root), handle), "MPI_Gather")
    return all
  }

  /// How many ranks, this one included, run on this rank's machine, and which of them it is, from 0. Collective
  /// (`MPI_Comm_split_type`).
  ///
  /// - Throws: `MPIError`.
  package func placeOnThisMachine() throws(MPIError) -> (place: Int, count: Int) {
    var machine = handle
    try check(
      MPI_Comm_split_type(handle, nnfmri_comm_type_shared(), 0, nnfmri_info_null(), &machine), "MPI_Comm_split_type")
    var place: Int32 = 0
    var size: Int32 = 0
    try check(MPI_Comm_rank(machine, &place), "MPI_Comm_rank")
    try check(MPI_Comm_size(machine, &size), "MPI_Comm_size")
    try check(MPI_Comm_free(&machine), "MPI_Comm_free")
    return (Int(place), Int(size))
  }

  /// A message that has arrived and waits to be received.
  package struct Envelope {
    package let source: Int
    package let tag: Int32
    let count: Int
  }

  /// Looks for a message, without waiting.
  ///
  /// - Parameters:
  ///   - source: who sent it; `nil` for anyone.
  ///   - tag: the tag that is looked for; `nil` for any. Messages with other tags stay where they are.
  /// - Throws: `MPIError`.
  package func probe(from source: Int? = nil, tag: Int32? = nil) throws(MPIError) -> Envelope? {
    var found: Int32 = 0
    var status = MPI_Status()
    try check(
      MPI_Iprobe(source.map(Int32.init) ?? nnfmri_any_source(), tag ?? nnfmri_any_tag(), handle, &found, &status), "MPI_Iprobe")
    guard found != 0 else { return nil }
    var count: Int32 = 0
    try check(MPI_Get_count(&status, nnfmri_byte(), &count), "MPI_Get_count")
    return Envelope(source: Int(status.MPI_SOURCE), tag: status.MPI_TAG, count: Int(count))
  }

  /// Receives the message that `probe` found.
  ///
  /// - Throws: `MPIError`.
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
  /// Collects a message from each rank on the root. Collective (`MPI_Gatherv`).
  ///
  /// All messages together hold less than 2³¹ bytes.
  /// - Returns: the messages by rank on the root, nothing elsewhere.
  /// - Throws: `MPIError`.
  package func gather(_ bytes: [UInt8]) throws(MPIError) -> [[UInt8]] {
    let lengths = try gather(Int64(bytes.count)).map { Int32($0) }
    var starts: [Int32] = []
    var total: Int32 = 0
    for length in lengths {
      starts.append(total)
      total += length
    }
    var all = [UInt8](repeating: 0, count: Int(total))
    let code = bytes.withUnsafeBytes { own in
      all.withUnsafeMutableBytes { all in
        MPI_Gatherv(
          own.baseAddress, Int32(own.count), nnfmri_byte(), all.baseAddress, lengths, starts, nnfmri_byte(),
          Int32(Self.root), handle)
      }
    }
    try check(code, "MPI_Gatherv")
    return zip(starts, lengths).map { Array(all[Int($0)..<Int($0 + $1)]) }
  }
}
