import Distribution
import ScanPlan
import Shapley

/// Has series estimated from values that are there already, on whichever rank is free.
struct EstimatePhase: Phase {
  private let plan: ScanPlan
  private let values: (_ layer: Int, _ stimulus: Int) throws -> [Float]
  private let progress: Progress
  private var next = 0
  /// By layer, by stimulus; `nil` for a series that was skipped because its values are not finite.
  private(set) var results: [[Estimate?]]

  init(plan: ScanPlan, progress: Progress, values: @escaping (_ layer: Int, _ stimulus: Int) throws -> [Float]) {
    self.plan = plan
    self.values = values
    self.progress = progress
    results = plan.layers.map { _ in Array(repeating: nil, count: plan.stimulusCount) }
  }

  var seriesCount: Int { plan.layers.count * plan.stimulusCount }

  mutating func next(for rank: Int) throws -> EstimateTask? {
    while next < seriesCount {
      let (layer, stimulus) = next.quotientAndRemainder(dividingBy: plan.stimulusCount)
      next += 1
      let values = try values(layer, stimulus)
      if values.allSatisfy(\.isFinite) { return EstimateTask(layer: layer, stimulus: stimulus, values: values) }
      progress.advance(by: 1)
    }
    return nil
  }

  mutating func complete(_ task: EstimateTask, with output: EstimateOutput) {
    results[task.layer][task.stimulus] = output.estimate
    progress.advance(by: 1)
  }
}

/// Has the interactions of a scan's best-ranked regions estimated, series by series, on whichever rank is free.
struct InteractionPhase: Phase {
  private let values: (_ layer: Int, _ stimulus: Int) throws -> [Float]
  private let progress: Progress
  /// The series to do, the next one last.
  private var waiting: [(layer: Int, stimulus: Int, pairs: RegionPairs)] = []
  /// By layer, by stimulus; `nil` for what isn't estimated.
  private(set) var results: [[PairEstimate?]]

  /// - Parameters:
  ///   - pairs: by layer; `nil` where there is nothing to estimate.
  ///   - values: of a layer and a stimulus, as for `EstimateTask`.
  init(
    _ result: ScanResult, pairs: [RegionPairs?], progress: Progress,
    values: @escaping (_ layer: Int, _ stimulus: Int) throws -> [Float]
  ) {
    self.values = values
    self.progress = progress
    results = result.plan.layers.map { _ in Array(repeating: nil, count: result.plan.stimulusCount) }
    for (layer, pairs) in zip(result.layers, pairs) {
      guard let pairs else { continue }
      for (stimulus, estimate) in layer.series.enumerated() where estimate != nil {
        waiting.append((layer.plan.number, stimulus, pairs))
      }
    }
    waiting.reverse()
  }

  var seriesCount: Int { waiting.count }

  mutating func next(for rank: Int) throws -> InteractTask? {
    guard let series = waiting.popLast() else { return nil }
    return InteractTask(
      layer: series.layer, stimulus: series.stimulus, regions: series.pairs.regions,
      values: try values(series.layer, series.stimulus))
  }

  mutating func complete(_ task: InteractTask, with output: PairEstimateOutput) {
    results[task.layer][task.stimulus] = output.estimate
    progress.advance(by: 1)
  }
}
