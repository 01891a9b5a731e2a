import UserErrors

/// Hands out tasks on demand and takes in outputs, on rank 0.
///
/// Every worker is given up to two tasks, so that it computes while its next one is under way. On a small run rank 0
/// computes too, and looks for messages between two batches; on a large one it only coordinates, asleep between
/// messages.
///
/// Cost: a task out and an output in; nothing grows with the number of ranks.
package struct Coordinator<Wire: Transport> {
  /// Up to this many ranks, rank 0 computes too: beyond it, its batches would keep the others waiting for longer than
  /// one rank's work is worth.
  private let largestComputingSize = 32
  private let root = 0

  private let wire: Wire
  private let computes: Bool
  private let stop: StopRequest
  /// Seconds that an early end takes after the last batch.
  package var stopMargin: () -> Double = { 0 }
  private var stopReason: String?
  private var failure: (any Error)?
  private var watch: SilenceWatch
  /// Seconds that each rank has spent on tasks.
  package private(set) var busySeconds: [Double]

  /// - Parameter patience: seconds after which a rank that has a task and isn't heard of is lost.
  package init(wire: Wire, stop: StopRequest, patience: Double = .infinity) {
    self.wire = wire
    self.stop = stop
    self.computes = wire.size <= largestComputingSize
    self.busySeconds = Array(repeating: 0, count: wire.size)
    self.watch = SilenceWatch(ranks: wire.size, patience: patience)
  }

  /// Runs a phase to its end.
  ///
  /// - Parameters:
  ///   - tick: called between batches and messages, for progress.
  ///   - execute: runs a task on this rank.
  /// - Throws: what a task threw, on whichever rank, or `EarlyStop`; only after every task that was handed out has been
  ///   answered, so that the workers are ready for an orderly end. `LostRank` and errors of the transport at once.
  package mutating func run<Tasks: Phase>(
    _ phase: inout Tasks, tick: () -> Void,
    execute: @escaping (Tasks.Work, _ pause: () throws -> Void) throws -> Tasks.Work.Output
  ) throws {
    var assignments = Assignments<Tasks.Work>(ranks: wire.size)
    while true {
      do {
        var isIdle = !(try serve(&phase, &assignments))
        try handOut(&phase, &assignments)
        if computes, !isEnding, let task = try phase.next(for: root) {
          try compute(task, &phase, &assignments, tick, execute)
          isIdle = false
        }
        tick()
        try lookForStop()
        if isIdle {
          if assignments.count == 0 { break }
          try wire.rest()
        }
      } catch let error as WireError {
        throw error.underlying
      } catch is Interruption {
        continue
      } catch {
        if failure == nil {
          failure = error
          try tellWorkers(.interrupt)
        }
      }
    }
    if let failure { throw failure }
    if let stopReason { throw EarlyStop(reason: stopReason) }
  }

  /// Runs a task here, and looks after the others between two batches.
  private mutating func compute<Tasks: Phase>(
    _ task: Tasks.Work, _ phase: inout Tasks, _ assignments: inout Assignments<Tasks.Work>, _ tick: () -> Void,
    _ execute: @escaping (Tasks.Work, _ pause: () throws -> Void) throws -> Tasks.Work.Output
  ) throws {
    let start = wire.now
    var pauses = 0.0
    let output = try execute(task) {
      let pause = wire.now
      defer { pauses += wire.now - pause }
      _ = try serve(&phase, &assignments)
      try handOut(&phase, &assignments)
      tick()
      try lookForStop()
      if isEnding { throw Interruption() }
    }
    busySeconds[root] += wire.now - start - pauses
    try phase.complete(task, with: output)
  }

  private var isEnding: Bool { failure != nil || stopReason != nil }

  private mutating func lookForStop() throws {
    guard !isEnding, let reason = stop.reason(margin: stopMargin()) else { return }
    try end(because: reason)
  }

  private mutating func end(because reason: String) throws {
    guard !isEnding else { return }
    stopReason = reason
    try tellWorkers(.interrupt)
  }

  private func tellWorkers(_ kind: MessageKind) throws {
    for rank in 1..<max(wire.size, 1) { try onWire { try wire.post([], to: rank, kind: kind) } }
  }

  /// Takes in what has arrived. Returns whether there was anything.
  private mutating func serve<Tasks: Phase>(
    _ phase: inout Tasks, _ assignments: inout Assignments<Tasks.Work>
  ) throws -> Bool {
    var found = false
    while let message = try onWire({ try wire.receive(nil) }) {
      found = true
      let source = message.source
      watch.hear(from: source, at: wire.now)
      guard message.kind != .alive else { continue }
      if message.kind == .stopWish {
        try end(because: "a signal to rank \(source)")
        continue
      }
      guard let task = assignments.takeOldest(of: source) else { throw MessageError() }
      switch message.kind {
      case .output:
        let answer = try TaskAnswer(message: message.bytes)
        busySeconds[source] += answer.seconds
        try phase.complete(task, with: Tasks.Work.Output(message: answer.output))
      case .failure:
        throw try FailureMessage(message: message.bytes).failure
      case .abandoned:
        break
      case .task, .notice, .interrupt, .stopWish, .alive, .stop:
        throw MessageError()
      }
    }
    if let rank = watch.lost(at: wire.now, isAwaited: { assignments.isAtWork($0) }) {
      throw WireError(underlying: LostRank(rank: rank))
    }
    return found
  }

  /// Gives tasks to ranks that have room: first to those that have none, so that a few tasks are spread and not heaped.
  private mutating func handOut<Tasks: Phase>(
    _ phase: inout Tasks, _ assignments: inout Assignments<Tasks.Work>
  ) throws {
    guard !isEnding else { return }
    for depth in 0..<Assignments<Tasks.Work>.most {
      while let rank = assignments.rank(withTasks: depth) {
        guard let task = try phase.next(for: rank) else { return }
        if !assignments.isAtWork(rank) { watch.hear(from: rank, at: wire.now) }
        assignments.give(task, to: rank)
        try onWire { try wire.post(NamedBody(task, name: assignments.kind).message, to: rank, kind: .task) }
      }
    }
  }

  /// Errors of the transport end the job at once: there is nobody left to be told.
  private func onWire<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch { throw WireError(underlying: error) }
  }
}

