package import Anatomy
import Files
package import Grids
package import Lesion
package import Shapley

/// What the user asks of a scan: the options of the command, before the model and the stimuli have been looked at.
package struct ScanRequest: Sendable {
  /// Which tensors are scanned.
  package enum Layers: Sendable, Hashable, Codable {
    /// One a block, at most about a dozen.
    case automatic
    /// Every tensor that can be scanned.
    case all
    case named([String])
  }

  /// The class whose score is the value.
  package enum Target: Sendable, Hashable, Codable {
    /// The class that the intact network predicts for the stimulus.
    case predicted
    /// The stimulus's label.
    case label
    case fixed(Int)
  }

  /// The ONNX file.
  package var model = ""
  /// The file or folder of stimuli.
  package var data = ""
  /// A file of labels, where the stimuli bring none.
  package var labels: String?
  package var layers = Layers.automatic
  package var grid = GridSize.standard
  package var layout = TensorLayout.nchw
  /// K: evaluations a region.
  package var samplesPerRegion = 16
  /// How many stimuli are used: the first ones of the set. A stream chooses its own.
  package var stimulusLimit = 64
  /// The stimuli are a stream: all are recorded, some of each window are scanned; `nil` for a scan without time.
  package var stream: StreamRequest?
  /// `nil` is `auto`.
  package var estimator: EstimatorName?
  package var index = ValueIndex.shapley
  package var lesion = LesionKind.zero
  package var value = ValueFunction.logit
  package var target = Target.predicted
  /// The position of a sequence's output that is read; `nil` is the mean.
  package var position: Int?
  package var seed: UInt64 = 42
  /// Coalitions in one run of the suffix: enough to amortise it, few enough that activations stay in the cache.
  package var batch = 16
  /// Of intervals.
  package var confidence = 0.95
  /// The false discovery rate that significance is judged at.
  package var falseDiscoveryRate = 0.05
  /// Sign flips for family-wise p-values; 0 computes none.
  package var signFlips = 0
  /// Half-widths of intervals, in percent of a layer's effect, at which it has been measured enough; `nil` measures all.
  package var tolerance: Double?
  /// Which series of a layer that isn't decided are measured further.
  package var allocation = StoppingRule.Allocation.even
  /// Raw values are divided by this first; `nil` is 255 for images of bytes, 1 otherwise.
  package var scale: Double?
  /// One a channel, after scaling.
  package var mean: [Double] = []
  package var standardDeviation: [Double] = []
  /// Threads of a forward pass on each rank.
  package var threads = 1
  /// Whether the ranks of a machine hold weights once; decides no byte of the result.
  package var weightSharing = WeightSharing.auto
  /// Bytes of prefix results that each rank keeps; `nil` is what `memoryBudget` leaves, or else 64 MB.
  package var cacheBytes: Int?
  /// Bytes that each rank may hold; `nil` is no limit.
  package var memoryBudget: Int?
  /// The folder for prefix results that memory doesn't hold; `nil`: they are computed again.
  package var spillFolder: String?
  /// Whether the table of values is written.
  package var keepsAcquisition = true
  /// Whether the wiring between layers is traced.
  package var tracesConnections = true
  /// k: the strongest pathways that are reported.
  package var pathwayCount = 10
  /// Skip series whose values are NaN or infinite instead of stopping.
  package var allowsNonFinite = false
  /// Go on with a scan that ended early, where the output folder holds one.
  package var resumes = false
  /// The moment, on the monotonic clock, at which the scan has to be over; `nil` for none.
  package var deadline: Double?
  /// The share of the series that is measured; `nil` is all.
  package var part: ScanPart?
  /// Seconds between two checkpoints.
  package var checkpointInterval = 60.0
  /// The output folder.
  package var output = ""

  package init(model: String, data: String, output: String) {
    self.model = model
    self.data = data
    self.output = output
  }
}

/// Stored are the options that decide a result, so that equal scans store equal bytes. The files are not among them: the
/// plan has their digests. What is read back has no files, and defaults for the rest.
extension ScanRequest: Codable {
  private enum CodingKeys: CodingKey {
    case layers, grid, layout, samplesPerRegion, stimulusLimit, stream, estimator, index, lesion, value, target, position,
      seed, batch, confidence, falseDiscoveryRate, signFlips, tolerance, allocation, scale, mean, standardDeviation, threads,
      tracesConnections, pathwayCount, allowsNonFinite
  }
}

extension ScanRequest {
  /// The options that decide a byte of the result, by their names on the command line, as text. The files are not among
  /// them, since what they hold counts; nor are the cache's size and such.
  package var decisiveOptions: [String: String] {
    [
      "layers": "\(layers)", "grid": "\(grid)", "layout": layout.rawValue, "samples": "\(samplesPerRegion)",
      "stimuli": "\(stimulusLimit)", "estimator": estimator?.rawValue ?? "auto", "index": index.rawValue,
      "lesion": lesion.rawValue, "value": value.name, "target": target.name,
      "position": position.map { "\($0)" } ?? "mean", "seed": "\(seed)", "batch": "\(batch)",
      "confidence": "\(confidence)", "fdr": "\(falseDiscoveryRate)", "flips": "\(signFlips)",
      "tolerance": tolerance.map { "\($0)" } ?? "none", "allocate": allocation.rawValue,
      "scale": scale.map { "\($0)" } ?? "default", "mean": "\(mean)", "std": "\(standardDeviation)",
      "threads": "\(threads)", "tracts": "\(tracesConnections)", "pathways": "\(pathwayCount)",
      "allow-nonfinite": "\(allowsNonFinite)",
    ].merging(stream?.decisiveOptions ?? [:]) { own, _ in own }
  }

  /// When a layer has been measured enough.
  package var stoppingRule: StoppingRule {
    StoppingRule(tolerance: tolerance, allocation: allocation, confidence: confidence)
  }

  /// SHA-256 of the decisive options.
  var digest: String {
    let lines = decisiveOptions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }
    return Digest.hexadecimal(of: Array(lines.joined().utf8))
  }
}

extension ScanRequest.Target {
  /// The name on the command line and in files.
  package var name: String {
    switch self {
    case .predicted: "predicted"
    case .label: "label"
    case .fixed(let index): "\(index)"
    }
  }
}
