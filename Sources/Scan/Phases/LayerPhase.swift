/// One task a layer, with one result each: the shape of a cut's check, of mean activations and of information content.
struct LayerPhase: Phase {
  private let tasks: [ScanTask]
  private let progress: Progress
  private var handedOut = 0
  /// The results, in the order of the tasks.
  private(set) var results: [[UInt8]?]

  init(_ tasks: [ScanTask], progress: Progress) {
    self.tasks = tasks
    self.progress = progress
    self.results = Array(repeating: nil, count: tasks.count)
  }

  mutating func next(for rank: Int) -> ScanTask? {
    guard handedOut < tasks.count else { return nil }
    defer { handedOut += 1 }
    return tasks[handedOut]
  }

  mutating func complete(_ task: ScanTask, with result: [UInt8]) {
    results[tasks.firstIndex(of: task)!] = result
    progress.advance(by: 1)
  }
}
