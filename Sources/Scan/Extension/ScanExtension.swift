import Lesion
import ModelGraph
import ScanPlan
import ScanResults
import ScanStore
import Shapley
import UserErrors

/// A finished scan whose measured values a larger one takes over: of more stimuli, or more layers.
///
/// A value is a function of the layer's number, the stimulus, its row and the design that the row is of, so it is taken over where
/// all of these are the larger scan's. Where one isn't, nothing is measured twice in silence: the extension is refused.
struct ScanExtension {
  private let folder: String
  private let scan: StoredScan

  /// - Throws: `Failure` (`usage`, or `missingInput` for a folder without a finished scan) where nothing of it can be taken over.
  init(_ folder: String, by request: ScanRequest, _ inputs: Scan.Inputs, program: String) throws {
    self.folder = folder
    scan = try StoredScan(contentsOf: folder)
    let summary = try RunSummary(contentsOf: OutputFolder(folder).summary)
    var origin = inputs.origin(request, program: program)
    // What the user asks to be different.
    origin.options = summary.origin.options
    origin.dataDigest = try inputs.dataDigest(stimulusLimit: scan.measurements.request.measurement.stimulusLimit)
    if let difference = origin.difference(from: summary.origin) { throw refusal(difference) }
    let measurement = scan.measurements.request.measurement
    if measurement.stream != nil { throw refusal("a stream is recorded whole; scan it anew") }
    if measurement.stoppingRule.isAdaptive {
      throw refusal("how long its layers were measured follows from all series together; scan anew")
    }
    guard request.measurement.stimulusLimit != measurement.stimulusLimit else { return }
    if measurement.lesion.dependsOnStimuli {
      throw refusal(
        "under --lesion \(measurement.lesion.rawValue) more stimuli change what lesioned units become, and so every value; scan them all anew"
      )
    }
  }

  private func refusal(_ reason: String) -> Failure {
    Failure(.usage, "the scan in \(folder) can't be extended: \(reason)")
  }

  /// A larger scan whose layers that this one has are measured as here: of `--samples auto`, how they are follows from the stimuli.
  func keepingDesigns(_ plan: ScanPlan) -> ScanPlan {
    guard scan.measurements.request.measurement.samplesPerRegion == nil else { return plan }
    var result = plan
    for layer in scan.measurements.plan.layers {
      guard let place = plan.layers.firstIndex(where: { Self.isSame($0, layer) }) else { continue }
      result.layers[place] = layer
    }
    return result
  }

  /// Whether two layers have the same regions and are measured in batches of one size.
  private static func isSame(_ a: ScanPlan.Layer, _ b: ScanPlan.Layer) -> Bool {
    (a.tensor, a.number, a.batch, a.scoreCount) == (b.tensor, b.number, b.batch, b.scoreCount)
      && a.grid == b.grid && a.regionLabels == b.regionLabels && a.shape == b.shape
  }

  /// What it measured of a larger scan's shards.
  ///
  /// - Parameter targets: of the larger scan, by stimulus.
  /// - Returns: every shard of its own series. Memory: all of its values.
  /// - Throws: `Failure` (`usage`) where the larger scan would measure one of its series otherwise; `FileError` where values can't be
  ///   read.
  func shards(of plan: ScanPlan, targets: [Int]) throws -> [Checkpoint.Shard: [Float]] {
    let own = scan.measurements.plan
    guard plan.stimulusCount > own.stimulusCount || plan.layers.count > own.layers.count else {
      throw refusal("it has all stimuli and layers that are asked for already; ask for more")
    }
    guard plan.stimulusPlaces.starts(with: own.stimulusPlaces) else {
      throw refusal("its stimuli wouldn't be the first ones of the larger scan; scan that anew")
    }
    try checkReading(plan)
    guard targets.starts(with: scan.measurements.targets) else {
      throw refusal("target classes of its stimuli would be others; scan all of them anew")
    }
    guard plan.batch == own.batch, plan.rowsPerShard == own.rowsPerShard else {
      throw refusal(
        "coalitions would run \(plan.batch) at a time and ran \(own.batch) at a time; give the --memory that it was scanned with")
    }
    guard plan.provider == own.provider else {
      throw refusal(
        "passes would run on \(plan.provider ?? "the processor") and ran on \(own.provider ?? "the processor"); give the same")
    }
    guard plan.keptClasses.map({ Array($0.prefix(own.stimulusCount)) }) == own.keptClasses else {
      throw refusal(
        "the scores of other classes would be kept; give the --keep-scores, --target and --value that it was scanned with")
    }
    var shards: [Checkpoint.Shard: [Float]] = [:]
    for layer in own.layers {
      let number = try number(of: layer, in: plan)
      for stimulus in 0..<own.stimulusCount {
        let values = scan.values(layer: layer.number, stimulus: stimulus)
        for shard in 0..<own.shardCount(layer) {
          let rows = own.rows(ofShard: shard, layer)
          shards[Checkpoint.Shard(layer: number, stimulus: stimulus, shard: shard)] = Array(
            values[rows.lowerBound * layer.width..<rows.upperBound * layer.width])
        }
      }
    }
    return shards
  }

  /// - Throws: `Failure` (`usage`) where what is read of its stimuli follows from the added ones too.
  private func checkReading(_ plan: ScanPlan) throws(Failure) {
    let own = scan.measurements.plan
    let (now, then) = (plan.readout.reading(of: 0..<own.stimulusCount), own.readout.reading(of: 0..<own.stimulusCount))
    guard now != then else { return }
    let what =
      now.place == then.place
      ? "scores of \"\(then.output)\" would be read otherwise, for all stimuli, than they were"
      : "scores of \"\(then.output)\" would be \(now.place), for all stimuli, and were \(then.place)"
    throw refusal(
      "with the added stimuli \(what); add fewer, scan all of them anew, or scan anew without those that change it, by --select")
  }

  /// The number of a layer of its own in the larger scan.
  private func number(of layer: ScanPlan.Layer, in plan: ScanPlan) throws(Failure) -> Int {
    guard let same = plan.layers.first(where: { $0.tensor == layer.tensor }) else {
      throw refusal("the larger scan would leave out its layer \"\(layer.tensor)\"; name that too")
    }
    guard same.number == layer.number else {
      throw refusal(
        "layer \"\(layer.tensor)\" would be layer_\(same.number) and is layer_\(layer.number), and what is drawn for a layer follows from its number; add layers that come after those of the scan"
      )
    }
    guard Self.isSame(same, layer), (same.design, same.budget, same.rows) == (layer.design, layer.budget, layer.rows) else {
      throw refusal(
        "layer \"\(layer.tensor)\" would be measured by \(same.rows) passes of the design \(same.design.rawValue) and was by \(layer.rows) of \(layer.design.rawValue), so none of them would be the same; scan all of them anew"
      )
    }
    return same.number
  }
}
