import Arrays
import Files
import Grids
import Lesion
import ModelGraph
import Networks
import ScanPlan
import Stimuli
import UserErrors

/// What lesions take from a file.
package struct LesionFile {
  private enum Content {
    /// A stimulus for each of the scan's files.
    case pairs(StimulusSet)
    /// One stimulus for all.
    case input(StimulusSet)
    /// By tensor.
    case activations([String: NumericArray])
  }

  private let path: String
  private let content: Content

  /// - Parameters:
  ///   - model: whose inputs or tensors the file's arrays are named after.
  ///   - count: stimuli in the scan's files.
  /// - Throws: `Failure`, `StimuliError` or `FileError`, a sentence each, where the file can't be read, or has not one stimulus
  ///   for each of the scan's, or more than one baseline.
  init(_ path: String, for options: MeasurementOptions, model: Model, count: Int, sizing: PictureSizing) throws {
    self.path = path
    if !options.lesion.takesPairs, path.hasSuffix(".npz") {
      let arrays = try TensorArrays.read(path)
      if Set(arrays.keys).isDisjoint(with: model.inputs.map(\.name)) {
        content = .activations(arrays)
        return
      }
    }
    let stimuli = try StimulusSet(contentsOf: path, inputs: model.inputs.map(ModelInput.init), sizing: sizing)
      .preprocessed(options)
    if options.lesion.takesPairs {
      guard stimuli.count == count else {
        throw Failure(
          .badInput,
          "\(path) has \(stimuli.count) stimuli, and the files that are scanned have \(count): give each of them its pair, in the same order"
        )
      }
      content = .pairs(stimuli)
    } else {
      guard stimuli.count == 1 else {
        throw Failure(
          .badInput,
          "\(path) has \(stimuli.count) stimuli, and a baseline is one: give an array whose first axis has length 1, or an .npz with activations by the names of tensors"
        )
      }
      content = .input(stimuli)
    }
  }

  /// The files that it came from.
  var files: [String] {
    switch content {
    case .pairs(let stimuli), .input(let stimuli): stimuli.files
    case .activations: [path]
    }
  }

  /// The stimuli that follow after the scan's, which stand at `places` of their files; `nil` where there are none.
  ///
  /// - Throws: `StimuliError` where a place is beyond the end.
  func partners(at places: [Int]) throws -> StimulusSet? {
    switch content {
    case .pairs(let stimuli): try stimuli.select(places)
    case .input(let stimulus): stimulus
    case .activations: nil
    }
  }

  /// The tensors that it has activations of; `nil` where it goes for all.
  var tensors: [String]? {
    if case .activations(let arrays) = content { arrays.keys.sorted() } else { nil }
  }

  /// A tensor's activations; `nil` where the file has an input instead. [units]
  ///
  /// - Parameter shape: the tensor's, for a batch of one.
  /// - Throws: `GridError` (`badInput`) with the end of a sentence that begins with the layer, where the file has none of it, or
  ///   of another shape, or NaN or infinity.
  func activations(of tensor: String, shape: [Int]) throws(GridError) -> [Float]? {
    guard case .activations(let arrays) = content else { return nil }
    guard let array = arrays[tensor] else { throw GridError(.badInput, "\(path) has no array of that name") }
    guard array.shape == shape || array.shape == Array(shape.dropFirst()) else {
      throw GridError(
        .badInput, "its activations have shape \(Array(shape.dropFirst())), and its array in \(path) has \(array.shape)")
    }
    let floats = array.floats()
    guard floats.allSatisfy(\.isFinite) else { throw GridError(.badInput, "its array in \(path) holds NaN or infinity") }
    return floats
  }
}

extension StimulusSet {
  /// As the options say that numbers reach the network.
  func preprocessed(_ options: MeasurementOptions) throws(StimuliError) -> StimulusSet {
    var result = self
    try result.setPreprocessing(
      Preprocessing(
        scale: options.scale, mean: options.mean, standardDeviation: options.standardDeviation,
        layouts: options.layouts.map(\.ofInputs)))
    return result
  }
}
