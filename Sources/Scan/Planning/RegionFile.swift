import Arrays
import Files
import Grids

/// Arrays of region numbers that a user gives: one for all layers (`.npy`), or one a tensor, by its name (`.npz`).
struct RegionFile {
  private let path: String
  /// By tensor.
  private let named: [String: RegionLabels]
  private let common: RegionLabels?

  /// - Throws: `FileError` where the file can't be read, or holds something else than whole numbers; `GridError` where they
  ///   number no regions.
  init(_ path: String) throws {
    self.path = path
    guard path.hasSuffix(".npz") else {
      common = try Self.labels(NumericArray(contentsOfNPY: path), path)
      named = [:]
      return
    }
    let arrays = try TensorArrays.read(path)
    common = nil
    named = try Dictionary(
      uniqueKeysWithValues: arrays.sorted { $0.key < $1.key }.map { name, array in
        (name, try Self.labels(array, "\(path): array \"\(name)\""))
      })
  }

  /// The tensors that have an array of their own, by name; `nil` where one goes for all.
  var tensors: [String]? { common == nil ? named.keys.sorted() : nil }

  /// - Throws: `GridError` (`badInput`) with the end of a sentence where the tensor has none.
  func labels(of tensor: String) throws(GridError) -> RegionLabels {
    guard let labels = common ?? named[tensor] else { throw GridError(.badInput, "\(path) has no array of that name") }
    return labels
  }

  private static func labels(_ array: NumericArray, _ place: String) throws -> RegionLabels {
    guard let numbers = array.integers() else {
      throw FileError(.badInput, "\(place) holds numbers that aren't whole: regions are numbered from 0 on, as by astype(int)")
    }
    return try RegionLabels(shape: array.shape, regions: numbers, place: place)
  }
}
