import Files

/// Runs phases one after another, and notes how long each took and how long ranks were idle.
package struct PhaseRunner<Wire: Transport> {
  package var coordinator: Coordinator<Wire>
  package let progress: Progress
  /// Seconds of wall time by phase, in order; of one that came back, all together.
  package private(set) var timings: [(phase: String, seconds: Double)] = []
  /// By phase, seconds that each rank was busy.
  private var busySeconds: [String: [Double]] = [:]

  /// By phase, of each rank.
  package var idleShares: [String: [Double]] {
    Dictionary(
      uniqueKeysWithValues: timings.map { phase, seconds in
        (phase, busySeconds[phase, default: []].map { max(0, 1 - $0 / max(seconds, 1e-9)) })
      })
  }

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
    let busy = zip(coordinator.busySeconds, before).map { $0 - $1 }
    guard let known = timings.firstIndex(where: { $0.phase == name }) else {
      timings.append((name, seconds))
      busySeconds[name] = busy
      return
    }
    timings[known].seconds += seconds
    busySeconds[name] = zip(busySeconds[name]!, busy).map { $0 + $1 }
  }
}
