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
    let axes = ports.map(batchAxis)
    try stimuli.fit(
      to: zip(ports, axes).map { port, axis in
        guard var dimensions = port.dimensions else { return (port.name, nil) }
        if let axis { dimensions.remove(at: axis) }
        return (port.name, dimensions.map(\.fixedLength))
      })
    return zip(zip(ports, axes), stimuli.inputs).map { port, input in
      var shape = input.shape
      if let axis = port.1 { shape.insert(1, at: axis) }
      return InputBinding(name: port.0.name, elementType: port.0.elementType, shape: shape, batchAxis: port.1)
    }
  }

  /// The first axis that is free or has length 1; none for a scalar. Where nothing is declared, the first, which is
  /// what every exporter means.
  private static func batchAxis(_ port: Port) -> Int? {
    guard let dimensions = port.dimensions else { return 0 }
    return dimensions.firstIndex { ($0.fixedLength ?? 1) == 1 }
  }
}

extension Dimension {
  /// The length, where it is fixed.
  fileprivate var fixedLength: Int? {
    if case .fixed(let length) = self { length } else { nil }
  }
}
