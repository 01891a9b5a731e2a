/// What carries messages between the coordinator and its workers: MPI, a simulated cluster, or a test's script.
package protocol Transport: AnyObject {
  /// How many ranks there are.
  var size: Int { get }
  /// Seconds, on a clock that never jumps.
  var now: Double { get }
  /// Sends a message, without waiting for its receiver to take it. Messages to a rank arrive in the order of sending.
  func post(_ bytes: [UInt8], to rank: Int, kind: MessageKind) throws
  /// The next message that has arrived, from anyone; `nil` if there is none.
  ///
  /// - Parameter kind: the kind that is looked for; `nil` for any. Messages of others stay where they are.
  func receive(_ kind: MessageKind?) throws -> Message?
  /// Lets a moment pass in which there is nothing to do.
  func rest() throws
  /// Gives every rank the coordinator's bytes. Collective.
  func broadcast(_ bytes: [UInt8]) throws -> [UInt8]
  /// Waits until all messages have left.
  func finish() throws
}

/// What a message is.
package enum MessageKind: Int32, Sendable {
  /// Coordinator to worker: a task.
  case task = 1
  /// Worker to coordinator: the output of the oldest task that it was given, and the seconds that it took.
  case output
  /// Worker to coordinator: why the oldest task that it was given failed.
  case failure
  /// Coordinator to worker: something that all ranks are told follows by broadcast.
  case notice
  /// Coordinator to worker: leave what you are at, and every task that you were given.
  case interrupt
  /// Worker to coordinator: the oldest task that it was given was left undone.
  case abandoned
  /// Worker to coordinator: this process was asked to stop.
  case stopWish
  /// Worker to coordinator: it is at a task that takes long.
  case alive
  /// Coordinator to worker: nothing more will come; the exit code.
  case stop
}

/// A message that has arrived.
package struct Message: Sendable {
  package let source: Int
  package let kind: MessageKind
  package let bytes: [UInt8]

  package init(source: Int, kind: MessageKind, bytes: [UInt8]) {
    self.source = source
    self.kind = kind
    self.bytes = bytes
  }
}

extension Transport {
  /// Tells all workers the same, along a tree: each hears of it by an empty message and then takes part in a broadcast.
  package func spread(_ notice: some RankNotice) throws {
    for rank in 1..<max(size, 1) { try post([], to: rank, kind: .notice) }
    _ = try broadcast(NamedBody(notice).message)
  }

  /// Tells all workers that nothing more will come. - Parameter exitCode: what they end with.
  package func dismiss(exitCode: Int) throws {
    for rank in 1..<max(size, 1) { try post(ExitCodeMessage(exitCode).message, to: rank, kind: .stop) }
    try finish()
  }
}

struct ExitCodeMessage: Coded {
  var code = 0

  init() {}
  init(_ code: Int) { self.code = code }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&code) }
}

/// A task was left because the work is to end early.
package struct Interruption: Error {
  package init() {}
}

/// The work ends early.
package struct EarlyStop: Error {
  /// What asked for it: "a signal", "the time limit".
  package let reason: String
}
