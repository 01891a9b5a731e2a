import Arrays
import Files
package import ScanPlan

/// The values of all series on disk: one `.npy` file a layer, float32, [stimuli x rows], in design order. Rows that are
/// gradient passes have 1 + regions numbers each: v, and its derivative by every region.
///
/// Rows are written as series complete, in any order, so the scan holds in memory only what is being measured. Series
/// that were skipped, or not yet measured, are NaN.
package final class AcquisitionStore {
  private let files: [RowFile]

  /// Creates the folder and its files.
  ///
  /// - Throws: `Failure` (`cannotWrite`) if that can't be done.
  package init(folder: String, plan: ScanPlan) throws {
    try makeFolder(folder)
    files = try plan.layers.map {
      try RowFile(Self.file(folder, $0.number), rows: plan.stimulusCount, columns: $0.numberCount)
    }
  }

  /// Writes a series. - Parameter values: [numbers].
  ///
  /// - Throws: `cannotWrite` with the system's reason.
  package func write(_ values: [Float], layer: Int, stimulus: Int) throws {
    try files[layer].write(values, row: stimulus)
  }

  /// Reads a series back, [numbers].
  ///
  /// - Throws: `cannotRead` with the system's reason.
  package func read(layer: Int, stimulus: Int) throws -> [Float] {
    try files[layer].read(row: stimulus)
  }

  /// Makes everything written durable.
  ///
  /// - Throws: `cannotWrite` with the system's reason.
  package func synchronize() throws {
    for file in files { try file.synchronize() }
  }

  /// The file of a layer in the folder of an acquisition.
  package static func file(_ folder: String, _ layer: Int) -> String {
    "\(folder)/layer_\(layer).npy"
  }
}
