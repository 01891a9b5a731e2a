/// Lesions pathways, a slice of them and a stimulus a task.
struct PathwayPhase: Phase {
  private let tasks: [ScanTask]
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
        .lesion(
          layers: layers, stimulus: stimulus, target: target, first: start,
          pathways: Array(rows[start..<min(start + rowsPerTask, rows.count)].joined()))
      }
    }
    values = targets.map { _ in Array(repeating: .nan, count: rows.count) }
    self.progress = progress
  }

  mutating func next(for rank: Int) -> ScanTask? {
    guard handedOut < tasks.count else { return nil }
    defer { handedOut += 1 }
    return tasks[handedOut]
  }

  mutating func complete(_ task: ScanTask, with result: [UInt8]) {
    guard case .lesion(_, let stimulus, _, let first, _) = task else {
      preconditionFailure("lesions of pathways got the result of \(task)")
    }
    var reader = MessageReader(result)
    let some = reader.readFloats()
    values[stimulus].replaceSubrange(first..<first + some.count, with: some)
    progress.advance(by: some.count)
  }
}
