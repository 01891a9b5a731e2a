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

  /// Fits a set of stimuli to a model's inputs, one array each in their order.
  ///
  /// - Throws: `StimuliError` with the names or both shapes, if they don't fit.
  package static func bind(_ ports: [Port], to stimuli: inout StimulusSet) throws(StimuliError) -> [InputBinding] {
    try stimuli.fit(
      to: ports.map { port in
        var lengths = port.dimensions?.map(\.fixedLength)
        if let axis = port.batchAxis { lengths?.remove(at: axis) }
        return ModelInput(
          port.name, lengths, batchAxis: port.batchAxis, isFloatingPoint: port.elementType.isFloat,
          isState: port.isState)
      })
    return zip(ports, stimuli.inputs).map { port, input in
      var shape = input.shape
      if let axis = port.batchAxis { shape.insert(1, at: axis) }
      return InputBinding(name: port.name, elementType: port.elementType, shape: shape, batchAxis: port.batchAxis)
    }
  }
}

extension Dimension {
  /// The length, where it is fixed.
  fileprivate var fixedLength: Int? {
    if case .fixed(let length) = self { length } else { nil }
  }
}
