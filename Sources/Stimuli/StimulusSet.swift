package import Arrays
import Files

/// The stimuli of a scan: what every model input is given, and the labels, if known.
///
/// Values stay as they are stored, in memory or in mapped files, until a stimulus is read.
package struct StimulusSet: Sendable, CustomStringConvertible {
  package private(set) var inputs: [StimulusInput]
  /// The class of each stimulus. [count]
  package private(set) var labels: [Int]?
  /// What they are and where they come from, for people.
  package let description: String
  /// The files that were read, in order, for the record of a scan; none for stimuli made in memory.
  package private(set) var files: [String]
  /// The records in use, by their place in the files. [count]
  private var records: [Int]

  /// - Throws: `badInput` if there are no stimuli, or as many labels as there are not stimuli.
  package init(
    inputs: [StimulusInput], count: Int, labels: [Int]?, description: String, files: [String]
  ) throws(StimuliError) {
    guard count > 0 else {
      throw StimuliError(.badInput, "\(description): there are no stimuli in it: give at least one")
    }
    self.inputs = inputs.map { input in
      var input = input
      input.source = description
      return input
    }
    self.description = description
    self.files = files
    records = Array(0..<count)
    if let labels { try setLabels(labels, from: description) }
  }

  /// Stimuli made in memory: one array a model input, each with the stimuli along its first axis.
  ///
  /// - Throws: `badInput` if the arrays or labels differ in number, or there are none.
  package init(
    _ arrays: [(name: String?, array: NumericArray)], labels: [Int]? = nil, description: String
  ) throws(StimuliError) {
    try self.init(arrays, labels: labels, description: description, files: [])
  }

  init(
    _ arrays: [(name: String?, array: NumericArray)], labels: [Int]?, description: String, files: [String]
  ) throws(StimuliError) {
    guard let first = arrays.first else {
      throw StimuliError(.badInput, "\(description): there are no arrays in it: give one for each model input")
    }
    for (name, array) in arrays {
      guard !array.shape.isEmpty else {
        throw StimuliError(
          .badInput,
          "\(description): \(name.map { "array \"\($0)\"" } ?? "the array") is a single number: its first axis must be the stimulus")
      }
      guard array.shape[0] == first.array.shape[0] else {
        throw StimuliError(
          .badInput,
          "\(description): array \"\(name ?? "")\" of shape \(array.shape) and array \"\(first.name ?? "")\" of shape \(first.array.shape) differ in their first axis, the stimulus: make them equal")
      }
      guard array.elementCount > 0 || array.shape[0] == 0 else {
        throw StimuliError(.badInput, "\(description): shape \(array.shape) has an axis of length 0: give stimuli with values")
      }
    }
    try self.init(
      inputs: arrays.map { StimulusInput(name: $0.name, $0.array) }, count: first.array.shape[0], labels: labels,
      description: description, files: files)
  }

  /// Images made in memory, C, H, W bytes each, treated as those of an image file: divided by 255 unless told otherwise.
  ///
  /// - Parameter pixels: [count x channels x height x width]
  package init(
    pixels: [UInt8], channels: Int, height: Int, width: Int, labels: [Int]? = nil, description: String
  ) throws(StimuliError) {
    let stride = channels * height * width
    precondition(stride > 0 && pixels.count.isMultiple(of: stride), "whole images")
    let segment = StimulusInput.Segment(
      bytes: FileBytes(pixels), offset: 0, stride: stride, count: pixels.count / stride)
    let input = StimulusInput(
      name: nil, shape: [channels, height, width], scalarType: .uint8, isBigEndian: false, isImage: true,
      segments: [segment])
    try self.init(inputs: [input], count: segment.count, labels: labels, description: description, files: [])
  }

  /// The number of stimuli.
  package var count: Int { records.count }

  /// The first stimuli, at most `maximum`.
  package func prefix(_ maximum: Int) -> StimulusSet {
    precondition(maximum > 0, "at least one stimulus")
    return keeping(Array(0..<min(maximum, count)))
  }

  /// Some of the stimuli, in the order given.
  ///
  /// - Throws: `badInput` if an index is beyond the end, or there is none.
  package func select(_ indices: [Int]) throws(StimuliError) -> StimulusSet {
    guard !indices.isEmpty else { throw StimuliError(.badInput, "\(description): no stimuli were chosen: choose at least one") }
    if let outside = indices.first(where: { $0 < 0 || $0 >= count }) {
      throw StimuliError(.badInput, "\(description): there is no stimulus \(outside): choose from 0 to \(count - 1)")
    }
    return keeping(indices)
  }

  private func keeping(_ indices: [Int]) -> StimulusSet {
    var result = self
    result.records = indices.map { records[$0] }
    result.labels = labels.map { labels in indices.map { labels[$0] } }
    return result
  }

  /// The same stimuli with other labels.
  ///
  /// - Throws: `badInput` unless there is one label a stimulus.
  package mutating func setLabels(_ labels: [Int], from source: String) throws(StimuliError) {
    guard labels.count == count else {
      throw StimuliError(
        .badInput, "\(source): \(labels.count) labels for \(count) stimuli: give one label for each stimulus, in order")
    }
    self.labels = labels
  }

  /// Notes one more file that the stimuli come from.
  mutating func addFile(_ path: String) {
    files.append(path)
  }

  /// Sets how stored numbers reach floating-point inputs. Of several arrays, those with channels and two more axes are meant.
  ///
  /// - Throws: `badInput` if it does not fit a stimulus's channels.
  package mutating func setPreprocessing(_ preprocessing: Preprocessing) throws(StimuliError) {
    for index in inputs.indices where inputs.count == 1 || inputs[index].shape.count >= 3 {
      try inputs[index].setPreprocessing(preprocessing)
    }
  }

  /// Puts the arrays in the order of a model's inputs and fits each to its shape.
  ///
  /// - Parameter modelInputs: name, and shape without the batch axis, nil where it is free (the whole shape nil if unknown).
  /// - Throws: `badInput`, with the names or both shapes, if they do not fit.
  package mutating func fit(to modelInputs: [(name: String, shape: [Int?]?)]) throws(StimuliError) {
    var arranged: [StimulusInput] = []
    for (name, shape) in modelInputs {
      var input: StimulusInput
      if let named = inputs.first(where: { $0.name == name }) {
        input = named
      } else if modelInputs.count == 1, inputs.count == 1 {
        input = inputs[0]
      } else {
        let have = inputs.map { "\"\($0.name ?? "unnamed")\"" }.joined(separator: ", ")
        let want = modelInputs.map { "\"\($0.name)\"" }.joined(separator: ", ")
        throw StimuliError(
          .badInput,
          "\(description): no array for model input \"\(name)\": it has \(have), the model takes \(want); name the arrays of an .npz after the inputs")
      }
      if let shape { try input.fit(to: shape, of: name) }
      arranged.append(input)
    }
    inputs = arranged
  }

  /// Writes one stimulus of one input into a buffer, in C order.
  ///
  /// - Parameters:
  ///   - elementType: the model input's. Floating-point types are preprocessed; integers and bool are taken unchanged.
  ///   - destination: exactly one stimulus, `inputs[input].elementCount` elements.
  /// - Throws: `badInput` if an integer type cannot hold a value.
  package func read(
    stimulus: Int, input: Int, as elementType: ScalarType, into destination: UnsafeMutableRawBufferPointer
  ) throws(StimuliError) {
    try unsafe inputs[input].read(record: records[stimulus], as: elementType, into: destination)
  }

  /// One stimulus of one input as Float, preprocessed. [inputs[input].elementCount]
  package func floats(stimulus: Int, input: Int = 0) throws(StimuliError) -> [Float] {
    var result = [Float](repeating: 0, count: inputs[input].elementCount)
    var failure: StimuliError?
    unsafe result.withUnsafeMutableBytes { destination in
      do throws(StimuliError) {
        try unsafe read(stimulus: stimulus, input: input, as: .float32, into: destination)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }
}
