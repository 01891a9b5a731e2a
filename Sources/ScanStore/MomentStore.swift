package import Anatomy
import Arrays
import Files
package import ScanPlan
import UserErrors

/// The moments of every region under each stimulus, on disk: what was observed lies in a file without a name until it is stored,
/// one `.npy` file a layer, float64 [stimuli x regions x 4].
///
/// Memory: none but for what is asked for. Disk: 32 bytes a region and stimulus.
package struct MomentStore: Sendable {
  private enum Place: Sendable {
    /// Where the layer's moments begin in a stimulus's record, and the record's length; in bytes.
    case scratch(ScratchFile, offset: Int, recordLength: Int)
    case array(NumericArray)
  }

  private struct Layer: Sendable {
    let place: Place
    let regionCount: Int
    var valueCount: Int { regionCount * RegionMoments.valuesPerRegion }
  }

  private var layers: [Layer]
  private let stimulusCount: Int

  /// Room for moments that are observed.
  ///
  /// - Parameter regionCounts: by layer.
  /// - Throws: `FileError` (`cannotWrite`).
  package init(scratchIn folder: String, regionCounts: [Int], stimulusCount: Int) throws {
    let file = try ScratchFile(in: folder)
    let lengths = regionCounts.map { $0 * RegionMoments.valuesPerRegion * MemoryLayout<Double>.stride }
    let recordLength = lengths.reduce(0, +)
    var offset = 0
    layers = zip(regionCounts, lengths).map { regionCount, length in
      defer { offset += length }
      return Layer(place: .scratch(file, offset: offset, recordLength: recordLength), regionCount: regionCount)
    }
    self.stimulusCount = stimulusCount
  }

  /// Of no layer.
  package init() { (layers, stimulusCount) = ([], 0) }

  /// Moments that an earlier scan stored.
  ///
  /// - Throws: `Failure` (`missingInput`, `badInput`) if a file isn't there, or is of another scan.
  package init(contentsOf folder: String, of plan: ScanPlan) throws {
    layers = try plan.layers.map { layer in
      let path = Self.file(folder, layer.number)
      let array = try NumericArray(contentsOfNPY: path)
      let entry = Layer(place: .array(array), regionCount: layer.regionCount)
      guard array.elementCount == plan.stimulusCount * entry.valueCount else {
        throw Failure(.badInput, "\(path) doesn't fit the measurements.json beside it: one of them is another scan's")
      }
      return entry
    }
    stimulusCount = plan.stimulusCount
  }

  private static func file(_ folder: String, _ layer: Int) -> String { "\(folder)/moments_layer_\(layer).npy" }

  /// The moments of some layers, which take the numbers of their places here.
  package func keeping(layers kept: [Int]) -> MomentStore {
    var result = self
    result.layers = kept.map { layers[$0] }
    return result
  }

  /// Takes in what was observed of a stimulus, all layers, in order.
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package func write(_ moments: [RegionMoments], stimulus: Int) throws {
    guard case .scratch(let file, _, let recordLength) = layers.first?.place else {
      preconditionFailure("moments are taken in where there is room for them")
    }
    let record = moments.flatMap(\.values)
    precondition(record.count * MemoryLayout<Double>.stride == recordLength, "moments of other layers")
    try record.withUnsafeBytes { try file.write($0, at: stimulus * recordLength) }
  }

  /// The moments of a layer's regions under a stimulus.
  ///
  /// - Throws: `FileError` (`badInput`) if they can't be read.
  package func moments(layer number: Int, stimulus: Int) throws -> RegionMoments {
    let layer = layers[number]
    switch layer.place {
    case .array(let array):
      return RegionMoments(values: array.doubles(stimulus * layer.valueCount..<(stimulus + 1) * layer.valueCount))
    case .scratch(let file, let offset, let recordLength):
      var values = [Double](repeating: 0, count: layer.valueCount)
      try values.withUnsafeMutableBytes { try file.read(into: $0, at: stimulus * recordLength + offset) }
      return RegionMoments(values: values)
    }
  }

  /// φ of a layer's regions, by stimulus.
  ///
  /// - Throws: as `moments`.
  package func densities(layer: Int) throws -> [[Double]] {
    try (0..<stimulusCount).map { try moments(layer: layer, stimulus: $0).densities }
  }

  /// The moments of a layer's regions over all stimuli, combined in their order.
  ///
  /// - Throws: as `moments`.
  package func combined(layer: Int) throws -> RegionMoments {
    try (0..<stimulusCount).reduce(into: RegionMoments(regionCount: layers[layer].regionCount)) { sum, stimulus in
      sum.combine(try moments(layer: layer, stimulus: stimulus))
    }
  }

  /// Stores all in a folder.
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package func store(in folder: String) throws {
    for number in layers.indices {
      try NumericArray(
        shape: [stimulusCount, layers[number].regionCount, RegionMoments.valuesPerRegion],
        doubles: (0..<stimulusCount).flatMap { try moments(layer: number, stimulus: $0).values }
      ).writeNPY(to: Self.file(folder, number))
    }
  }
}
