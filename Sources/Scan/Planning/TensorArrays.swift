import Arrays
import Files

/// Reads an `.npz` that has an array for each of some tensors, by their names.
enum TensorArrays {
  /// - Parameter wanted: the name of the only array that is read; `nil` for all.
  /// - Throws: `FileError` where the file can't be read, holds no array, or two of one name.
  static func read(_ path: String, only wanted: String? = nil) throws(FileError) -> [String: NumericArray] {
    var arrays: [String: NumericArray] = [:]
    try ZipReader(path).forEachMember { member, bytes, range throws(FileError) in
      let name = member.hasSuffix(".npy") ? String(member.dropLast(4)) : member
      guard wanted == nil || name == wanted else { return }
      let array = try NumericArray(npy: bytes, range, place: "\(path): array \"\(name)\"")
      guard arrays.updateValue(array, forKey: name) == nil else {
        throw FileError(.badInput, "\(path) holds two arrays named \"\(name)\": write it with one a tensor, as numpy.savez does")
      }
    }
    guard !arrays.isEmpty || wanted != nil else {
      throw FileError(.badInput, "\(path) holds no array: write one a tensor, with the tensor's name")
    }
    return arrays
  }
}
