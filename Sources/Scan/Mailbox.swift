import Files
internal import Glibc
import MPI

/// A rank's messages by MPI.
///
/// Sending never waits for a receiver. MPICH holds a blocking send of 16 kB and more until the receiver takes it, and a
/// rank that computes takes nothing until its task is done: the values of one series would stop the coordinator.
final class Mailbox: Transport {
  let world: Communicator
  private var onTheirWay: [PendingSend] = []

  init(_ world: Communicator) {
    self.world = world
  }

  var size: Int { world.size }
  var now: Double { monotonicSeconds() }

  func post(_ bytes: [UInt8], to rank: Int, tag: Int32) throws {
    let message = try world.beginSending(bytes, to: rank, tag: tag)
    if try !message.hasLeft() { onTheirWay.append(message) }
  }

  func receive() throws -> Message? {
    guard let envelope = try world.probe() else { return nil }
    return Message(source: envelope.source, tag: envelope.tag, bytes: try world.receive(envelope))
  }

  /// Sleeps: a blocking wait would burn the core that it shares.
  func rest() throws {
    usleep(200)
    try settle()
  }

  /// Tells all workers the same, along a tree: each hears of it by an empty message and then takes part in a broadcast.
  func spread(_ bytes: [UInt8], tag: Int32) throws {
    for rank in 1..<max(size, 1) { try post([], to: rank, tag: tag) }
    _ = try world.broadcast(bytes)
  }

  /// Lets go of messages that have left.
  func settle() throws {
    try onTheirWay.removeAll { try $0.hasLeft() }
  }

  /// Waits until all messages have left.
  func finish() throws {
    for message in onTheirWay { try message.wait() }
    onTheirWay = []
  }
}
