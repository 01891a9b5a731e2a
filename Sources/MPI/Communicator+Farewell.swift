internal import CMPI
internal import Glibc

extension Communicator {
  private static let farewellTag: Int32 = 32767

  /// Prepares all ranks for `MPI_Finalize`. Collective; nothing may be sent afterwards.
  ///
  /// Over TCP, UCX closes a connection by a question to which the other side has to reply, and MPICH lets a rank that has all
  /// its replies wait for the others without listening any more: a rank whose question comes too late waits for ever
  /// (openucx/ucx, issue 8738; seen in half of all runs on four ranks). So every two ranks that may have talked talk in both
  /// directions, which has both ask. And then all keep still for a moment, so that none replies before it has asked: who
  /// has a rank's reply then has its question, too.
  ///
  /// Ranks that may have talked are the root and any other, and those that are a power of 2 apart, as in MPICH's trees and
  /// rings.
  ///
  /// Cost: a tenth of a second; 2 log₂(size) messages of each rank, and size of the root.
  func sayFarewell() throws(MPIError) {
    guard size > 1 else { return }
    if isRoot {
      for other in 1..<size { try exchange(to: other, from: other) }
    } else {
      try exchange(to: Self.root, from: Self.root)
    }
    var distance = 1
    while distance < size {
      let (next, previous) = ((rank + distance) % size, (rank + size - distance) % size)
      try exchange(to: next, from: previous)
      try exchange(to: previous, from: next)
      distance *= 2
    }
    usleep(100_000)
  }

  private func exchange(to receiver: Int, from sender: Int) throws(MPIError) {
    var (sent, received): (Int64, Int64) = (0, 0)
    var status = MPI_Status()
    try check(
      MPI_Sendrecv(
        &sent, 1, nnfmri_int64(), Int32(receiver), Self.farewellTag, &received, 1, nnfmri_int64(), Int32(sender),
        Self.farewellTag, handle, &status), "MPI_Sendrecv")
  }
}
