import Arrays
package import ModelGraph
package import Stimuli
import UserErrors

extension StimulusSet {
  /// One stimulus of zeros of a model's declared shapes: enough to run it for the shapes inside.
  ///
  /// - Throws: `Failure` (`usage`) where a length isn't declared.
  package static func zeros(for model: Model) throws -> StimulusSet {
    let arrays = try model.inputs.map { port -> (name: String?, array: NumericArray) in
      let dimensions = port.dimensions ?? []
      let lengths = dimensions.dropFirst().map { if case .fixed(let length) = $0 { length } else { 0 } }
      guard port.dimensions != nil, !lengths.contains(0) else {
        throw Failure(
          .usage,
          """
          \(model.label): input "\(port.name)" has shape \
          [\(dimensions.map(\.description).joined(separator: ", "))], with lengths that only stimuli tell; give them with --data
          """)
      }
      let shape = dimensions.isEmpty ? [1] : [1] + lengths
      let count = shape.reduce(1, *)
      switch port.elementType {
      case .int64, .int32, .int16, .int8, .uint8, .uint16, .uint32, .uint64, .bool:
        return (port.name, NumericArray(shape: shape, int64: [Int64](repeating: 0, count: count)))
      default:
        return (port.name, NumericArray(shape: shape, floats: [Float](repeating: 0, count: count)))
      }
    }
    return try StimulusSet(arrays, description: "zeros of the declared shapes")
  }
}
