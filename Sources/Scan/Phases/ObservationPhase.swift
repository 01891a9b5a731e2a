import Anatomy

/// One forward pass a stimulus: scores, and the moments of every region of every layer.
struct ObservationPhase: Phase {
  private let plan: ScanPlan
  private let progress: Progress
  private var handedOut = 0
  /// By stimulus; [classes].
  private(set) var scores: [[Float]]
  /// By layer, by stimulus.
  private(set) var moments: [[RegionMoments]]

  init(plan: ScanPlan, progress: Progress) {
    self.plan = plan
    self.progress = progress
    self.scores = Array(repeating: [], count: plan.stimulusCount)
    self.moments = plan.layers.map {
      Array(repeating: RegionMoments(regionCount: $0.regionCount), count: plan.stimulusCount)
    }
  }

  mutating func next(for rank: Int) -> ScanTask? {
    guard handedOut < plan.stimulusCount else { return nil }
    defer { handedOut += 1 }
    return .observe(stimulus: handedOut)
  }

  mutating func complete(_ task: ScanTask, with result: [UInt8]) throws {
    guard case .observe(let stimulus) = task else { preconditionFailure("observation got the result of \(task)") }
    var reader = MessageReader(result)
    scores[stimulus] = reader.readFloats()
    for layer in plan.layers.indices { moments[layer][stimulus] = RegionMoments(values: reader.readDoubles()) }
    progress.advance(by: 1)
  }
}
