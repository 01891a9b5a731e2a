package import Anatomy
package import Grids
package import ScanPlan
package import ScanStore
package import Shapley
package import Stimuli
package import Temporal

/// What a scan found: everything that its files are written from.
package struct ScanResult: Sendable {
  /// One scanned layer.
  package struct Layer: Sendable {
    package var plan: ScanPlan.Layer
    /// What ζ is computed by.
    package var estimator: EstimatorChoice
    /// Its regions.
    package var grid: Parcellation
    /// How far prefix and suffix with nothing lesioned were from the whole model, as a share of the largest score.
    package var cutDeviation: Double
    /// Over all stimuli.
    package var moments: RegionMoments
    /// φ of each stimulus; [stimuli x regions].
    package var densities: [[Double]]
    /// `nil` with a reason where it isn't reported.
    package var information: LayerInformation?
    package var informationReason: String?
    /// First level, by stimulus; `nil` for a series that was skipped.
    package var series: [Estimate?]
    /// How gradient passes fared; `nil` where the layer was measured by values.
    package var gradients: GradientSummary?
    /// What the series say together.
    package var statistics: LayerStatistics
    /// What they say one by one, and as just these stimuli.
    package var answers: LayerAnswers
    /// Family-wise p-values by sign flips; `nil` if none were asked for.
    package var familyWiseP: [Double]?
    /// How it was measured; `nil` where all was from the start.
    package var rounds: LayerRounds?
    package var interactions: LayerInteractions
  }

  package var request: ScanRequest
  package var plan: ScanPlan
  package var layers: [Layer]
  /// By stimulus.
  package var targets: [Int]
  /// The class that the intact network predicts, by stimulus; empty where the output isn't classes.
  package var predictions: [Int]
  package var labels: [Int]?
  /// The classes' names, by number, where they are known.
  package var classNames: [String]?
  /// The first stimuli as pictures; `nil` where they are not images.
  package var thumbnails: Thumbnails?
  /// What the network answered under lesions of what was found; `nil` where that wasn't measured.
  package var trials: LesionTrials?
  /// What taking channels out did to answers about stimuli that weren't scanned; `nil` where that wasn't measured.
  package var pruning: PruningTrial?
  /// Series that were skipped because of values that are not finite.
  package var skippedSeries: Int
  /// The wiring between layers; `nil` if it wasn't traced.
  package var tracts: Tracts?
  /// Spectra, windows, states, anomalies and consistency, where the stimuli are a stream.
  package var timeCourse: TimeCourse?
  package var run: RunRecord

  /// By stimulus, `nil` of one without a label; `nil` where none is known.
  package var knownLabels: [Int?]? { labels?.map { $0 < 0 ? nil : $0 } }

  /// A class as people call it: its name, or `class 3`.
  package func className(_ number: Int) -> String {
    guard let classNames, classNames.indices.contains(number) else { return "class \(number)" }
    return classNames[number]
  }

  /// Forward passes that estimates were made from: rows of designs, and anchors.
  package var evaluations: Int {
    layers.filter { $0.gradients == nil }.reduce(0) { $0 + evaluations($1) }
  }

  /// Forward and backward passes that estimates were made from.
  package var gradientPasses: Int {
    layers.filter { $0.gradients != nil }.reduce(0) { $0 + evaluations($1) }
  }

  /// A layer's.
  package func evaluations(_ layer: Layer) -> Int {
    guard let rounds = layer.rounds else { return layer.plan.rows * plan.stimulusCount }
    return rounds.designRows.reduce(0, +) + (layer.plan.rows - layer.plan.designRows) * plan.stimulusCount
  }

  /// Passes a second, forward alone or with a way back, of all ranks together, while this run measured.
  package var evaluationsPerSecond: Double {
    let seconds = run.timings.first { $0.phase == PhaseName.measuring }?.seconds ?? 0
    return seconds > 0 ? Double(max(evaluations + gradientPasses - run.earlierPasses, 0)) / seconds : 0
  }
}
