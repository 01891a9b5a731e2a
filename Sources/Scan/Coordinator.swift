internal import Glibc
import MPI

/// A source of tasks with what happens to their results: one phase of a scan.
protocol Phase {
  /// The next task for a rank, or `nil` if there is none for now.
  mutating func next(for rank: Int) -> ScanTask?
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
  /// Coordinator to worker: nothing more will come.
  static let stop: Int32 = 6
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

  init(world: Communicator, worker: Worker) {
    self.world = world
    self.worker = worker
    self.held = Array(repeating: [], count: world.size)
    self.computes = world.size <= Self.largestComputingSize
  }

  /// Runs a phase to its end.
  ///
  /// - Parameter tick: called between batches and messages, for progress.
  /// - Throws: what a task threw, on whichever rank, after every outstanding result has come in, so that the workers
  ///   are ready for an orderly end.
  mutating func run(_ phase: inout some Phase, tick: () -> Void) throws {
    var failure: (any Error)?
    while true {
      do {
        var isIdle = !(try serve(&phase))
        if failure == nil {
          try handOut(&phase)
          if computes, let task = phase.next(for: Communicator.root) {
            let result = try worker.run(task) {
              _ = try serve(&phase)
              try handOut(&phase)
              tick()
            }
            try phase.complete(task, with: result)
            isIdle = false
          }
        }
        tick()
        if held.allSatisfy(\.isEmpty), isIdle {
          if let failure { throw failure }
          return
        }
        if isIdle { usleep(200) }
      } catch let error where failure == nil && !(error is MPIError) {
        failure = error
      }
    }
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
      let task = held[envelope.source].removeFirst()
      if envelope.tag == Tag.failure {
        var reader = MessageReader(bytes)
        throw ScanError(ScanError.Code(rawValue: reader.readInt()) ?? .defect, reader.readString())
      }
      try phase.complete(task, with: bytes)
    }
    return found
  }

  private mutating func handOut(_ phase: inout some Phase) throws {
    // One round a depth, so that a few tasks are spread and not heaped on the first ranks.
    for depth in 1...Self.tasksHeld {
      for rank in 1..<max(world.size, 1) where held[rank].count < depth {
        guard let task = phase.next(for: rank) else { continue }
        held[rank].append(task)
        try world.send(task.encode(), to: rank, tag: Tag.task)
      }
    }
  }
}
