import Anatomy
package import Distribution
package import ScanPlan
import ScanStore

/// One forward pass a stimulus: scores, and the moments of every region of every layer.
package struct ObservationPhase: Phase {
  private let plan: ScanPlan
  private let progress: Progress
  private let turn: TurnLength
  /// Of a stimulus: the answer's, and the moments of all regions.
  private let numbersPerStimulus: Int
  private var handedOut = 0
  /// Seconds that a stimulus took last.
  private var pace: Double?
  /// By stimulus; [classes].
  private(set) var scores: [[Float]]
  let moments: MomentStore

  /// - Parameters:
  ///   - ranks: how many share the work.
  ///   - folder: where moments are kept, in a file without a name.
  /// - Throws: `FileError` (`cannotWrite`).
  package init(plan: ScanPlan, ranks: Int, folder: String, progress: Progress) throws {
    self.plan = plan
    self.turn = TurnLength(ranks: ranks)
    self.progress = progress
    self.numbersPerStimulus = plan.layers.reduce(max(plan.outputShape.reduce(1, *), 1)) { numbers, layer in
      numbers + layer.regionCount * RegionMoments.valuesPerRegion
    }
    self.scores = Array(repeating: [], count: plan.stimulusCount)
    self.moments = try MomentStore(
      scratchIn: folder, regionCounts: plan.layers.map(\.regionCount), stimulusCount: plan.stimulusCount)
  }

  package mutating func next(for rank: Int) -> TaskBundle<ObserveTask>? {
    let left = plan.stimulusCount - handedOut
    guard left > 0 else { return nil }
    let count = pace.map { pace in Int(turn.seconds(left: pace * Double(left)) / max(pace, 1e-9)) } ?? 1
    let stimuli = handedOut..<handedOut + max(min(count, left, TurnLength.mostNumbers / numbersPerStimulus), 1)
    handedOut = stimuli.upperBound
    return TaskBundle(stimuli.map { ObserveTask(stimulus: $0) })
  }

  package mutating func complete(_ bundle: TaskBundle<ObserveTask>, with output: BundleOutput<Observation>) throws {
    for (task, observation, seconds) in try output.results(of: bundle) {
      pace = seconds
      scores[task.stimulus] = observation.scores
      try moments.write(observation.moments.map { RegionMoments(values: $0) }, stimulus: task.stimulus)
      progress.advance(by: 1)
    }
  }
}
