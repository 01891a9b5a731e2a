import Distribution
import ScanPlan
import ScanStore

/// One forward pass a stimulus of the stream, in order: records go to their place on disk as they come in.
struct RecordingPhase: Phase {
  private let count: Int
  private let store: StreamStore
  private let progress: Progress
  private var handedOut = 0

  init(plan: ScanPlan, store: StreamStore, progress: Progress) {
    count = plan.streamCount ?? 0
    self.store = store
    self.progress = progress
  }

  mutating func next(for rank: Int) -> RecordTask? {
    guard handedOut < count else { return nil }
    defer { handedOut += 1 }
    return RecordTask(stimulus: handedOut)
  }

  mutating func complete(_ task: RecordTask, with records: StreamRecords) throws {
    for (layer, record) in records.layers.enumerated() {
      try store.write(record.values, layer: layer, stimulus: task.stimulus)
    }
    progress.advance(by: 1)
  }
}