/// An error of the transport itself.
private struct WireError: Error {
  let underlying: any Error
}

/// Which tasks ranks have been given and haven't answered.
struct Assignments<Work> {
  /// What messages call the tasks.
  let kind = TaskRegistry<Never>.name(Work.self)
  /// Tasks that a rank is given at most.
  static var most: Int { 2 }

  /// By rank, the oldest first.
  private var inFlight: [[Work]]
  /// All of them.
  private(set) var count = 0
  /// Ranks that may have room for another task, by how many they have; those that answered last come last. A rank that
  /// has been given one since is still listed.
  private var roomy: [[Int]]

  init(ranks: Int) {
    inFlight = Array(repeating: [], count: ranks)
    roomy = Array(repeating: [], count: Self.most)
    roomy[0] = (1..<max(ranks, 1)).reversed()
  }

  /// A rank that has a certain number of tasks; `nil` if there is none.
  mutating func rank(withTasks depth: Int) -> Int? {
    while let rank = roomy[depth].last {
      if inFlight[rank].count == depth { return rank }
      roomy[depth].removeLast()
    }
    return nil
  }

  /// Whether a rank has a task.
  func isAtWork(_ rank: Int) -> Bool { !inFlight[rank].isEmpty }

  /// Notes a task for a rank that `rank(withTasks:)` gave.
  mutating func give(_ task: Work, to rank: Int) {
    roomy[inFlight[rank].count].removeLast()
    inFlight[rank].append(task)
    count += 1
    if inFlight[rank].count < Self.most { roomy[inFlight[rank].count].append(rank) }
  }

  /// The task that a rank answers; `nil` if it has none.
  mutating func takeOldest(of rank: Int) -> Work? {
    guard inFlight.indices.contains(rank), !inFlight[rank].isEmpty else { return nil }
    count -= 1
    defer { roomy[inFlight[rank].count].append(rank) }
    return inFlight[rank].removeFirst()
  }
}
