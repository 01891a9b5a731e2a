/// One forward pass a stimulus of the stream, in order: records go to their place on disk as they come in.
struct RecordingPhase: Phase {
  private let count: Int
  private let layers: Range<Int>
  private let store: StreamStore
  private let progress: Progress
  private var handedOut = 0

  init(plan: ScanPlan, store: StreamStore, progress: Progress) {
    count = plan.streamCount ?? 0
    layers = plan.layers.indices
    self.store = store
    self.progress = progress
  }

  mutating func next(for rank: Int) -> ScanTask? {
    guard handedOut < count else { return nil }
    defer { handedOut += 1 }
    return .record(stimulus: handedOut)
  }

  mutating func complete(_ task: ScanTask, with result: [UInt8]) throws {
    guard case .record(let stimulus) = task else { preconditionFailure("recording got the result of \(task)") }
    var reader = MessageReader(result)
    for layer in layers { try store.write(reader.readFloats(), layer: layer, stimulus: stimulus) }
    progress.advance(by: 1)
  }
}
