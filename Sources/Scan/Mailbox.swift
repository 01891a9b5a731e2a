package import Distribution
import Files
internal import Glibc
package import MPI

/// A rank's messages by MPI.
///
/// Sending never waits for a receiver. MPICH holds a blocking send of 16 kB and more until the receiver takes it, and a
/// rank that computes takes nothing until its task is done: the values of one series would stop the coordinator.
package final class Mailbox: Transport {
  private let world: Communicator
  private var onTheirWay: [PendingSend] = []
  /// Microseconds of the next rest.
  private var nap: UInt32 = shortestNap
  /// The coordinator answers ranks that wait for it, so it looks often; a worker waits for seconds at times, so it looks
  /// ever less often.
  private static let shortestNap: UInt32 = 20
  private static let workersLongestNap: UInt32 = 1000
  private static let coordinatorsNap: UInt32 = 200

  package init(_ world: Communicator) {
    self.world = world
  }

  package var size: Int { world.size }
  package var now: Double { monotonicSeconds() }

  /// Begins to send a message; it leaves when its receiver takes it.
  ///
  /// - Throws: `MPIError`.
  package func post(_ bytes: [UInt8], to rank: Int, kind: MessageKind) throws {
    // A rank that computes never rests, and what has left would pile up.
    try forgetWhatHasLeft()
    let message = try world.beginSending(bytes, to: rank, tag: kind.rawValue)
    if try !message.hasLeft() { onTheirWay.append(message) }
  }

  /// The next message of a kind, or of any; `nil` where none has come.
  ///
  /// - Throws: `MPIError`.
  package func receive(_ kind: MessageKind?) throws -> Message? {
    guard let envelope = try world.probe(tag: kind?.rawValue) else { return nil }
    nap = Self.shortestNap
    guard let kind = MessageKind(rawValue: envelope.tag) else { throw MessageError() }
    return Message(source: envelope.source, kind: kind, bytes: try world.receive(envelope))
  }

  /// Sleeps: a blocking wait would burn the core that it shares.
  package func rest() throws {
    usleep(world.isRoot ? Self.coordinatorsNap : nap)
    nap = min(2 * nap, Self.workersLongestNap)
    try forgetWhatHasLeft()
  }

  private func forgetWhatHasLeft() throws { try onTheirWay.removeAll { try $0.hasLeft() } }

  /// Gives every rank the root's bytes. Collective.
  ///
  /// - Throws: `MPIError`.
  package func broadcast(_ bytes: [UInt8]) throws -> [UInt8] { try world.broadcast(bytes) }

  /// Waits until every message has left.
  ///
  /// - Throws: `MPIError`.
  package func finish() throws {
    for message in onTheirWay { try message.wait() }
    onTheirWay = []
  }
}
