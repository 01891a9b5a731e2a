package import Grids
package import Lesion
package import ModelGraph
package import Shapley

/// The options that decide measured values.
///
/// `estimator` isn't among them: what it decides of the measurement is each layer's design, and the plan holds that.
package struct MeasurementOptions: Sendable, Codable, Hashable {
  /// The class whose score is the value.
  package enum Target: Sendable, Hashable, Codable {
    /// The class that the intact network predicts for the stimulus.
    case predicted
    /// The stimulus's label.
    case label
    case fixed(Int)

    /// The name on the command line and in files.
    package var name: String {
      switch self {
      case .predicted: "predicted"
      case .label: "label"
      case .fixed(let index): "\(index)"
      }
    }

    /// When a single score stands for two classes, as a target that is one of them asks for.
    package var decisionRule: Readout.DecisionRule {
      switch self {
      case .label: .always
      case .fixed: .whereItIsAChance
      case .predicted: .whereTheValueNamesClasses
      }
    }
  }

  /// Which tensors are scanned.
  package var layers = LayerSelection.automatic
  package var grid = GridSize.standard
  /// Where regions come from that are no grid; `nil`: they are the cells of `grid`.
  package var regions: RegionSource?
  /// A file with the regions' names, one a line.
  package var regionNames: String?
  /// A file with a tokenizer's tokens, which name positions.
  package var vocabulary: String?
  /// Orders of axes that the user names; what is found out holds for other tensors.
  package var layouts: [LayoutOverride] = []
  /// K: passes a region, a gradient pass counted as `ScanPlan.Layer.gradientCost`; `nil`: as many as the answer over stimuli
  /// needs.
  package var samplesPerRegion: Double?
  /// How reliable every stimulus's own map is to be, 0 to 1; `nil`: automatic passes serve the answer over stimuli.
  package var mapReliability: Double?
  /// Which stimuli are used, as `StimulusSelection` reads it; `nil` is all.
  package var selection: String?
  /// The seed of the order in which they are taken; `nil` is that of the files.
  package var shuffleSeed: UInt64?
  /// How many stimuli are used: the first ones of those. A stream chooses its own.
  package var stimulusLimit = 256
  /// The stimuli are a stream: all are recorded, some of each window are scanned; `nil` for a scan without time.
  package var stream: StreamRequest?
  /// What coalitions are drawn for.
  package var index = ValueIndex.shapley
  package var lesion = LesionKind.zero
  /// The file that lesions take something from: stimuli's pairs or a baseline; `nil` where they take nothing from one.
  package var lesionFile: String?
  /// A later tensor that stays intact, or regions of it, as `TENSOR=REGION,REGION`: the direct effect is measured.
  package private(set) var frozen: String?
  package var value = ValueFunction.logit
  package var target = Target.predicted
  /// Whether the scores of all classes are kept of every pass, so that other values follow without another; `nil`: they aren't.
  package var keepsScores: Bool?
  /// Of how many classes a stimulus; `nil`: of all.
  package var keptScoreLimit: Int?
  /// The output that is read; `nil` is the one that looks most like scores.
  package var output: String?
  /// The axis of classes of the output, as the model declares it; `nil` is the one that is found.
  package var classAxis: Int?
  /// The position of a sequence's output that is read.
  package var position = PositionChoice.mean
  package var seed: UInt64 = 42
  /// Coalitions in one run of the suffix: enough to amortise it, few enough that activations stay in the cache.
  package var batch = 16
  /// Half-widths of intervals, in percent of a layer's effect, at which it has been measured enough; `nil` measures all.
  package var tolerance: Double?
  /// Which series of a layer that isn't decided are measured further.
  package var allocation = StoppingRule.Allocation.even
  /// The confidence of the intervals that the two above look at.
  package var stoppingConfidence = 0.95
  /// How pictures get to one size, as `PictureSizing` reads it.
  package var resize: String?
  package var crop: String?
  /// Raw values are divided by this first; `nil` is 255 for images of bytes, 1 otherwise.
  package var scale: Double?
  /// One a channel, after scaling.
  package var mean: [Double] = []
  package var standardDeviation: [Double] = []
  /// Threads of a forward pass on each rank: they decide last digits.
  package var threads = 1
  /// What passes run on; `nil`: the runtime's own kernels for the processor.
  package var provider: ProviderChoice?
  /// Whether the wiring between layers is traced.
  package var tracesConnections = true
  /// Whether only so many stimuli are traced as take no more operations than the measurement.
  package var boundsTracts = true
  /// k: the strongest pathways that are reported and lesioned.
  package var pathwayCount = 10
  /// Skip series whose values are NaN or infinite instead of stopping.
  package var allowsNonFinite = false

  package init() {}

  /// K of layers that are measured by values, where it is automatic.
  ///
  /// 16, and beyond 64 stimuli as few as keep the cost of 64, but 4 at least: what the answer over stimuli gains from more of them
  /// it loses little of by measuring each less well. Of a stream, whose windows are compared, as few as give a window 64. Small
  /// layers keep 16.
  package func standardSamples(regions: Int, stimuli: Int) -> Double {
    let most = 16.0
    guard regions > EstimatorName.largestEnumeration else { return most }
    if let stream { return min(most, max(4, (64 / Double(stream.windowStimuli)).rounded(.up))) }
    return stimuli > 64 ? max(4, (most * 64 / Double(stimuli)).rounded(.up)) : most
  }

  /// Measures what goes around a tensor. Nothing is traced then, since pathways know of no tensor that stays intact.
  package mutating func freeze(_ tensor: String) {
    frozen = tensor
    tracesConnections = false
  }

  /// The file that the value takes something from; `nil` where it takes nothing from one of its own.
  package var valueFile: String? { value.file }

  /// When a layer has been measured enough.
  package var stoppingRule: StoppingRule {
    StoppingRule(tolerance: tolerance, allocation: allocation, confidence: stoppingConfidence)
  }
}

