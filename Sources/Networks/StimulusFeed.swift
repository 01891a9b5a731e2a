import Arrays
import Files
import Lesion
package import ModelGraph
package import OnnxRuntime
package import Stimuli

/// Makes a model's input tensors from stimuli.
package final class StimulusFeed {
  package let runtime: Runtime
  package let stimuli: StimulusSet
  package let bindings: [InputBinding]
  /// Stimuli that are numbered from `stimuli.count` on: what lesions take replacements from.
  let partners: StimulusSet?

  /// - Parameter partners: of the same shapes.
  /// - Throws: `StimuliError` with the names or both shapes, if the stimuli don't fit the model's inputs or their partners.
  package init(
    runtime: Runtime, stimuli: StimulusSet, inputs: [Port], partners: StimulusSet? = nil
  ) throws(StimuliError) {
    var stimuli = stimuli
    let bindings = try InputBinding.bind(inputs, to: &stimuli)
    self.partners = try partners.map { partners throws(StimuliError) in
      var partners = partners
      let others = try InputBinding.bind(inputs, to: &partners)
      guard others.map(\.name) == bindings.map(\.name) else {
        throw StimuliError(
          .badInput,
          "\(partners.description) has other arrays than \(stimuli.description): give both the same, one for each model input")
      }
      if let (other, own) = zip(others, bindings).first(where: { $0.shape != $1.shape || $0.batchAxis != $1.batchAxis }) {
        throw StimuliError(
          .badInput,
          "\(partners.description) gives the model's input \"\(own.name)\" shape \(other.shape) for one stimulus, and \(stimuli.description) gives it \(own.shape): give both the same"
        )
      }
      for (own, other) in zip(stimuli.inputs, partners.inputs) {
        if let reason = own.reasonAgainst(other) { throw StimuliError(.badInput, "\(partners.description) \(reason)") }
      }
      return partners
    }
    self.bindings = bindings
    self.runtime = runtime
    self.stimuli = stimuli
  }

  /// The inputs named `names` for a batch with one stimulus a row.
  ///
  /// - Parameter rows: the number of the stimulus of each row; partners follow after the stimuli.
  /// - Throws: `StimuliError` where a stimulus can't be read, `OnnxRuntimeError` where there is no memory for it.
  package func tensors(_ names: [String], rows: [Int]) throws -> [Tensor] {
    var tensors: [Tensor] = []
    for name in names {
      let input = bindings.firstIndex { $0.name == name }!
      let binding = bindings[input]
      let scalar = try scalarType(of: binding)
      let tensor = try Tensor(
        runtime: runtime, shape: binding.shape(batch: rows.count), elementType: binding.elementType.rawValue)
      guard let axis = binding.batchAxis else {
        try read(rows[0], input, as: scalar, into: tensor.bytes)
        tensors.append(tensor)
        continue
      }
      let size = Tensor.byteSize(of: binding.elementType.rawValue)!
      let tiling = BatchTiling(shape: binding.shape, axis: axis, elementSize: size)
      let sample = UnsafeMutableRawBufferPointer.allocate(
        byteCount: binding.shape.reduce(size, *), alignment: 64)
      defer { sample.deallocate() }
      var loaded: Int?
      for (index, stimulus) in rows.enumerated() {
        if loaded != stimulus {
          try read(stimulus, input, as: scalar, into: sample)
          loaded = stimulus
        }
        tiling.copy(UnsafeRawBufferPointer(sample), to: index, of: rows.count, in: tensor.bytes)
      }
      tensors.append(tensor)
    }
    return tensors
  }

  /// One stimulus in the model's type: what is wider than that is rounded to nearest, as bfloat16 is.
  private func read(
    _ stimulus: Int, _ input: Int, as scalar: ScalarType, into sample: UnsafeMutableRawBufferPointer
  ) throws(StimuliError) {
    let (stimuli, stimulus) = place(of: stimulus)
    guard bindings[input].elementType == .bfloat16 else {
      return try stimuli.read(stimulus: stimulus, input: input, as: scalar, into: sample)
    }
    for (index, value) in try stimuli.floats(stimulus: stimulus, input: input).enumerated() {
      // The upper half of a float32, rounded to even; NaN stays one.
      let bits = value.bitPattern
      let rounded = value.isNaN ? bits | 0x40_0000 : bits &+ 0x7FFF &+ (bits >> 16 & 1)
      sample.storeBytes(of: UInt16(rounded >> 16), toByteOffset: 2 * index, as: UInt16.self)
    }
  }

  /// Where a stimulus is read.
  private func place(of stimulus: Int) -> (StimulusSet, Int) {
    guard stimulus >= stimuli.count else { return (stimuli, stimulus) }
    guard let partners else { preconditionFailure("stimulus \(stimulus) of \(stimuli.count)") }
    return (partners, stimulus - stimuli.count)
  }

  /// The type that stimuli are read in.
  func scalarType(of binding: InputBinding) throws(LesionError) -> ScalarType {
    switch binding.elementType {
    case .float, .bfloat16: return .float32
    case .double: return .float64
    case .float16: return .float16
    case .int8: return .int8
    case .int16: return .int16
    case .int32: return .int32
    case .int64: return .int64
    case .uint8: return .uint8
    case .uint16: return .uint16
    case .uint32: return .uint32
    case .uint64: return .uint64
    case .bool: return .bool
    default:
      throw LesionError(
        .badModel, "the model's input \"\(binding.name)\" is of \(binding.elementType), which stimuli can't feed")
    }
  }
}
