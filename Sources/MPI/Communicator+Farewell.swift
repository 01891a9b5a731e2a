internal import CMPI
internal import Glibc

extension Communicator {
  private static let farewellTag: Int32 = 32767
  /// Seconds that ranks keep still, at least and at most.
  private static let quiet = 0.1...10

  /// Prepares all ranks for `MPI_Finalize`. Collective; nothing may be sent afterwards.
  ///
  /// Over TCP, UCX closes a connection by a question to which the other side has to reply, and MPICH lets a rank that has all
  /// its replies wait for the others without listening any more: a rank whose question comes too late waits for ever
  /// (openucx/ucx, issue 8738; seen in half of all runs on four ranks). So every two ranks that may have talked talk in both
  /// directions, which has both ask. And then all keep still for a moment, so that none replies before it has asked: who
  /// has a rank's reply then has its question, too.
  ///
  /// Keeping still helps only if all do it at the same time, so it lasts longer than one rank can be done with talking before
  /// another: several times what a round of messages among all takes, which is measured. Over a link with a tenth of a second of
  /// delay, a tenth of a second of stillness left ranks waiting for ever.
  ///
  /// Ranks that may have talked are the root and any other, and those that are a power of 2 apart, as in MPICH's trees and
  /// rings.
  ///
  /// Cost: a tenth of a second, or some twenty trips of a message for each doubling of the ranks; 6 log₂(size) messages of each
  /// rank, and size of the root.
  func sayFarewell() throws(MPIError) {
    guard size > 1 else { return }
    for other in isRoot ? 1..<size : 0..<1 {
      _ = try exchange(0, to: other, from: other)
      // What it sent before, and nobody took, such as a wish to stop that came too late: UCX warns of it otherwise.
      while let stray = try probe(from: other), stray.tag != Self.farewellTag { _ = try receive(stray) }
    }
    // The first round waits for those that come late, the second takes what a round takes, the third tells all the longest time.
    _ = try largest(0)
    let start = MPI_Wtime()
    _ = try largest(0)
    let slowest = try largest(Int64(1e6 * (MPI_Wtime() - start)))
    let quiet = min(max(4e-6 * Double(slowest), Self.quiet.lowerBound), Self.quiet.upperBound)
    usleep(UInt32(1e6 * quiet))
  }

  /// The largest of all ranks' numbers, on every rank, by exchanges between those that are a power of 2 apart. Collective.
  private func largest(_ number: Int64) throws(MPIError) -> Int64 {
    var largest = number
    var distance = 1
    while distance < size {
      let (next, previous) = ((rank + distance) % size, (rank + size - distance) % size)
      let (fromPrevious, fromNext) = (
        try exchange(largest, to: next, from: previous), try exchange(largest, to: previous, from: next)
      )
      largest = max(largest, fromPrevious, fromNext)
      distance *= 2
    }
    return largest
  }

  private func exchange(_ number: Int64, to receiver: Int, from sender: Int) throws(MPIError) -> Int64 {
    var (sent, received): (Int64, Int64) = (number, 0)
    var status = MPI_Status()
    try check(
      MPI_Sendrecv(
        &sent, 1, nnfmri_int64(), Int32(receiver), Self.farewellTag, &received, 1, nnfmri_int64(), Int32(sender),
        Self.farewellTag, handle, &status), "MPI_Sendrecv")
    return received
  }
}
