internal import FoundationEssentials
package import Shapley
import Stimuli

/// A finished scan, read from its folder.
package struct StoredScan {
  package private(set) var measurements: Measurements
  private let values: [NumericArray]
  private let run: ScanResult.Run

  /// What is read back of `scan.json`.
  private struct Summary: Decodable {
    struct Source: Decodable {
      var file: String
    }

    var model: Source
    var stimuli: Source
    var ranks: Int
    var timings_seconds: [String: Double]
    var versions: [String: String]
  }

  /// - Throws: `ScanError`: `missingInput` if the folder holds no complete scan or its acquisition is gone; `badInput` if
  ///   files are damaged or don't belong together.
  package init(contentsOf path: String) throws {
    let folder = OutputFolder(path)
    guard folder.isComplete else {
      throw ScanError(
        .missingInput, "\(path) holds no complete scan; give the folder of one, or finish it first with --resume")
    }
    guard let data = FileManager.default.contents(atPath: folder.summary),
      let summary = try? JSONDecoder().decode(Summary.self, from: data)
    else { throw ScanError(.badInput, "\(folder.summary) can't be read: it is damaged, or of another version of this program") }
    var measurements = try Measurements(contentsOf: folder.acquisition)
    measurements.request.model = summary.model.file
    measurements.request.data = summary.stimuli.file
    measurements.request.output = path
    self.measurements = measurements
    run = ScanResult.Run(
      ranks: summary.ranks,
      timings: summary.timings_seconds.sorted { $0.key < $1.key }.map { (phase: $0.key, seconds: $0.value) },
      versions: ScanResult.Versions(
        program: summary.versions["nnfmri-mpi"] ?? "", onnxRuntime: summary.versions["onnxruntime"] ?? "",
        mpi: summary.versions["mpi"] ?? ""))
    values = try measurements.plan.layers.map { layer in
      let path = AcquisitionStore.file(folder.acquisition, layer.number)
      let array = try NumericArray(contentsOfNPY: path)
      guard array.shape == [measurements.plan.stimulusCount, layer.rows] else {
        throw ScanError(.badInput, "\(path) has shape \(array.shape), and its scan measured [\(measurements.plan.stimulusCount), \(layer.rows)]: it is another scan's")
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

  /// Computes the result again, without a forward pass: the bytes of the scan's own, unless its options are changed.
  ///
  /// Cost: that of the estimates, about 25 ms for a series of 256 regions at K = 16.
  /// - Parameter estimator: another one than the scan's; `nil` keeps it.
  /// - Throws: `ScanError` (`usage`) if the measured design doesn't fit the estimator.
  package func result(
    estimator: EstimatorName? = nil, changing change: (inout ScanRequest) -> Void = { _ in }
  ) throws -> ScanResult {
    var measurements = measurements
    change(&measurements.request)
    if let estimator {
      for index in measurements.plan.layers.indices { try measurements.plan.layers[index].use(estimator) }
    }
    let estimates = try measurements.plan.layers.map { layer in
      try (0..<measurements.plan.stimulusCount).map { stimulus -> Estimate? in
        let values = values(layer: layer.number, stimulus: stimulus)
        guard values.allSatisfy(\.isFinite) else { return nil }
        return try measurements.estimate(layer: layer.number, stimulus: stimulus, values: values)
      }
    }
    var result = try measurements.result(estimates: estimates, run: run)
    for layer in result.layers {
      let (pairs, reason) = try measurements.pairs(layer)
      guard let pairs else {
        result.layers[layer.plan.number].interactions = .unknown(reason: reason)
        continue
      }
      let series = try layer.series.indices.filter { layer.series[$0] != nil }.map { stimulus in
        try SeriesGame(
          plan: measurements.plan, request: measurements.request, layer: layer.plan.number, stimulus: stimulus
        ).interactions(values(layer: layer.plan.number, stimulus: stimulus), pairs)
      }
      result.layers[layer.plan.number].interactions = measurements.interactions(layer, pairs, series: series)
    }
    return result
  }
}
