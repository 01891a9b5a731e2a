import Files

/// Runs phases one after another, and notes how long each took and how long ranks were idle.
package struct PhaseRunner<Wire: Transport> {
  package var coordinator: Coordinator<Wire>
  package let progress: Progress
  /// Seconds of wall time by phase, in order.
  package private(set) var timings: [(phase: String, seconds: Double)] = []
  /// By phase, of each rank.
  package private(set) var idleShares: [String: [Double]] = [:]

  package init(coordinator: Coordinator<Wire>, progress: Progress) {
    self.coordinator = coordinator
    self.progress = progress
  }

  /// - Parameters:
  ///   - total: what the phase's progress counts up to.
  ///   - worker: this rank's, for the tasks that it runs itself.
  package mutating func run<Tasks: Phase>(
    _ name: String, _ total: Int, _ phase: inout Tasks, on worker: Tasks.Work.Worker
  ) throws {
    let before = coordinator.busySeconds
    progress.begin(name, total: total)
    try coordinator.run(&phase, tick: progress.tick) { try $0.run(on: worker, pause: $1) }
    returnFreedMemory()
    let seconds = progress.end()
    timings.append((name, seconds))
    idleShares[name] = zip(coordinator.busySeconds, before).map { max(0, 1 - ($0 - $1) / max(seconds, 1e-9)) }
  }
}
