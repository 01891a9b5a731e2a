/// Runs phases one after another, and notes how long each took and how long ranks were idle.
struct PhaseRunner {
  var coordinator: Coordinator<Mailbox, Worker>
  private let progress: Progress
  /// Seconds of wall time by phase, in order.
  private(set) var timings: [(phase: String, seconds: Double)] = []
  /// By phase, of each rank.
  private(set) var idleShares: [String: [Double]] = [:]

  init(coordinator: Coordinator<Mailbox, Worker>, progress: Progress) {
    self.coordinator = coordinator
    self.progress = progress
  }

  /// - Parameter total: what the phase's progress counts up to.
  mutating func run(_ name: String, _ total: Int, _ phase: inout some Phase) throws {
    let before = coordinator.busySeconds
    progress.begin(name, total: total)
    try coordinator.run(&phase, tick: progress.tick)
    let seconds = progress.end()
    timings.append((name, seconds))
    idleShares[name] = zip(coordinator.busySeconds, before).map { max(0, 1 - ($0 - $1) / max(seconds, 1e-9)) }
  }
}
