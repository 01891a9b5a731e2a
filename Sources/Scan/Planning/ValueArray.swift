import Arrays
import Stimuli
import UserErrors

/// An array that a value takes something of each stimulus from: one of the stimuli's `.npz`, or an `.npy` file.
struct ValueArray {
  private let array: NumericArray
  private let place: String
  private let stimuli: StimulusSet

  /// - Parameter name: the array's, or a path that ends in `.npy`.
  /// - Throws: `Failure` where there is no such array, or it can't be read.
  init(_ name: String, of stimuli: StimulusSet) throws(Failure) {
    self.stimuli = stimuli
    do {
      if name.hasSuffix(".npy") {
        (array, place) = (try NumericArray(contentsOfNPY: name), name)
        return
      }
      if let archive = stimuli.files.first(where: { $0.lowercased().hasSuffix(".npz") }),
        let found = try TensorArrays.read(archive, only: name)[name]
      {
        (array, place) = (found, "\(archive): array \"\(name)\"")
        return
      }
    } catch {
      throw Failure(error)
    }
    throw Failure(
      .usage, "--value names \"\(name)\", which is no array of \(stimuli.description); give one of its names, or an .npy file")
  }

  /// - Returns: one row for all stimuli, or one each.
  /// - Throws: `Failure` (`badInput`) where other numbers are in it, or stimuli are missing.
  func wholeNumbers() throws(Failure) -> [[Int]] {
    guard let numbers = array.integers() else {
      throw Failure(.badInput, "\(place) holds other numbers than whole ones, and classes are counted: write it as int64")
    }
    return try rows(numbers)
  }

  /// - Returns, Throws: likewise.
  func numbers() throws(Failure) -> [[Float]] { try rows(array.floats()) }

  private func rows<Number>(_ numbers: [Number]) throws(Failure) -> [[Number]] {
    guard !numbers.isEmpty else { throw Failure(.badInput, "\(place) has shape \(array.shape), and nothing in it") }
    guard array.shape.count > 1, array.shape[0] > 1 else { return [numbers] }
    let width = numbers.count / array.shape[0]
    guard let last = stimuli.records.max(), last < array.shape[0] else {
      throw Failure(
        .badInput,
        "\(place) has \(array.shape[0]) rows, and stimulus \(stimuli.records.max() ?? 0) of the files, counted from 0, is scanned: give one row for each stimulus, or one for all"
      )
    }
    return stimuli.records.map { Array(numbers[$0 * width..<($0 + 1) * width]) }
  }
}
