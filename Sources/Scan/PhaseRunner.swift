/// Runs phases one after another and notes how long each took.
struct PhaseRunner {
  var coordinator: Coordinator
  let progress: Progress
  /// Seconds of wall time by phase, in order.
  private(set) var timings: [(phase: String, seconds: Double)] = []

  init(coordinator: Coordinator, progress: Progress) {
    self.coordinator = coordinator
    self.progress = progress
  }

  /// - Parameter total: what the phase's progress counts up to.
  mutating func run(_ name: String, _ total: Int, _ phase: inout some Phase) throws {
    progress.begin(name, total: total)
    try coordinator.run(&phase, tick: progress.tick)
    timings.append((name, progress.end()))
  }
}
