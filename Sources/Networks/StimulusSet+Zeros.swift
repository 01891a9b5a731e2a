import Arrays
package import ModelGraph
package import Stimuli
import UserErrors

extension StimulusSet {
  /// One stimulus of zeros, to look at a network without any, of the lengths that the model declares. Inputs that start as
  /// zeros by themselves are left to `fit`, and those that nothing reads are left out.
  ///
  /// - Throws: `Failure` (`usage`) with the input and its shape where a length is free, which only stimuli can tell.
  package static func zeros(for model: Model) throws -> StimulusSet {
    var arrays: [(name: String?, array: NumericArray)] = []
    let ports = model.inputs
    for port in ports where port.isRead && (!port.isState || ports.allSatisfy(\.isState)) {
      var dimensions = port.dimensions ?? []
      if let axis = port.batchAxis, dimensions.indices.contains(axis) { dimensions.remove(at: axis) }
      var shape = [1]
      for dimension in dimensions {
        if case .fixed(let length) = dimension, length > 0 { shape.append(length) }
      }
      let isKnown = port.dimensions != nil && shape.count == dimensions.count + 1
      // A file may declare any length; it is no reason to fill a machine's memory.
      guard isKnown, shape.reduce(1.0, { $0 * Double($1) }) <= 67_108_864 else {
        let text = port.dimensions.map { "[" + $0.map(\.description).joined(separator: ", ") + "]" } ?? "no shape"
        throw Failure(
          .usage,
          "\(model.label): input \"\(port.name)\" has \(text), \(isKnown ? "too long to be filled with zeros" : "with lengths that only stimuli tell"): give them with --data"
        )
      }
      arrays.append((port.name, NumericArray(zeros: shape, port.elementType.isFloat ? .float32 : .int64)))
    }
    return try StimulusSet(arrays, description: "zeros of the declared shapes")
  }
}

extension StimulusSet {
  /// One stimulus's shape by model input: by the arrays' names, or of the only one.
  package func shapes(of names: [String]) -> [String: [Int]] {
    if names.count == 1, inputs.count == 1 { return [names[0]: inputs[0].shape] }
    return Dictionary(inputs.compactMap { input in input.name.map { ($0, input.shape) } }, uniquingKeysWith: { a, _ in a })
  }
}
