import Files
internal import Glibc
import UserErrors

/// What a rank other than 0 does: it runs tasks as they come from the coordinator, until that says stop.
///
/// Waiting costs next to nothing: the rank sleeps between looks at its messages.
package struct WorkerLoop<Wire: Transport, Worker> {
  private let wire: Wire
  private let worker: Worker
  private let registry: TaskRegistry<Worker>
  private var isInterrupted = false
  private var hasPassedOnSignal = false
  private let coordinator = 0
  /// Seconds after which a rank that is at a task says so.
  private let signInterval = 10.0
  /// When it said something last.
  private var lastWords = 0.0

  package init(wire: Wire, worker: Worker, registry: TaskRegistry<Worker>) {
    self.wire = wire
    self.worker = worker
    self.registry = registry
  }

  /// - Returns: the exit code that the coordinator gave.
  /// - Throws: the transport's errors.
  package mutating func run() throws -> Int {
    while true {
      try passOnSignal()
      guard let message = try wire.receive(nil) else {
        try wire.rest()
        continue
      }
      switch message.kind {
      case .task:
        let (bytes, kind) = try answer(message.bytes)
        try wire.post(bytes, to: coordinator, kind: kind)
      case .notice:
        try registry.apply(wire.broadcast([]), to: worker)
      case .interrupt:
        isInterrupted = true
      case .stop:
        try wire.finish()
        return try ExitCodeMessage(message: message.bytes).code
      case .output, .failure, .abandoned, .stopWish, .alive:
        throw MessageError()
      }
    }
  }

  /// What the coordinator is told of a task: its output, why it failed, or that it was left undone.
  private mutating func answer(_ task: [UInt8]) throws -> (bytes: [UInt8], kind: MessageKind) {
    guard !isInterrupted else { return ([], .abandoned) }
    var wireError: (any Error)?
    lastWords = wire.now
    do {
      let start = monotonicSeconds()
      var interrupted = false
      let output = try registry.run(task, on: worker) {
        do {
          try passOnSignal()
          try giveSignOfLife()
          // A task that keeps part of its output goes on to the next pause.
          interrupted = try isInterrupted || wire.receive(.interrupt) != nil
        } catch {
          wireError = error
          throw error
        }
        if interrupted {
          isInterrupted = true
          throw Interruption()
        }
      }
      return (TaskAnswer(output, seconds: monotonicSeconds() - start).message, .output)
    } catch is Interruption {
      return ([], .abandoned)
    } catch {
      if let wireError { throw wireError }
      return (FailureMessage(Failure(error)).message, .failure)
    }
  }

  /// Tells the coordinator now and then that this rank is at its task.
  private mutating func giveSignOfLife() throws {
    let now = wire.now
    guard now - lastWords >= signInterval else { return }
    lastWords = now
    try wire.post([], to: coordinator, kind: .alive)
  }

  /// Tells the coordinator, once, that this process has been asked to stop: a signal may reach one rank only.
  private mutating func passOnSignal() throws {
    guard StopRequest.isSignalled, !hasPassedOnSignal else { return }
    hasPassedOnSignal = true
    try wire.post([], to: coordinator, kind: .stopWish)
  }
}
