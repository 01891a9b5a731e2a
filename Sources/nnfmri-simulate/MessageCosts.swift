import Distribution
import Files
internal import Glibc
import MPI
import Scan

/// What messages take: their handling on either side, and their way.
struct MessageCosts: Sendable {
  /// Seconds of the sender's processor for an empty message, and for each byte.
  var send: Double
  var sendByte: Double
  /// Seconds of the receiver's, look for it included.
  var receive: Double
  var receiveByte: Double
  /// Seconds from the sender's call until the receiver could have it, without what the two do meanwhile.
  var latency: Double

  static let free = MessageCosts(send: 0, sendByte: 0, receive: 0, receiveByte: 0, latency: 0)

  func scaled(by factor: Double) -> MessageCosts {
    MessageCosts(
      send: factor * send, sendByte: factor * sendByte, receive: factor * receive, receiveByte: factor * receiveByte,
      latency: factor * latency)
  }

  /// Measures messages between ranks 0 and 1 the way that the coordinator and a worker exchange them. Collective on
  /// both.
  ///
  /// - Returns: the costs on rank 0, `nil` elsewhere.
  static func measure(_ world: Communicator) throws -> MessageCosts? {
    let small = try measure(world, bytes: 64)
    let large = try measure(world, bytes: 8000)
    guard let small, let large else { return nil }
    let size = Double(8000 - 64)
    return MessageCosts(
      send: small.send, sendByte: max(large.send - small.send, 0) / size, receive: small.receive,
      receiveByte: max(large.receive - small.receive, 0) / size, latency: small.latency)
  }

  private static func measure(
    _ world: Communicator, bytes: Int
  ) throws -> (send: Double, receive: Double, latency: Double)? {
    let rounds = 25
    let atOnce = 50
    let mailbox = Mailbox(world)
    let body = [UInt8](repeating: 0, count: bytes)
    func next() throws -> Message {
      while true {
        if let message = try mailbox.receive(nil) { return message }
        // The other rank may be waiting for this core.
        sched_yield()
      }
    }
    var (send, receive, trip) = ([Double](), [Double](), [Double]())
    for _ in 0..<rounds {
      if world.isRoot {
        // One there and back, then many at once each way.
        let start = monotonicSeconds()
        try mailbox.post(body, to: 1, kind: .task)
        _ = try next()
        trip.append(monotonicSeconds() - start)
        let sending = processorSeconds()
        for _ in 0..<atOnce { try mailbox.post(body, to: 1, kind: .task) }
        send.append((processorSeconds() - sending) / Double(atOnce))
        // An empty message says that all have been sent; they arrive in order, so they are there.
        usleep(500)
        let receiving = processorSeconds()
        for _ in 0..<atOnce { _ = try next() }
        receive.append((processorSeconds() - receiving) / Double(atOnce))
      } else {
        try mailbox.post(try next().bytes, to: Communicator.root, kind: .output)
        for _ in 0..<atOnce { _ = try next() }
        for _ in 0..<atOnce { try mailbox.post(body, to: Communicator.root, kind: .output) }
      }
    }
    try mailbox.finish()
    guard world.isRoot else { return nil }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    let (out, back) = (median(send), median(receive))
    // The quickest: the others waited for a core as well.
    return (out, back, max(trip.min()! / 2 - out - back, 0))
  }
}
