/// What carries messages between the coordinator and its workers: MPI, or a simulated cluster.
protocol Transport: AnyObject {
  /// How many ranks there are.
  var size: Int { get }
  /// Seconds, on a clock that never jumps.
  var now: Double { get }
  /// Sends a message, without waiting for its receiver to take it. Messages to a rank arrive in the order of sending.
  func post(_ bytes: [UInt8], to rank: Int, tag: Int32) throws
  /// The next message that has arrived, from anyone; `nil` if there is none.
  func receive() throws -> Message?
  /// Lets a moment pass in which there is nothing to do.
  func rest() throws
}

/// A message that has arrived.
struct Message {
  let source: Int
  let tag: Int32
  let bytes: [UInt8]
}

/// What can run tasks: a worker, or one that only takes the time of it.
protocol TaskRunner: AnyObject {
  /// - Parameter pause: called between two batches; ends the task by throwing.
  func run(_ task: ScanTask, pause: () throws -> Void) throws -> [UInt8]
}
