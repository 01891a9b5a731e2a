package import Anatomy
import Arrays
import Files
package import ScanPlan
import Stimuli
package import Temporal
import UserErrors

/// What a stream did to every layer, on disk: one `.npy` file a layer, float32 [stimuli x (2 + regions)]: the signal mean|a|,
/// the coverage, and φ of every region.
///
/// Rows are written as they come, so a stream may be longer than memory. Disk: 4·(2 + regions) bytes a stimulus and layer,
/// 1 MB for 1,000 stimuli of a layer of 256 regions.
package final class StreamStore {
  private let folder: String
  private let count: Int
  private let layers: [ScanPlan.Layer]
  private let files: [RowFile]

  /// Columns before those of regions.
  private static let leading = 2

  /// Creates the folder and its files.
  ///
  /// - Throws: `Failure` (`cannotWrite`) if that can't be done.
  package init(folder: String, count: Int, layers: [ScanPlan.Layer]) throws {
    try makeFolder(folder)
    self.folder = folder
    self.count = count
    self.layers = layers
    files = try layers.map {
      try RowFile(Self.file(folder, $0.number), rows: count, columns: Self.leading + $0.regionCount)
    }
  }

  /// A stimulus's row of a layer's file.
  package static func record(of moments: RegionMoments) -> [Float] {
    [Float(moments.layerMeanMagnitude), Float(moments.coverage)] + moments.densities.map(Float.init)
  }

  /// - Throws: `Failure` (`badInput`) if an activation isn't finite, since a spectrum needs every sample.
  package func write(_ record: [Float], layer: Int, stimulus: Int) throws {
    guard record.allSatisfy(\.isFinite) else {
      throw Failure(
        .badInput,
        "stimulus \(stimulus) of the stream: activations of layer_\(layer) (\(layers[layer].tensor)) are NaN or infinite; check the stimuli's scale, or leave the layer out"
      )
    }
    try files[layer].write(record, row: stimulus)
  }

  /// Makes everything written durable.
  ///
  /// - Throws: `cannotWrite` with the system's reason.
  package func synchronize() throws {
    for file in files { try file.synchronize() }
  }

  /// What was written.
  ///
  /// - Throws: `cannotRead` with the system's reason.
  package func content() throws -> Content {
    try Content(folder: folder, count: count, layers: layers)
  }

  private static func file(_ folder: String, _ layer: Int) -> String {
    "\(folder)/stream_layer_\(layer).npy"
  }

  /// A stream that was recorded, mapped from its files.
  package struct Content: Sendable {
    /// Stimuli of the stream.
    package let count: Int
    private let arrays: [NumericArray]

    /// - Throws: `StimuliError` (`missingInput`, `badInput`) or `Failure` (`badInput`) if the files are not whole.
    package init(folder: String, count: Int, layers: [ScanPlan.Layer]) throws {
      self.count = count
      arrays = try layers.map { layer in
        let path = StreamStore.file(folder, layer.number)
        let array = try NumericArray(contentsOfNPY: path)
        guard array.shape == [count, StreamStore.leading + layer.regionCount] else {
          throw Failure(.badInput, "\(path) has shape \(array.shape), which doesn't fit its scan: it is another scan's")
        }
        return array
      }
    }

    /// A layer's recording, with means over windows. Memory: a row at a time, and the result.
    package func recording(layer: Int, windows: SlidingWindows, zeta: [Double?], halves: [Halves?]) -> LayerRecording {
      let array = arrays[layer]
      let columns = array.shape[1]
      var signal: [Double] = []
      signal.reserveCapacity(count)
      var sums = [[Double]](repeating: [Double](repeating: 0, count: columns - 1), count: windows.count)
      for stimulus in 0..<count {
        let row = array.floats(stimulus * columns..<(stimulus + 1) * columns)
        signal.append(Double(row[0]))
        for window in windows.containing(stimulus) {
          for column in 1..<columns { sums[window][column - 1] += Double(row[column]) }
        }
      }
      let length = Double(windows.length)
      return LayerRecording(
        signal: signal, coverage: sums.map { $0[0] / length }, densities: sums.map { $0.dropFirst().map { $0 / length } },
        zeta: zeta, zetaHalves: halves)
    }
  }
}