extension MeasurementOptions: OptionEntries {
  package var entries: [(name: String, text: String)] {
    let adaptive = stoppingRule.isAdaptive ? [("confidence", "\(stoppingConfidence)")] : []
    return what + how + adaptive + choice + (stream?.entries ?? [])
  }

  /// What is measured.
  private var what: [(name: String, text: String)] {
    [
      ("layers", layers.name), ("grid", "\(grid)"),
      ("layout", layouts.isEmpty ? "found" : layouts.map(\.name).joined(separator: " ")),
      ("samples", samplesPerRegion.map { "\($0)" } ?? "auto"), ("stimuli", "\(stimulusLimit)"), ("index", index.rawValue),
      ("lesion", lesion == .baseline ? fileName(lesionFile) ?? lesion.rawValue : lesion.rawValue),
      ("value", valueFile.flatMap { fileName($0) }.map(value.taking)?.name ?? value.name),
      ("target", target.name), ("output", output ?? "found"),
      ("class-axis", classAxis.map { "\($0)" } ?? "found"), ("position", position.name), ("seed", "\(seed)"),
    ]
  }

  private var how: [(name: String, text: String)] {
    [
      ("batch", "\(batch)"), ("tolerance", tolerance.map { "\($0)" } ?? "none"), ("allocate", allocation.rawValue),
      ("scale", scale.map { "\($0)" } ?? "default"), ("mean", "\(mean)"), ("std", "\(standardDeviation)"),
      ("threads", "\(threads)"), ("tracts", tracesConnections && boundsTracts ? "auto" : "\(tracesConnections)"),
      ("pathways", "\(pathwayCount)"),
      ("allow-nonfinite", "\(allowsNonFinite)"),
    ]
  }

  /// What a file is, wherever it lies.
  private func fileName(_ path: String?) -> String? { path.map { RegionSource.file($0).name } }

  /// What is said of regions, of which stimuli are used, how pictures become stimuli, and what passes run on.
  private var choice: [(name: String, text: String)] {
    [
      ("keep-scores", keepsScores == true ? keptScoreLimit.map { "\($0)" } ?? "true" : nil), ("regions", regions?.name),
      ("region-names", fileName(regionNames)), ("vocabulary", fileName(vocabulary)),
      ("pairs", lesion.takesPairs ? fileName(lesionFile) : nil), ("freeze", frozen),
      ("per-stimulus", mapReliability.map { "\($0)" }), ("select", selection), ("shuffle", shuffleSeed.map { "\($0)" }),
      ("resize", resize), ("crop", crop), ("provider", provider?.name), ("provider-option", provider?.optionText),
    ].compactMap { name, text in text.map { (name, $0) } }
  }
}
