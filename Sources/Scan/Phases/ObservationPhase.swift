import Anatomy
package import Distribution
package import ScanPlan

/// One forward pass a stimulus: scores, and the moments of every region of every layer.
package struct ObservationPhase: Phase {
  private let plan: ScanPlan
  private let progress: Progress
  private var handedOut = 0
  /// By stimulus; [classes].
  private(set) var scores: [[Float]]
  /// By layer, by stimulus.
  private(set) var moments: [[RegionMoments]]

  package init(plan: ScanPlan, progress: Progress) {
    self.plan = plan
    self.progress = progress
    self.scores = Array(repeating: [], count: plan.stimulusCount)
    self.moments = plan.layers.map {
      Array(repeating: RegionMoments(regionCount: $0.regionCount), count: plan.stimulusCount)
    }
  }

  package mutating func next(for rank: Int) -> ObserveTask? {
    guard handedOut < plan.stimulusCount else { return nil }
    defer { handedOut += 1 }
    return ObserveTask(stimulus: handedOut)
  }

  package mutating func complete(_ task: ObserveTask, with observation: Observation) {
    scores[task.stimulus] = observation.scores
    for (layer, values) in observation.moments.enumerated() {
      moments[layer][task.stimulus] = RegionMoments(values: values)
    }
    progress.advance(by: 1)
  }
}
