internal import Glibc
import MPI

/// A source of tasks with what happens to their results: one phase of a scan.
protocol Phase {
  /// The next task for a rank, or `nil` if there is none for now.
  mutating func next(for rank: Int) throws -> ScanTask?
  /// Takes in a result; may make further tasks available.
  mutating func complete(_ task: ScanTask, with result: [UInt8]) throws
}

/// Message kinds between the coordinator and the workers.
enum Tag {
  /// Coordinator to worker: a task.
  static let task: Int32 = 1
  /// Worker to coordinator: the result of the oldest task it holds.
  static let result: Int32 = 2
  /// Worker to coordinator: why the oldest task it holds failed.
  static let failure: Int32 = 3
  /// Coordinator to worker: a layer's mean activations.
  static let means: Int32 = 4
  /// Coordinator to worker: the plan, if it has changed.
  static let plan: Int32 = 5
  /// Coordinator to worker: leave what you are at, and every task that you hold.
  static let interrupt: Int32 = 6
  /// Worker to coordinator: the oldest task it holds was left undone.
  static let abandoned: Int32 = 7
  /// Worker to coordinator: this process was asked to stop.
  static let wish: Int32 = 8
  /// Coordinator to worker: nothing more will come.
  static let stop: Int32 = 9
}

/// A task was left because the scan is to end early.
struct Interruption: Error {}

/// The scan ends early.
struct EarlyStop: Error {
  /// What asked for it: "a signal", "the time limit".
  let reason: String
}

/// Hands out tasks on demand and takes in results, on rank 0.
///
/// Every worker holds up to two tasks, so that it computes while its next one is under way. On a small run rank 0
/// computes too, and looks for messages between two batches; on a large one it only coordinates, asleep between
/// messages, so that a blocking wait doesn't burn the core that it shares.
///
/// Cost: a message of about 50 bytes out and one of the shard's values in, a shard.
struct Coordinator {
  /// Up to this many ranks, rank 0 computes too: beyond it, its batches would keep the others waiting for longer than
  /// one rank's work is worth.
  static let largestComputingSize = 32
  private static let tasksHeld = 2

  private let world: Communicator
  private let worker: Worker
  private var held: [[ScanTask]]
  private let computes: Bool
  private let stop: StopRequest
  /// Seconds that an early end takes after the last batch.
  var stopMargin: () -> Double = { 0 }
  private var stopReason: String?
  private var failure: (any Error)?

  init(world: Communicator, worker: Worker, stop: StopRequest) {
    self.world = world
    self.worker = worker
    self.stop = stop
    self.held = Array(repeating: [], count: world.size)
    self.computes = world.size <= Self.largestComputingSize
  }

  /// Runs a phase to its end.
  ///
  /// - Parameter tick: called between batches and messages, for progress.
  /// - Throws: what a task threw, on whichever rank, or `EarlyStop`; only after every task that was handed out has been
  ///   answered, so that the workers are ready for an orderly end.
  mutating func run(_ phase: inout some Phase, tick: () -> Void) throws {
    while true {
      do {
        var isIdle = !(try serve(&phase))
        try handOut(&phase)
        if computes, !isEnding, let task = try phase.next(for: Communicator.root) {
          let result = try worker.run(task) {
            _ = try serve(&phase)
            try handOut(&phase)
            tick()
            try lookForStop()
            if isEnding { throw Interruption() }
          }
          try phase.complete(task, with: result)
          isIdle = false
        }
        tick()
        try lookForStop()
        if held.allSatisfy(\.isEmpty), isIdle { break }
        if isIdle { usleep(200) }
      } catch let error as MPIError {
        throw error
      } catch is Interruption {
        continue
      } catch {
        if failure == nil {
          failure = error
          try tellWorkers([], tag: Tag.interrupt)
        }
      }
    }
    if let failure { throw failure }
    if let stopReason { throw EarlyStop(reason: stopReason) }
  }

  private var isEnding: Bool { failure != nil || stopReason != nil }

  private mutating func lookForStop() throws {
    guard !isEnding, let reason = stop.reason(margin: stopMargin()) else { return }
    try end(because: reason)
  }

  private mutating func end(because reason: String) throws {
    guard !isEnding else { return }
    stopReason = reason
    try tellWorkers([], tag: Tag.interrupt)
  }

  /// Sends every worker a message.
  func tellWorkers(_ bytes: [UInt8], tag: Int32) throws {
    for rank in 1..<max(world.size, 1) { try world.send(bytes, to: rank, tag: tag) }
  }

  /// Takes in what has arrived. Returns whether there was anything.
  private mutating func serve(_ phase: inout some Phase) throws -> Bool {
    var found = false
    while let envelope = try world.probe() {
      found = true
      let bytes = try world.receive(envelope)
      if envelope.tag == Tag.wish {
        try end(because: "a signal to rank \(envelope.source)")
        continue
      }
      let task = held[envelope.source].removeFirst()
      switch envelope.tag {
      case Tag.result:
        try phase.complete(task, with: bytes)
      case Tag.failure:
        var reader = MessageReader(bytes)
        throw ScanError(ScanError.Code(rawValue: reader.readInt()) ?? .defect, reader.readString())
      default:
        precondition(envelope.tag == Tag.abandoned, "a message of tag \(envelope.tag) came from rank \(envelope.source)")
      }
    }
    return found
  }

  private mutating func handOut(_ phase: inout some Phase) throws {
    guard !isEnding else { return }
    // One round a depth, so that a few tasks are spread and not heaped on the first ranks.
    for depth in 1...Self.tasksHeld {
      for rank in 1..<max(world.size, 1) where held[rank].count < depth {
        guard let task = try phase.next(for: rank) else { continue }
        held[rank].append(task)
        try world.send(task.encode(), to: rank, tag: Tag.task)
      }
    }
  }
}
