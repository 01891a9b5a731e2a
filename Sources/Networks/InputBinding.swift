package import ModelGraph
package import Stimuli

/// How one input of a model is fed from a set of stimuli.
///
/// A model's input has a batch axis, usually the first; a recurrent state may have it second, and a scalar such as a
/// sampling rate has none.
package struct InputBinding: Sendable {
  /// The model input's name.
  package let name: String
  package let elementType: ElementType
  /// The input's shape at a batch of one.
  package let shape: [Int]
  /// Which axis of `shape` counts stimuli; `nil` where none does.
  package let batchAxis: Int?

  /// The input's shape for a batch.
  package func shape(batch: Int) -> [Int] {
    var shape = shape
    if let batchAxis { shape[batchAxis] = batch }
    return shape
  }

  /// Fits a set of stimuli to a model's inputs, one array each in their order. Inputs that aren't read are left out where
  /// the stimuli bring nothing for them.
  ///
  /// - Throws: `StimuliError` with the names or both shapes, if they don't fit.
  package static func bind(_ ports: [Port], to stimuli: inout StimulusSet) throws(StimuliError) -> [InputBinding] {
    let given = Set(stimuli.inputs.compactMap(\.name))
    var whole: [String] = []
    let ports = ports.filter { $0.isRead || given.contains($0.name) }.map { port in
      guard let axis = port.batchAxis, !port.isBatchCertain, let dimensions = port.dimensions,
        let input = stimuli.inputs.first(where: { $0.name == port.name }) ?? (ports.count == 1 ? stimuli.inputs.first : nil),
        input.fills(dimensions.map(\.fixedLength), batchAxis: axis)
      else { return port }
      whole.append("axis \(axis) of \"\(port.name)\" \(input.shape)")
      return port.countingNoStimuli
    }
    if !whole.isEmpty {
      stimuli.addNote(
        "Taken to count no stimuli, so that each has all of it, of the model's inputs: \(whole.joined(separator: ", ")).")
    }
    let inputs = ports.map(ModelInput.init)
    try ModelInput.checkText(inputs)
    try stimuli.fit(to: inputs)
    return zip(ports, stimuli.inputs).map { port, input in
      var shape = input.shape
      if let axis = port.batchAxis { shape.insert(1, at: axis) }
      return InputBinding(name: port.name, elementType: port.elementType, shape: shape, batchAxis: port.batchAxis)
    }
  }
}

extension ModelInput {
  /// What stimuli need to know of a model's input.
  package init(_ port: Port) {
    var lengths = port.dimensions?.map(\.fixedLength)
    var channels = port.channelAxis
    if let axis = port.batchAxis {
      lengths?.remove(at: axis)
      channels = channels.flatMap { $0 == axis ? nil : $0 > axis ? $0 - 1 : $0 }
    }
    self.init(
      port.name, lengths, batchAxis: port.batchAxis, channelAxis: channels, isFloatingPoint: port.elementType.isFloat,
      isText: port.elementType == .string && port.isRead, isState: port.isState, isFlag: port.isFlag)
  }
}

extension LayoutOverride {
  /// The same, as stimuli take it.
  package var ofInputs: InputLayout { InputLayout(input: tensor, letters: layout) }
}

extension Dimension {
  /// The length, where it is fixed.
  fileprivate var fixedLength: Int? {
    if case .fixed(let length) = self { length } else { nil }
  }
}
