import Files
internal import Files
internal import FoundationEssentials
package import Grids
package import Lesion
package import ModelGraph
package import Shapley
import UserErrors

/// What a scan will do, found out by rank 0 and told to all ranks: everything that decides a byte of the result.
package struct ScanPlan: Codable, Sendable, Hashable {
  /// One scanned layer.
  package struct Layer: Codable, Sendable, Hashable {
    /// The layer's number in the files: `layer_0`, in order of execution.
    package var number: Int
    package var tensor: String
    package var operatorType: String
    /// The tensor's shape as it is scanned, for a batch of one.
    package var shape: [Int]
    /// Which of its axes the grid is laid over, what they are called, and what tells.
    package var axes: GridAxes
    package var layout: String
    package var layoutReason: String
    /// What part the tensor plays in the network, and why it is taken for that.
    package var kind: String
    package var kindReason: String
    /// Element types, by ONNX number, of the tensor and what the suffix reads besides it.
    package var elementTypes: [String: Int32]
    /// Regions along (h, w, c), after clipping.
    package var grid: [Int]
    package var regionCount: Int
    /// Which region each unit belongs to, where someone names that; `nil` for the cells of the grid.
    package var regionLabels: RegionLabels?
    /// The regions' own names, where they have any.
    package var regionNames: [String]?
    /// Which coalitions are measured.
    package var design: DesignKind
    /// m: evaluations that the design was planned for.
    package var budget: Int
    /// Rows of the design, G and ∅ included.
    package var designRows: Int
    /// Evaluations of a series: the design's rows and, under `resample`, ∅ once for each further donor.
    package var rows: Int
    /// Coalitions a run of the suffix; 1 where rows of a batch would change each other.
    package var batch: Int
    /// Share of the network's forward cost that lies after the layer: what one evaluation costs.
    package var suffixCostShare: Double
    /// Floating-point operations of one evaluation.
    package var evaluationCost: Double
    /// Numbers of the scores that are kept of every row, after v: each class's, or as `LeadingScores` has them; `nil` where v
    /// alone is.
    package var scoreCount: Int?
    /// What probes said of gradients in this layer; `nil` where they weren't asked.
    package var gradients: GradientFinding?

    package init(
      number: Int, tensor: String, operatorType: String, shape: [Int], axes: GridAxes, layout: String,
      layoutReason: String, kind: String, kindReason: String, elementTypes: [String: Int32], grid: [Int],
      regionCount: Int, regionLabels: RegionLabels? = nil, regionNames: [String]? = nil, design: DesignKind, budget: Int,
      designRows: Int, rows: Int, batch: Int,
      suffixCostShare: Double, evaluationCost: Double, gradients: GradientFinding? = nil
    ) {
      self.number = number
      self.tensor = tensor
      self.operatorType = operatorType
      self.shape = shape
      self.axes = axes
      self.layout = layout
      self.layoutReason = layoutReason
      self.kind = kind
      self.kindReason = kindReason
      self.elementTypes = elementTypes
      self.grid = grid
      self.regionCount = regionCount
      self.regionLabels = regionLabels
      self.regionNames = regionNames
      self.design = design
      self.budget = budget
      self.designRows = designRows
      self.rows = rows
      self.batch = batch
      self.suffixCostShare = suffixCostShare
      self.evaluationCost = evaluationCost
      self.gradients = gradients
    }
  }

  /// A tensor that was asked for, or found, and isn't scanned.
  package struct Refusal: Codable, Sendable, Hashable {
    package var tensor: String
    /// Why, in a sentence.
    package var reason: String

    package init(
      tensor: String, reason: String
    ) {
      self.tensor = tensor
      self.reason = reason
    }

    /// How many tensors of one reason are named.
    private static let mostNamed = 3

    /// For people, one sentence for each reason, in the order in which they come up.
    package static func sentences(_ refusals: [Refusal]) -> [String] {
      var reasons: [String] = []
      let tensors = Dictionary(grouping: refusals, by: \.reason)
      for refusal in refusals where !reasons.contains(refusal.reason) { reasons.append(refusal.reason) }
      return reasons.map { reason in
        let names = tensors[reason, default: []].map { "\"\($0.tensor)\"" }
        let some = names.prefix(mostNamed).joined(separator: ", ")
        let more = names.count > mostNamed ? " and \(names.count - mostNamed) more" : ""
        return
          "Not scanned: \(some)\(more), \(names.count > 1 ? "each since" : "since") \(reason.hasSuffix(".") ? String(reason.dropLast()) : reason)."
      }
    }
  }

  /// SHA-256 of the model file and its files of external weights.
  package var modelDigest: String
  /// SHA-256 of the files of stimuli and labels.
  package var dataDigest: String
  /// The rules that coalitions are drawn by: `Design.version(drawsDonors:)`.
  package var designVersion: Int
  /// The rules that masks of gradient passes are drawn by: `GradientDesign.version`; `nil`: 1.
  package var gradientVersion: Int?
  /// What is done to the model before it is scanned.
  package var preparation: ModelPreparation
  /// Coalitions a run of the suffix, unless a layer has fewer.
  package var batch: Int
  /// What of the outputs is read.
  package var readout: Readout
  package var stimulusCount: Int
  /// Where each stimulus of the scan stands in the files. [stimulusCount]
  package var stimulusPlaces: [Int]
  /// The classes whose scores are kept, by stimulus, largest first; `nil` where those of all are, or of none.
  /// [stimulusCount][classes]
  package var keptClasses: [[Int]]?
  /// Stimuli of the stream that is recorded; `nil` for a scan without time.
  package var streamCount: Int?
  /// Stimuli of the data, scanned or not; `nil` in plans of earlier versions.
  package var dataCount: Int?
  /// Which of the stream each stimulus of the scan is, ascending; `nil` likewise: the first ones of the set.
  package var streamStimuli: [Int]?
  /// Stimuli that a series draws its replacements from; 0 unless the lesion is `resample`.
  package var donorCount: Int
  /// Donors that the rows of a design meet in turn: at least 1.
  package var drawnDonors: Int { max(1, donorCount) }
  /// The label of each stimulus, where lesions ask for it; `nil` where they don't. [stimulusCount]
  package var stimulusClasses: [Int]?
  /// SHA-256 of the file that lesions take something from; `nil` where they take nothing from one.
  package var lesionDigest: String?
  /// SHA-256 of the file that the value takes something from; `nil` likewise.
  package var valueDigest: String?
  /// What stays intact of a later tensor; `nil` where nothing does.
  package var frozen: FrozenTensor?
  /// The execution provider with its version and options; `nil`: the runtime's own kernels for the processor.
  package var provider: String?
  /// Rows of a shard: a whole number of batches.
  package var rowsPerShard: Int
  package var layers: [Layer]
  package var refusals: [Refusal]
  /// What a user should know: fall-backs, what `logit` reads.
  package var notes: [String]
  /// What a rank that shares no weights is expected to hold in memory, its cache aside.
  package var residentBytes: Int

  /// Whether a batch axis that the model had baked in was freed.
  package var isBatchFreed: Bool { preparation.freesBatch }
  /// The tensor whose elements are the scores.
  package var readTensor: String { readout.tensor }
  /// The read tensor's shape for one stimulus, without batch axis.
  package var outputShape: [Int] { readout.shape }

  /// The model's classes, of a scan that keeps scores; `nil` of others.
  package var classCount: Int? {
    layers.contains { $0.scoreCount != nil } ? readout.classAxis.map { readout.shape[$0] } ?? 1 : nil
  }

  /// All evaluations of the scan.
  package var evaluations: Int {
    layers.reduce(0) { $0 + $1.rows } * stimulusCount
  }

  /// The tensor that stays intact, how many of its units do, and whether all do; `nil` where nothing does.
  package var frozenPart: (tensor: String, units: Int, isAll: Bool)? {
    frozen.map { ($0.tensor, $0.unitCount, $0.units == nil) }
  }

  /// What a user should know of a request: the plan's notes, and what errors across stimuli come from, which `report` can change.
  package func notes(_ request: ScanRequest) -> [String] {
    // Plans of earlier versions have the latter.
    notes + [IndependentUnits(self, request).note].compactMap(\.self).filter { !notes.contains($0) }
  }

  /// How many shards a layer's series has.
  package func shardCount(_ layer: Layer) -> Int {
    let rowsPerShard = rowsPerShard(layer)
    return (layer.rows + rowsPerShard - 1) / rowsPerShard
  }

  /// Rows of a shard of a layer: fewer where a row has many numbers, so that no message is long.
  package func rowsPerShard(_ layer: Layer) -> Int {
    guard layer.design == .gradients else { return rowsPerShard }
    let batch = Layer.gradientBatch
    return min(rowsPerShard, max(batch, Layer.longestShard / layer.width / batch * batch))
  }

  /// Pathways that are lesioned in one run: fewer than coalitions, since the whole network is in memory then.
  package var pathwayBatch: Int { layers.contains { $0.batch == 1 } ? 1 : min(batch, 8) }

  /// SHA-256 of the plan, by which equal plans are recognised at a glance.
  package func digest() throws -> String {
    Digest.hexadecimal(of: try encoded())
  }

  /// The series of a part, or of the whole scan, in order: layer by layer, stimulus by stimulus.
  package func series(of part: ScanPart?) -> [Int] {
    (0..<layers.count * stimulusCount).filter { part?.contains(series: $0) ?? true }
  }

  /// The layer of a series.
  package func layer(ofSeries series: Int) -> Layer {
    layers[series / stimulusCount]
  }

  /// The shards of a part, or of the whole scan.
  package func shardCount(of part: ScanPart?) -> Int {
    series(of: part).reduce(0) { $0 + shardCount(layer(ofSeries: $1)) }
  }

  /// The evaluations of a part, or of the whole scan.
  package func evaluations(of part: ScanPart?) -> Int {
    series(of: part).reduce(0) { $0 + layer(ofSeries: $1).rows }
  }

  /// When the estimates of a layer are analysed while it is measured: at whole shards, and not before its design gives an estimate.
  ///
  /// Rows are those of the design; the anchors are measured before the first analysis.
  package func analyses(_ layer: Layer, rule: StoppingRule, index: ValueIndex) -> AnalysisSchedule {
    guard rule.isAdaptive, !layer.design.isWhole, layer.design != .gradients else {
      return AnalysisSchedule(rowCount: layer.designRows)
    }
    return AnalysisSchedule(
      rowCount: layer.designRows,
      least: Design.minimumRowCount(layer.design, players: layer.regionCount, index: index, donors: drawnDonors),
      unit: rowsPerShard)
  }

  /// The shards that hold the first rows of a layer's design, and those that hold its anchors.
  package func shards(holding designRows: Int, _ layer: Layer) -> [Int] {
    let count = shardCount(layer)
    let rowsPerShard = rowsPerShard(layer)
    let first = 0..<(designRows + rowsPerShard - 1) / rowsPerShard
    guard layer.rows > layer.designRows else { return Array(first) }
    return Array(first) + (max(first.upperBound, layer.designRows / rowsPerShard)..<count)
  }

  /// The rows of a shard.
  package func rows(ofShard shard: Int, _ layer: Layer) -> Range<Int> {
    let rowsPerShard = rowsPerShard(layer)
    return (shard * rowsPerShard)..<min((shard + 1) * rowsPerShard, layer.rows)
  }

  package init(
    modelDigest: String, dataDigest: String, preparation: ModelPreparation, batch: Int, readout: Readout,
    stimulusCount: Int, stimulusPlaces: [Int]? = nil, streamCount: Int? = nil, streamStimuli: [Int]? = nil, donorCount: Int,
    rowsPerShard: Int, layers: [Layer], refusals: [Refusal], notes: [String], residentBytes: Int
  ) {
    self.modelDigest = modelDigest
    self.dataDigest = dataDigest
    self.preparation = preparation
    self.batch = batch
    self.readout = readout
    self.stimulusCount = stimulusCount
    self.stimulusPlaces = stimulusPlaces ?? Array(0..<stimulusCount)
    self.streamCount = streamCount
    self.streamStimuli = streamStimuli
    self.donorCount = donorCount
    designVersion = Design.version(drawsDonors: donorCount > 0)
    gradientVersion = GradientDesign.version
    self.rowsPerShard = rowsPerShard
    self.layers = layers
    self.refusals = refusals
    self.notes = notes
    self.residentBytes = residentBytes
  }
}

extension ScanPlan {
  package func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return Array(try encoder.encode(self))
  }

  package init(encoded bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(ScanPlan.self, from: Data(bytes))
  }
}
