import Arrays
package import Shapley
import Stimuli
import UserErrors

/// A finished scan, read from its folder.
package struct StoredScan {
  package private(set) var measurements: Measurements
  private let values: [NumericArray]
  private let tracts: Tracts?
  private let run: ScanResult.Run

  /// - Throws: `Failure`: `missingInput` if the folder holds no complete scan or its acquisition is gone; `badInput` if
  ///   files are damaged or don't belong together.
  package init(contentsOf path: String) throws {
    let folder = OutputFolder(path)
    guard folder.isComplete else {
      throw Failure(
        .missingInput, "\(path) holds no complete scan; give the folder of one, or finish it first with --resume")
    }
    let summary = try RunSummary(contentsOf: folder.summary)
    var measurements = try Measurements(contentsOf: folder.acquisition)
    measurements.request.model = summary.model.file
    measurements.request.data = summary.stimuli.file
    measurements.request.output = path
    self.measurements = measurements
    tracts = measurements.request.tracesConnections ? try Tracts(contentsOf: folder.connections) : nil
    run = summary.run
    values = try measurements.plan.layers.map { layer in
      let path = AcquisitionStore.file(folder.acquisition, layer.number)
      let array = try NumericArray(contentsOfNPY: path)
      guard array.shape == [measurements.plan.stimulusCount, layer.rows] else {
        throw Failure(.badInput, "\(path) has shape \(array.shape), and its scan measured [\(measurements.plan.stimulusCount), \(layer.rows)]: it is another scan's")
      }
      return array
    }
  }

  /// The values of a series: those that were measured of its design, then its anchors.
  package func values(layer: Int, stimulus: Int) -> [Float] {
    let plan = measurements.plan.layers[layer]
    let all = values[layer].floats(stimulus * plan.rows..<(stimulus + 1) * plan.rows)
    guard let rounds = measurements.rounds[layer] else { return all }
    return all.prefix(rounds.designRows[stimulus]) + all.suffix(plan.rows - plan.designRows)
  }

  /// The estimate of a series as it stood when the first `rows` rows of its design were measured, which must be enough for
  /// one.
  package func estimate(layer: Int, stimulus: Int, rows: Int) throws -> Estimate {
    let plan = measurements.plan.layers[layer]
    let all = values[layer].floats(stimulus * plan.rows..<(stimulus + 1) * plan.rows)
    return try measurements.estimate(
      layer: layer, stimulus: stimulus, values: all.prefix(rows) + all.suffix(plan.rows - plan.designRows))
  }

  /// Computes the result again, without a forward pass: the bytes of the scan's own, unless its options are changed.
  ///
  /// Cost: that of the estimates, about 25 ms for a series of 256 regions at K = 16.
  /// - Parameters:
  ///   - estimator: another one than the scan's; `nil` keeps it.
  ///   - index: likewise.
  /// - Throws: `Failure` (`usage`) if the measured design doesn't fit the estimator or the index.
  package func result(
    estimator: EstimatorName? = nil, index: ValueIndex? = nil, changing change: (inout ScanRequest) -> Void = { _ in }
  ) throws -> ScanResult {
    var measurements = measurements
    change(&measurements.request)
    if let index {
      try measurements.plan.check(index: index, measuredFor: measurements.request.index)
      measurements.request.index = index
    }
    if let estimator {
      try measurements.plan.use(estimator, index: measurements.request.index)
      measurements.request.estimator = estimator
    }
    let estimates = try measurements.plan.layers.map { layer in
      try (0..<measurements.plan.stimulusCount).map { stimulus -> Estimate? in
        let values = values(layer: layer.number, stimulus: stimulus)
        guard values.allSatisfy(\.isFinite) else { return nil }
        return try measurements.estimate(layer: layer.number, stimulus: stimulus, values: values)
      }
    }
    var result = try measurements.result(estimates: estimates, tracts: tracts, run: run)
    try measurements.addInteractions(to: &result, values: values)
    return result
  }
}
