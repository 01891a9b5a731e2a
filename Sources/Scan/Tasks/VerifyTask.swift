import Distribution
import Grids
import Lesion
import Networks
import OnnxRuntime
import ScanPlan

/// Check a layer's cut, on the first stimulus: prefix, then suffix with nothing lesioned, against the whole model; and a
/// batch of coalitions, all different, against each of them alone.
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
    let batch = worker.plan.layers[layer].batch
    guard batch > 1 else { return CutCheck(deviation: deviation, rowDeviation: 0) }
    try pause()
    let coalitions = LesionedNetwork.mixedCoalitions(
      regions: worker.geometry[layer].grid.regionCount, count: min(batch, Self.rowsCompared))
    let single = try worker.makeNetwork(layer, lesion: .zero, batch: 1)
    return CutCheck(
      deviation: deviation,
      rowDeviation: try network.rowDeviation(from: single, stimulus: 0, coalitions: coalitions))
  }
}

/// How far a layer's cut is from the whole model, and rows of a batch from each of them alone, as shares of the largest
/// score; the second is 0 where batches have one row.
package struct CutCheck: Coded {
  var deviation = 0.0
  var rowDeviation = 0.0

  package init() {}

  package init(deviation: Double, rowDeviation: Double) {
    self.deviation = deviation
    self.rowDeviation = rowDeviation
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&deviation)
    try coder.code(&rowDeviation)
  }
}
