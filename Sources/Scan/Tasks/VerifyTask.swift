import Distribution
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import ScanPlan

/// Check a layer's cut, on the first stimulus: prefix, then suffix with nothing lesioned, against the whole model; a batch of
/// coalitions, all different, against each of them alone; and whether the network bears lesions there.
package struct VerifyTask: RankTask, Hashable {
  /// Rows that are compared: enough for some to be lesioned much and some little.
  private static let rowsCompared = 6
  /// Stimuli that are tried with all of the layer lesioned where the first one gives no numbers.
  private static let stimuliTried = 8

  package var layer = 0

  package init() {}

  package init(layer: Int) {
    self.layer = layer
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&layer) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> CutCheck {
    let (batch, tolerance) = (worker.plan.layers[layer].batch, worker.plan.preparation.tolerance)
    let check = try check(on: worker, batch: batch, pause)
    guard batch > 1, !(check.deviation <= tolerance) else { return check }
    // What passes the layer by may be right for a single row only, as places among all rows are.
    var alone = try self.check(on: worker, batch: 1, pause)
    guard alone.deviation <= tolerance else { return check }
    alone.rowDeviation = check.deviation
    return alone
  }

  /// A layer that the runtime doesn't run when cut there, or that gives what can't be read, is found infinitely far off.
  private func check(on worker: Worker, batch: Int, _ pause: () throws -> Void) throws -> CutCheck {
    func failed(_ reason: String) -> CutCheck {
      var check = CutCheck(deviation: .infinity, rowDeviation: 0)
      check.failure = reason
      return check
    }
    do {
      return try compare(on: worker, batch: batch, pause)
    } catch let error as OnnxRuntimeError where [.runFailed, .modelRefused].contains(error.code) {
      return failed(error.message)
    } catch let error as LesionError where error.code == .badModel {
      return failed(error.message)
    }
  }

  private func compare(on worker: Worker, batch: Int, _ pause: () throws -> Void) throws -> CutCheck {
    let network = try worker.makeNetwork(layer, lesion: .zero, batch: batch)
    let whole = try worker.observe(stimulus: 0, of: worker.feed)[0]
    let deviation = try whole.withFloats { try network.deviation(from: UnsafeBufferPointer($0), stimulus: 0) }
    var check = CutCheck(deviation: deviation, rowDeviation: 0)
    try pause()
    let regions = worker.geometry[layer].grid.regionCount
    let coalitions = LesionedNetwork.mixedCoalitions(regions: regions, count: min(max(batch, 2), Self.rowsCompared))
    check.bearsZeros = try network.isFinite(stimulus: 0, coalitions: coalitions)
    if !check.bearsZeros {
      // Every series has a pass with all of the layer lesioned.
      check.losesAll = try (0..<min(Self.stimuliTried, worker.plan.stimulusCount)).allSatisfy { stimulus in
        try !network.isFinite(stimulus: stimulus, coalitions: Array(coalitions.prefix(2)))
      }
    }
    guard batch > 1 else { return check }
    if let condition = worker.operatorSteered(byLayer: layer) {
      (check.rowDeviation, check.condition) = (.infinity, condition)
      return check
    }
    // Where the last bits of a float decide between two levels, only batches of one size can be compared.
    let single = worker.plan.preparation.isQuantized ? network : try worker.makeNetwork(layer, lesion: .zero, batch: 1)
    let rows = try network.checkRows(against: single, stimulus: 0, coalitions: coalitions)
    (check.rowDeviation, check.rowInfluence) = (rows.deviation, rows.influence)
    return check
  }
}

/// How far a layer's cut is from the whole model, and rows of a batch from each of them alone, as shares of the largest
/// score; the second and `rowInfluence` are 0 where batches have one row.
package struct CutCheck: Coded {
  var deviation = 0.0
  var rowDeviation = 0.0
  /// How far rows of a batch change each other, as a share of what lesions change.
  var rowInfluence = 0.0
  /// Whether the network gives numbers where the layer's units are 0.
  var bearsZeros = true
  /// Whether it gives none for any stimulus that was tried where all of them are 0.
  var losesAll = false
  /// Why nothing could be compared; empty where something was.
  var failure = ""
  /// The operator that would go one way for all rows of a batch, by what the layer holds; empty where there is none.
  var condition = ""

  package init() {}

  package init(deviation: Double, rowDeviation: Double) {
    self.deviation = deviation
    self.rowDeviation = rowDeviation
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&deviation)
    try coder.code(&rowDeviation)
    try coder.code(&rowInfluence)
    var flags = (bearsZeros ? 1 : 0) + (losesAll ? 2 : 0)
    try coder.code(&flags)
    (bearsZeros, losesAll) = (flags & 1 == 1, flags & 2 == 2)
    try coder.code(&failure)
    try coder.code(&condition)
  }
}
