package import ScanPlan
package import ScanStore
package import Shapley
import Statistics
package import Stimuli
import Temporal
import UserErrors

/// What a scan saw and was asked: with the tables of values, all that its result is computed from.
///
/// The same code makes the result at the end of a scan and from a folder that an earlier one left, so neither the model
/// nor a forward pass is needed to compute it again.
package struct Measurements: Sendable {
  package var request: ScanRequest
  package var plan: ScanPlan
  /// The class whose score was measured, by stimulus.
  package var targets: [Int]
  /// The class that the intact network predicts, by stimulus; empty where the output isn't classes.
  package var predictions: [Int]
  package var labels: [Int]?
  /// The classes' names, by number, where they are known.
  package var classNames: [String]?
  /// By layer: how it was measured; `nil` where all was from the start.
  package var rounds: [LayerRounds?]
  /// By layer: how far prefix and suffix with nothing lesioned were from the whole model, as a share of the largest score.
  package var cutDeviations: [Double]
  package var moments: MomentStore
  /// What the stream did to each layer, if it was one.
  package var stream: StreamStore.Content?
  /// The first stimuli as pictures; `nil` where they are not images.
  package var thumbnails: Thumbnails?
  /// What the network answered under lesions of what was found; `nil` where that wasn't measured.
  package var trials: LesionTrials?
  /// What taking channels out did to answers about stimuli that weren't scanned; `nil` where that wasn't measured.
  package var pruning: PruningTrial?

  /// What the estimates of all series say together; information and interactions are yet to be added.
  ///
  /// - Parameters:
  ///   - estimates: by layer, by stimulus; `nil` for a series that was skipped.
  ///   - estimators: by layer: what they were computed by.
  ///   - tracts: the wiring between layers, where it was traced.
  /// - Throws: `Failure` (`badInput`) if all series of a layer were.
  package func result(
    estimates: [[Estimate?]], estimators: [EstimatorChoice], tracts: Tracts?, run: RunRecord
  ) throws -> ScanResult {
    var request = request
    request.measurement.index = request.analysis.index ?? request.measurement.index
    var plan = plan
    plan.notes = plan.notes(request)
    return ScanResult(
      request: request, plan: plan,
      layers: try plan.layers.map { try layer($0, estimates: estimates[$0.number], by: estimators[$0.number]) },
      targets: targets, predictions: predictions, labels: labels, classNames: classNames, thumbnails: thumbnails, trials: trials,
      pruning: pruning,
      skippedSeries: estimates.reduce(0) { $0 + $1.count { $0 == nil } },
      tracts: tracts, timeCourse: timeCourse(estimates: estimates), run: run)
  }

  /// The temporal picture and how it agrees with ζ, where the stimuli are a stream.
  private func timeCourse(estimates: [[Estimate?]]) -> TimeCourse? {
    guard let wanted = request.measurement.stream, let stream, let scanned = plan.streamStimuli else { return nil }
    var settings = wanted.temporal
    settings.confidence = request.analysis.confidence
    settings.seed = request.measurement.seed
    let windows = settings.windows(samples: stream.count)
    let recordings = plan.layers.map { layer in
      let series = (0..<windows.count).map { window in
        scanned.indices.filter { windows[window].contains(scanned[$0]) }.compactMap { estimates[layer.number][$0]?.zeta }
      }
      return stream.recording(
        layer: layer.number, windows: windows, zeta: series.map(Self.largestMean), halves: series.map(Self.halves))
    }
    return TimeCourse(recordings, settings: settings)
  }

  /// The largest mean of a region; `nil` of no series. - Parameter series: `[series][regions]`, ζ.
  private static func largestMean(_ series: [[Double]]) -> Double? {
    guard let first = series.first else { return nil }
    return first.indices.map { region in series.reduce(0) { $0 + $1[region] } / Double(series.count) }.max()
  }

  private static func halves(_ series: [[Double]]) -> Halves? {
    let halves = [0, 1].map { parity in series.indices.filter { $0 % 2 == parity }.map { series[$0] } }
    guard let first = largestMean(halves[0]), let second = largestMean(halves[1]) else { return nil }
    return Halves(first: first, second: second)
  }

  private func layer(
    _ layer: ScanPlan.Layer, estimates: [Estimate?], by estimator: EstimatorChoice
  ) throws -> ScanResult.Layer {
    let number = layer.number
    let series = estimates.compactMap(\.self)
    guard !series.isEmpty else {
      throw Failure(
        .badInput,
        "layer_\(number) (\(layer.tensor)): the values of all \(plan.stimulusCount) series are NaN or infinite; leave the layer out, or try --lesion mean"
      )
    }
    let errorShare = rounds[number]?.errorShare ?? 1
    let (units, isMeasured) = (IndependentUnits(plan, request), estimates.map { $0 != nil })
    if let reason = units.reasonForNone(isMeasured) {
      throw Failure(.badInput, "layer_\(number) (\(layer.tensor)): \(reason); leave the layer out, or scan without --clusters")
    }
    let clusters = units.clusters(isMeasured)
    let gradients = series.compactMap(GradientEstimate.init)
    let isByGradients = gradients.count == series.count
    let correction =
      isByGradients && series.count > 1
      ? PooledCorrection(
        series: gradients, isEfficient: (request.analysis.index ?? request.measurement.index) == .shapley) : nil
    let statistics =
      isByGradients
      ? LayerStatistics(
        gradients: gradients, correction: correction, clusters: clusters, confidence: request.analysis.confidence,
        falseDiscoveryRate: request.analysis.falseDiscoveryRate, errorShare: errorShare)
      : LayerStatistics(
        series: series, clusters: clusters, confidence: request.analysis.confidence,
        falseDiscoveryRate: request.analysis.falseDiscoveryRate, errorShare: errorShare)
    return ScanResult.Layer(
      plan: layer, estimator: estimator, grid: try layer.grid(request.measurement), cutDeviation: cutDeviations[number],
      moments: try moments.combined(layer: number), densities: try moments.densities(layer: number),
      series: estimates,
      gradients: isByGradients ? GradientSummary(layer, gradients, correction) : nil,
      statistics: statistics,
      answers: LayerAnswers(
        estimates, statistics, sharedVariance: correction?.sharedVariance,
        independent: units.independent(isMeasured).count, request.analysis, errorShare: errorShare),
      familyWiseP: request.analysis.signFlips == 0
        ? nil
        : statistics.familyWiseP(
          correction?.zeta ?? series.map(\.zeta), clusters: clusters, flips: request.analysis.signFlips,
          seed: request.measurement.seed,
          stream: UInt64(number)
        ).map { min(1, $0 / errorShare) },
      rounds: rounds[number],
      interactions: .unknown(reason: "The values that tell of interactions were not kept: --no-acquisition."))
  }

  package init(
    request: ScanRequest, plan: ScanPlan, targets: [Int], predictions: [Int], labels: [Int]? = nil, classNames: [String]? = nil,
    rounds: [LayerRounds?], cutDeviations: [Double], moments: MomentStore, stream: StreamStore.Content? = nil,
    thumbnails: Thumbnails? = nil
  ) {
    self.request = request
    self.plan = plan
    self.targets = targets
    self.predictions = predictions
    self.labels = labels
    self.classNames = classNames
    self.rounds = rounds
    self.cutDeviations = cutDeviations
    self.moments = moments
    self.stream = stream
    self.thumbnails = thumbnails
  }
}
