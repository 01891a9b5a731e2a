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

  package var layer = 0

  package init() {}

  package init(layer: Int) {
    self.layer = layer
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&layer) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> CutCheck {
    let network = try worker.makeNetwork(layer, lesion: .zero)
    let outputs = try worker.observe(stimulus: 0, of: worker.feed)
    let deviation = try network.deviation(from: UnsafeBufferPointer(outputs[0].floats), stimulus: 0)
    var check = CutCheck(deviation: deviation, rowDeviation: 0)
    try pause()
    let (regions, batch) = (worker.geometry[layer].grid.regionCount, worker.plan.layers[layer].batch)
    let coalitions = LesionedNetwork.mixedCoalitions(regions: regions, count: min(max(batch, 2), Self.rowsCompared))
    check.bearsZeros = try network.isFinite(stimulus: 0, coalitions: coalitions)
    guard batch > 1 else { return check }
    // Where the last bits of a float decide between two levels, only batches of one size can be compared.
    let single = worker.plan.preparation.isQuantized ? network : try worker.makeNetwork(layer, lesion: .zero, batch: 1)
    check.rowDeviation = try network.rowDeviation(from: single, stimulus: 0, coalitions: coalitions)
    return check
  }
}

/// How far a layer's cut is from the whole model, and rows of a batch from each of them alone, as shares of the largest
/// score; the second is 0 where batches have one row.
package struct CutCheck: Coded {
  var deviation = 0.0
  var rowDeviation = 0.0
  /// Whether the network gives numbers where the layer's units are 0.
  var bearsZeros = true

  package init() {}

  package init(deviation: Double, rowDeviation: Double) {
    self.deviation = deviation
    self.rowDeviation = rowDeviation
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&deviation)
    try coder.code(&rowDeviation)
    var bears = bearsZeros ? 1 : 0
    try coder.code(&bears)
    bearsZeros = bears == 1
  }
}
