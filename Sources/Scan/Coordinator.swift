import MPI
import UserErrors

/// A source of tasks with what happens to their results: one phase of a scan.
protocol Phase {
  /// The next task for a rank, or `nil` if there is none for any rank now.
  mutating func next(for rank: Int) throws -> ScanTask?
  /// Takes in a result; may make further tasks available.
  mutating func complete(_ task: ScanTask, with result: [UInt8]) throws
}

/// Message kinds between the coordinator and the workers.
enum Tag {
  /// Coordinator to worker: a task.
  static let task: Int32 = 1
  /// Worker to coordinator: the result of the oldest task it holds, and the seconds that it took.
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
/// messages.
///
/// Cost: a task out and a result in; nothing grows with the number of ranks.
struct Coordinator<Wire: Transport, Runner: TaskRunner> {
  /// Up to this many ranks, rank 0 computes too: beyond it, its batches would keep the others waiting for longer than
  /// one rank's work is worth.
  private let largestComputingSize = 32
  private let tasksHeld = 2

  private let wire: Wire
  private let worker: Runner
  private var held: [[ScanTask]]
  private var heldCount = 0
  /// Ranks that may have room for another task, by how many they hold; those that answered last come last. A rank that
  /// has been given one since is still listed.
  private var roomy: [[Int]]
  private let computes: Bool
  private let stop: StopRequest
  /// Seconds that an early end takes after the last batch.
  var stopMargin: () -> Double = { 0 }
  private var stopReason: String?
  private var failure: (any Error)?
  /// Seconds that each rank has spent on tasks.
  private(set) var busySeconds: [Double]

  init(wire: Wire, worker: Runner, stop: StopRequest) {
    self.wire = wire
    self.worker = worker
    self.stop = stop
    self.held = Array(repeating: [], count: wire.size)
    self.roomy = Array(repeating: [], count: tasksHeld)
    self.roomy[0] = (1..<max(wire.size, 1)).reversed()
    self.computes = wire.size <= largestComputingSize
    self.busySeconds = Array(repeating: 0, count: wire.size)
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
          try compute(task, &phase, tick)
          isIdle = false
        }
        tick()
        try lookForStop()
        if isIdle {
          if heldCount == 0 { break }
          try wire.rest()
        }
      } catch let error as MPIError {
        throw error
      } catch is Interruption {
        continue
      } catch {
        if failure == nil {
          failure = error
          try tellWorkers(Tag.interrupt)
        }
      }
    }
    if let failure { throw failure }
    if let stopReason { throw EarlyStop(reason: stopReason) }
  }

  /// Runs a task here, and looks after the others between two batches.
  private mutating func compute(_ task: ScanTask, _ phase: inout some Phase, _ tick: () -> Void) throws {
    let start = wire.now
    var pauses = 0.0
    let result = try worker.run(task) {
      let pause = wire.now
      defer { pauses += wire.now - pause }
      _ = try serve(&phase)
      try handOut(&phase)
      tick()
      try lookForStop()
      if isEnding { throw Interruption() }
    }
    busySeconds[Communicator.root] += wire.now - start - pauses
    try phase.complete(task, with: result)
  }

  private var isEnding: Bool { failure != nil || stopReason != nil }

  private mutating func lookForStop() throws {
    guard !isEnding, let reason = stop.reason(margin: stopMargin()) else { return }
    try end(because: reason)
  }

  private mutating func end(because reason: String) throws {
    guard !isEnding else { return }
    stopReason = reason
    try tellWorkers(Tag.interrupt)
  }

  private func tellWorkers(_ tag: Int32) throws {
    for rank in 1..<max(wire.size, 1) { try wire.post([], to: rank, tag: tag) }
  }

  /// Takes in what has arrived. Returns whether there was anything.
  private mutating func serve(_ phase: inout some Phase) throws -> Bool {
    var found = false
    while let message = try wire.receive() {
      found = true
      let source = message.source
      if message.tag == Tag.wish {
        try end(because: "a signal to rank \(source)")
        continue
      }
      let task = held[source].removeFirst()
      heldCount -= 1
      roomy[held[source].count].append(source)
      switch message.tag {
      case Tag.result:
        let (result, seconds) = TaskAnswer.take(message.bytes)
        busySeconds[source] += seconds
        try phase.complete(task, with: result)
      case Tag.failure:
        var reader = MessageReader(message.bytes)
        throw Failure(ExitStatus(rawValue: reader.readInt()) ?? .defect, reader.readString())
      default:
        precondition(message.tag == Tag.abandoned, "a message of tag \(message.tag) came from rank \(source)")
      }
    }
    return found
  }

  /// Gives tasks to ranks that have room: first to those that hold none, so that a few tasks are spread and not heaped.
  private mutating func handOut(_ phase: inout some Phase) throws {
    guard !isEnding else { return }
    for depth in 0..<tasksHeld {
      while let rank = roomy[depth].last {
        guard held[rank].count == depth else {
          roomy[depth].removeLast()
          continue
        }
        guard let task = try phase.next(for: rank) else { return }
        roomy[depth].removeLast()
        held[rank].append(task)
        heldCount += 1
        if depth + 1 < tasksHeld { roomy[depth + 1].append(rank) }
        try wire.post(task.encode(), to: rank, tag: Tag.task)
      }
    }
  }
}

/// A worker's answer: the result of a task, and the seconds that it took.
enum TaskAnswer {
  static func make(_ result: [UInt8], seconds: Double) -> [UInt8] {
    var writer = MessageWriter()
    writer.append(seconds)
    return result + writer.bytes
  }

  static func take(_ answer: [UInt8]) -> (result: [UInt8], seconds: Double) {
    var reader = MessageReader(Array(answer.suffix(MemoryLayout<Double>.size)))
    return (Array(answer.dropLast(MemoryLayout<Double>.size)), reader.readDouble())
  }
}
