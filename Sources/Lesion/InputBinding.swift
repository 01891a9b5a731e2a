package import ModelGraph
package import OnnxRuntime
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
  /// The number of the array in the set of stimuli.
  package let array: Int

  /// Matches a model's inputs with the arrays of a set: by name, or the only one with the only one.
  ///
  /// - Throws: `LesionError` (`badStimulus`) with both shapes, if they don't fit.
  package static func bind(_ ports: [Port], to stimuli: StimulusSet) throws(LesionError) -> [InputBinding] {
    var bindings: [InputBinding] = []
    for port in ports {
      let array: Int
      if ports.count == 1 && stimuli.inputs.count == 1 {
        array = 0
      } else if let index = stimuli.inputs.firstIndex(where: { $0.name == port.name }) {
        array = index
      } else {
        let names = stimuli.inputs.map { $0.name ?? "one unnamed array" }.joined(separator: ", ")
        throw LesionError(
          .badStimulus,
          """
          the model needs an input "\(port.name)" and the stimuli hold \(names); give an .npz with one array per \
          model input, named alike: \(ports.map(\.name).joined(separator: ", "))
          """)
      }
      bindings.append(try bind(port, to: array, of: stimuli))
    }
    return bindings
  }

  private static func bind(
    _ port: Port, to array: Int, of stimuli: StimulusSet
  ) throws(LesionError) -> InputBinding {
    let given = stimuli.inputs[array].shape
    func mismatch(_ wanted: [Dimension]) -> LesionError {
      LesionError(
        .badStimulus,
        """
        the model's input "\(port.name)" has shape [\(wanted.map(\.description).joined(separator: ", "))] and a \
        stimulus has shape \(given); the stimuli must have the input's shape without its batch axis
        """)
    }
    guard let dimensions = port.dimensions else {
      // Nothing is declared: a batch axis in front is what every exporter means.
      return InputBinding(name: port.name, elementType: port.elementType, shape: [1] + given, batchAxis: 0, array: array)
    }
    func fits(_ length: Int, _ dimension: Dimension) -> Bool {
      if case .fixed(let fixed) = dimension { return fixed == length }
      return true
    }
    if given.count == dimensions.count {
      // The stimulus brings its own batch axis of length one, or there is none.
      guard zip(given, dimensions).allSatisfy({ fits($0, $1) }) else { throw mismatch(dimensions) }
      let axis = given.indices.first { given[$0] == 1 && dimensions[$0].isFree } ?? (given.first == 1 ? 0 : nil)
      return InputBinding(name: port.name, elementType: port.elementType, shape: given, batchAxis: axis, array: array)
    }
    guard given.count + 1 == dimensions.count else { throw mismatch(dimensions) }
    // The batch axis is the one without which the rest fits: the first axis before any other.
    for axis in dimensions.indices where dimensions[axis].isFree || dimensions[axis] == .fixed(1) {
      var rest = dimensions
      rest.remove(at: axis)
      guard zip(given, rest).allSatisfy({ fits($0, $1) }) else { continue }
      var shape = given
      shape.insert(1, at: axis)
      return InputBinding(name: port.name, elementType: port.elementType, shape: shape, batchAxis: axis, array: array)
    }
    throw mismatch(dimensions)
  }

  /// The input's shape for a batch.
  package func shape(batch: Int) -> [Int] {
    var shape = shape
    if let batchAxis { shape[batchAxis] = batch }
    return shape
  }
}
