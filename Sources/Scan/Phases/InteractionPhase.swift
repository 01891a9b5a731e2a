import Shapley

/// Has the interactions of a scan's best-ranked regions estimated, series by series, on whichever rank is free.
struct InteractionPhase: Phase {
  /// A series to do.
  private struct Series {
    let layer: Int
    let stimulus: Int
    let pairs: RegionPairs
    let rows: Int
  }

  private let plan: ScanPlan
  private let store: AcquisitionStore
  private let progress: Progress
  private var waiting: [Series] = []
  /// By layer, by stimulus; `nil` for what isn't estimated.
  private(set) var results: [[PairEstimate?]]

  /// - Parameter pairs: by layer; `nil` where there is nothing to estimate.
  init(_ result: ScanResult, pairs: [RegionPairs?], store: AcquisitionStore, progress: Progress) {
    plan = result.plan
    self.store = store
    self.progress = progress
    results = plan.layers.map { _ in Array(repeating: nil, count: result.plan.stimulusCount) }
    for (layer, pairs) in zip(result.layers, pairs) {
      guard let pairs else { continue }
      for (stimulus, estimate) in layer.series.enumerated() where estimate != nil {
        waiting.append(
          Series(
            layer: layer.plan.number, stimulus: stimulus, pairs: pairs,
            rows: layer.rounds?.designRows[stimulus] ?? layer.plan.designRows))
      }
    }
    waiting.reverse()
  }

  var seriesCount: Int { waiting.count }

  mutating func next(for rank: Int) throws -> ScanTask? {
    guard let series = waiting.popLast() else { return nil }
    let values = try store.read(layer: series.layer, stimulus: series.stimulus)
    let anchors = plan.layers[series.layer].rows - plan.layers[series.layer].designRows
    return .interact(
      layer: series.layer, stimulus: series.stimulus, regions: series.pairs.regions,
      values: values.prefix(series.rows) + values.suffix(anchors))
  }

  mutating func complete(_ task: ScanTask, with result: [UInt8]) throws {
    guard case .interact(let layer, let stimulus, _, _) = task else {
      preconditionFailure("interactions got the result of \(task)")
    }
    var reader = MessageReader(result)
    results[layer][stimulus] = PairEstimate(
      interaction: reader.readDoubles(), standardError: reader.readDoubles(), degreesOfFreedom: reader.readDouble())
    progress.advance(by: 1)
  }
}
