import Distribution

/// Lesions pathways, a slice of them and a stimulus a task.
struct PathwayPhase: Phase {
  private let tasks: [PathwayTask]
  private let progress: Progress
  private var handedOut = 0
  /// By stimulus: v of each row.
  private(set) var values: [[Float]]

  /// - Parameters:
  ///   - layers: numbers of the layers that the pathways lead through.
  ///   - rows: a region of each of those layers a row.
  ///   - targets: by stimulus.
  ///   - rowsPerTask: a whole number of batches.
  init(layers: [Int], rows: [[Int]], targets: [Int], rowsPerTask: Int, progress: Progress) {
    tasks = targets.enumerated().flatMap { stimulus, target in
      stride(from: 0, to: rows.count, by: rowsPerTask).map { start in
        PathwayTask(
          layers: layers, stimulus: stimulus, target: target, first: start,
          pathways: Array(rows[start..<min(start + rowsPerTask, rows.count)].joined()))
      }
    }
    values = targets.map { _ in Array(repeating: .nan, count: rows.count) }
    self.progress = progress
  }

  mutating func next(for rank: Int) -> PathwayTask? {
    guard handedOut < tasks.count else { return nil }
    defer { handedOut += 1 }
    return tasks[handedOut]
  }

  mutating func complete(_ task: PathwayTask, with some: FloatList) {
    values[task.stimulus].replaceSubrange(task.first..<task.first + some.values.count, with: some.values)
    progress.advance(by: some.values.count)
  }
}
