import Files

/// What a model says of one of its inputs, as far as stimuli have to fit it.
package struct ModelInput: Sendable {
  package let name: String
  /// Without the batch axis; `nil` where a length is free, and the whole of it where nothing is declared.
  package let shape: [Int?]?
  /// Where the declared shape has its batch axis; `nil` where it has none.
  package let batchAxis: Int?
  /// Which axis of `shape` counts channels; `nil` where nothing tells.
  package let channelAxis: Int?
  /// Whether the model takes floating-point numbers there.
  package let isFloatingPoint: Bool
  /// Whether the model takes text there, which stimuli can't feed.
  package let isText: Bool
  /// Whether zeros are fed where the stimuli bring nothing, with free lengths of 0.
  package let isState: Bool
  /// Whether it is a single truth value.
  package let isFlag: Bool

  package init(
    _ name: String, _ shape: [Int?]?, batchAxis: Int? = 0, channelAxis: Int? = nil, isFloatingPoint: Bool = true,
    isText: Bool = false,
    isState: Bool = false, isFlag: Bool = false
  ) {
    self.name = name
    self.shape = shape
    self.batchAxis = batchAxis
    self.channelAxis = channelAxis
    self.isFloatingPoint = isFloatingPoint
    self.isText = isText
    self.isState = isState
    self.isFlag = isFlag
  }

  /// - Throws: `badInput` if one of the inputs takes text.
  package static func checkText(_ inputs: [ModelInput]) throws(StimuliError) {
    let names = inputs.filter(\.isText).map { "\"\($0.name)\"" }
    guard !names.isEmpty else { return }
    throw StimuliError(
      .badInput,
      "the model's input\(names.count == 1 ? "" : "s") \(names.joined(separator: ", ")) take\(names.count == 1 ? "s" : "") text, which can't be fed: export the network behind its encoder (of a pipeline of scikit-learn, the last step alone), and give as stimuli the numbers that the encoder makes (pipeline[:-1].transform(X))"
    )
  }

  /// Whether the lengths are those of one stimulus, without a batch axis.
  func takes(_ lengths: some Collection<Int>) -> Bool {
    guard let shape else { return true }
    return lengths.count == shape.count && zip(lengths, shape).allSatisfy { $1 == nil || $0 == $1 }
  }

  /// The lengths of one stimulus, where an array has them with or without a batch axis of length 1; `nil` where they
  /// don't fit. A single number fits any shape of one element.
  func fit(_ lengths: [Int]) -> [Int]? {
    if takes(lengths) { return lengths }
    if let batchAxis, lengths.indices.contains(batchAxis), lengths[batchAxis] == 1 {
      var rest = lengths
      rest.remove(at: batchAxis)
      if takes(rest) { return rest }
    }
    if let shape, lengths.allSatisfy({ $0 == 1 }), shape.allSatisfy({ $0 ?? 1 == 1 }) {
      return [Int](repeating: 1, count: shape.count)
    }
    return nil
  }

  /// The axis that an input without a batch axis has and one stimulus hasn't, where its length is fixed above 1: stimuli that the model
  /// takes together.
  func axisOfSeveral(_ lengths: [Int]) -> (axis: Int, length: Int)? {
    guard batchAxis == nil, let shape, shape.count == lengths.count + 1 else { return nil }
    for (axis, length) in shape.enumerated() {
      guard let length, length > 1 else { continue }
      var rest = shape
      rest.remove(at: axis)
      if zip(lengths, rest).allSatisfy({ $1 == nil || $0 == $1 }) { return (axis, length) }
    }
    return nil
  }

  /// The lengths of one stimulus, where an array has them but for one axis of length 1, which the model declares; `nil` where it hasn't.
  func fitAddingAxis(_ lengths: [Int]) -> [Int]? {
    guard let shape, shape.count == lengths.count + 1 else { return nil }
    for axis in shape.indices where shape[axis] == 1 {
      var whole = lengths
      whole.insert(1, at: axis)
      if takes(whole) { return whole }
    }
    return nil
  }

  /// Whether an array's stimuli lie along the axis along which the model has them: of the model's own shape for a batch.
  func takesAlongBatch(_ lengths: [Int]) -> Bool {
    guard let batchAxis, batchAxis > 0, lengths.indices.contains(batchAxis) else { return false }
    var rest = lengths
    rest.remove(at: batchAxis)
    return takes(rest)
  }
}
