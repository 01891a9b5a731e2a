import Arrays
package import Distribution
package import Lesion
package import ScanPlan
import ScanStore
package import Shapley
package import UserErrors

/// A finished scan, read from its folder.
package struct StoredScan {
  package private(set) var measurements: Measurements
  private let values: [NumericArray]
  private var tracts: Tracts?
  /// Another question than the scan's own.
  private var scores: KeptScores?
  private let run: RunRecord
  /// The options of analysis that the folder's results were made by, as text; the last report may have had others than the scan.
  private let shown: [String: String]

  /// - Throws: `Failure`: `missingInput` if the folder holds no complete scan or its acquisition is gone; `badInput` if
  ///   files are damaged or don't belong together.
  package init(contentsOf path: String) throws {
    let folder = OutputFolder(path)
    guard folder.isMeasured else {
      throw Failure(
        .missingInput, "\(path) holds no complete scan; give the folder of one, or finish it first with --resume")
    }
    let summary = try RunSummary(contentsOf: folder.summary)
    var measurements = try Measurements(contentsOf: folder.acquisition)
    measurements.request.subject.model = summary.model.file
    measurements.request.subject.data = summary.stimuli.file
    measurements.request.run.output = path
    self.measurements = measurements
    tracts = measurements.request.measurement.tracesConnections ? try Tracts(contentsOf: folder.connections) : nil
    try tracts?.check(measurements.plan, folder.connections + "/tracts.json")
    run = summary.run
    shown = summary.analysis
    values = try measurements.plan.layers.map { layer in
      let path = AcquisitionStore.file(folder.acquisition, layer.number)
      let array = try NumericArray(contentsOfNPY: path)
      guard array.shape == [measurements.plan.stimulusCount, layer.numberCount] else {
        throw Failure(
          .badInput,
          "\(path) has shape \(array.shape), and its scan measured [\(measurements.plan.stimulusCount), \(layer.numberCount)]: it is another scan's"
        )
      }
      return array
    }
  }

  /// The scan as it would have been for another value or target, by the scores that it kept. What was measured of the first
  /// question alone, lesions of what it found and of pathways, is left out.
  ///
  /// - Parameter output: the folder of its results.
  /// - Throws: `Failure` (`usage`) where no scores were kept, or the value isn't made of them.
  package func asked(_ value: ValueFunction, _ target: MeasurementOptions.Target, output: String) throws -> StoredScan {
    var scan = self
    let scores = try KeptScores(of: measurements, value: value, target: target)
    scan.scores = scores
    scan.tracts = nil
    scan.measurements.targets = scores.targets
    scan.measurements.plan.notes += scores.notes
    (scan.measurements.trials, scan.measurements.pruning) = (nil, nil)
    scan.measurements.request.measurement.value = value
    scan.measurements.request.measurement.target = target
    scan.measurements.request.measurement.tracesConnections = false
    scan.measurements.request.run.output = output
    // The values lie in the scan's own folder.
    scan.measurements.request.run.keepsAcquisition = false
    return scan
  }

  /// Has the folder's measurements analysed by these options from now on, as if the scan had been given them.
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package func adopt(_ analysis: AnalysisOptions) throws {
    var measurements = measurements
    measurements.request.analysis = analysis
    // Decides nothing here: where it did, another confidence would be another scan.
    measurements.request.measurement.stoppingConfidence = analysis.confidence
    try measurements.writeDescription(to: OutputFolder(measurements.request.run.output).acquisition)
  }

  /// How an analysis differs from the one that the folder's results are of, such as "confidence 0.8, and there 0.95"; `nil` where it
  /// doesn't.
  ///
  /// - Parameter change: changes the scan's own options.
  package func difference(changing change: (inout AnalysisOptions) -> Void) -> String? {
    var analysis = measurements.request.analysis
    change(&analysis)
    let differences = analysis.entries.filter { shown[$0.name] != $0.text }
    return differences.isEmpty
      ? nil : differences.map { "\($0.name) \($0.text), and there \(shown[$0.name] ?? "none")" }.joined(separator: "; ")
  }

  /// How many classes a value has, of scores that were all kept: two of a yes or no by one score.
  ///
  /// - Throws: `Failure` (`usage`) where some or all weren't.
  package func classCount(of value: ValueFunction) throws(Failure) -> Int {
    guard let count = measurements.plan.classCount else {
      throw Failure(.usage, "the scan kept no scores, so it answers no other value or target: scan again with --keep-scores")
    }
    if let kept = measurements.plan.keptClasses?.first?.count {
      throw Failure(
        .usage, "--target each needs the scores of all \(count) classes, and the scan kept \(kept) of them: name a class")
    }
    var readout = measurements.plan.readout
    readout.value = value
    readout.decide(by: .whereItIsAChance)
    return readout.isDecision == true ? 2 : count
  }

  /// The values of a series: those that were measured of its design, then its anchors.
  package func values(layer: Int, stimulus: Int) -> [Float] {
    measurements.measured(of: values(layer, stimulus), layer: layer, stimulus: stimulus)
  }

  /// The estimate of a series as it stood when the first `rows` rows of its design were measured, which must be enough for
  /// one.
  ///
  /// - Throws: `FileError` where values can't be read, `ShapleyError` where they aren't finite.
  package func estimate(layer: Int, stimulus: Int, rows: Int) throws -> Estimate {
    let plan = measurements.plan.layers[layer]
    let all = values(layer, stimulus)
    return try measurements.estimation().estimate(
      layer: layer, stimulus: stimulus, values: all.prefix(rows) + all.suffix(plan.rows - plan.designRows))
  }

  private func values(_ layer: Int, _ stimulus: Int) -> [Float] {
    let count = measurements.plan.layers[layer].numberCount
    let numbers = values[layer].floats(stimulus * count..<(stimulus + 1) * count)
    return scores?.answering(numbers, stimulus: stimulus) ?? numbers
  }

  /// Computes the result again, without a forward pass: the bytes of the scan's own, unless its options are changed.
  ///
  /// Cost: that of the estimates, about 2 ms for a series of 256 regions at K = 16, and of information, 10 µs a region and stimulus, spread
  /// over the ranks of the runner.
  /// - Parameters:
  ///   - withInformation: whether anybody asks what densities tell of the classes.
  ///   - change: changes the options of analysis.
  ///   - spread: tells the other ranks what is estimated, where there are any.
  /// - Throws: `Failure` (`usage`) if the measured design doesn't fit the estimator or the index.
  package func result<Wire: Transport>(
    _ runner: PhaseRunner<Wire>, withInformation: Bool = true, changing change: (inout AnalysisOptions) -> Void = { _ in },
    spread: (EstimationNotice) throws -> Void = { _ in }
  ) throws -> ScanResult {
    var measurements = measurements
    let (asked, clusters) = (measurements.request.analysis.estimator, measurements.request.analysis.clusters)
    change(&measurements.request.analysis)
    try measurements.request.analysis.clusters?.check(for: measurements.plan)
    guard !measurements.request.stoppingRule.isAdaptive || measurements.request.analysis.clusters == clusters else {
      throw Failure(
        .usage,
        "--clusters decides when layers of a scan by --tolerance or --allocate have been measured enough: scan again with it")
    }
    if asked != .gradient { try measurements.plan.check(hasDerivativesFor: measurements.request.analysis.estimator) }
    let estimation = try measurements.estimation()
    try spread(EstimationNotice(estimation))
    var pipeline = ResultPipeline(runner: runner, estimation: estimation, values: values(layer:stimulus:))
    let estimates = try pipeline.estimates()
    return try pipeline.result(measurements, estimates: estimates, tracts: tracts, withInformation: withInformation) {
      _ in run
    }
  }

  /// The same on this rank alone.
  package func result(
    withInformation: Bool = true, changing change: (inout AnalysisOptions) -> Void = { _ in }
  ) throws -> ScanResult {
    try result(.alone(), withInformation: withInformation, changing: change)
  }
}

extension Measurements {
  /// What estimates are made by.
  ///
  /// - Throws: `Failure` (`usage`) if the measured design doesn't fit the estimator or the index that were asked for.
  package func estimation() throws(Failure) -> Estimation {
    var measurement = request.measurement
    measurement.index = request.analysis.index ?? measurement.index
    return Estimation(
      plan: plan, measurement: measurement,
      estimators: try plan.estimators(request.measurement, request.analysis))
  }

  /// Of all values of a series, those that were measured of its design, then its anchors.
  package func measured(of values: [Float], layer: Int, stimulus: Int) -> [Float] {
    guard let rounds = rounds[layer] else { return values }
    let plan = plan.layers[layer]
    return values.prefix(rounds.designRows[stimulus]) + values.suffix(plan.rows - plan.designRows)
  }
}

extension PhaseRunner where Wire == SoloTransport {
  /// Phases on this rank alone, without a word.
  package static func alone() -> PhaseRunner {
    PhaseRunner(
      coordinator: Coordinator(wire: SoloTransport(), stop: StopRequest()),
      progress: Progress { _ in })
  }
}
