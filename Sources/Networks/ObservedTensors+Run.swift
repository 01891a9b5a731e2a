package import ModelGraph
package import OnnxRuntime

extension ObservedTensors {
  /// Vectors of whole numbers up to this length are kept: axes, places and sizes.
  private static let greatestLength = 1024

  /// - Parameters:
  ///   - observation: whose run it was.
  ///   - names: of the run's outputs, in order.
  ///   - tensors: what the run gave.
  package init(_ observation: Observation, _ names: [String], _ tensors: [Tensor]) {
    self.init()
    for (name, tensor) in zip(names, tensors) {
      if let shaped = observation.shapes[name] {
        shapes[shaped] = tensor.withBytes { $0.bindMemory(to: Int64.self).map(Int.init) }
        continue
      }
      shapes[name] = tensor.shape
      types[name] = ElementType(rawValue: tensor.elementType)
      guard tensor.count <= Self.greatestLength else { continue }
      switch ElementType(rawValue: tensor.elementType) {
      case .int64: integers[name] = tensor.withBytes { $0.bindMemory(to: Int64.self).map(Int.init) }
      case .int32: integers[name] = tensor.withBytes { $0.bindMemory(to: Int32.self).map(Int.init) }
      default: break
      }
    }
  }
}

extension Cut {
  /// The cut as derivatives are written for it, with recurrent operators written step by step, and what a run of its suffix
  /// shows, also of the operators that are written in ordinary ones for the way back.
  ///
  /// These are taken for that only where they give what the network gives.
  ///
  /// Cost: a session and a run of the suffix, one more where there are recurrent operators, and one where there are such as attention.
  /// - Parameter inputs: what the observation is run on, by names in order.
  package func observed(
    runtime: Runtime, options: Session.Options, inputs: (_ names: [String]) throws -> [Tensor]
  ) throws -> (cut: Cut, observed: ObservedTensors) {
    // What shapes there are doesn't depend on what computes.
    var options = options.runningSeldom
    options.isOnProcessor = true
    func observe(_ cut: Cut) throws -> (tensors: ObservedTensors, output: Tensor?) {
      let observation = cut.observation
      let session = try Session(runtime: runtime, model: observation.model.serialized(), options: options)
      let tensors = try session.run(inputs(session.inputNames))
      let output = session.outputNames.firstIndex(of: cut.output).map { tensors[$0] }
      return (ObservedTensors(observation, session.outputNames, tensors), output)
    }
    var (cut, seen) = (self, try observe(self))
    if let unrolled = unrollingRecurrence(shapes: seen.tensors.shapes) {
      (cut, seen) = (unrolled, try observe(unrolled))
    }
    let spelled = cut.suffix.spelledOperators(shapes: seen.tensors.shapes, types: seen.tensors.types)
    seen.tensors.spelled = spelled
    guard !spelled.isEmpty else { return (cut, seen.tensors) }
    let written = cut.spellingOut(spelled)
    guard let again = try? observe(written), let output = seen.output, let other = again.output,
      output.resembles(other, within: cut.leastPrecision)
    else {
      seen.tensors.spelled = spelled.refused("no rule, since written in ordinary operators it gives something else")
      return (cut, seen.tensors)
    }
    var shown = again.tensors
    shown.types.merge(written.suffix.elementTypes()) { observed, _ in observed }
    shown.spelled = spelled
    return (cut, shown)
  }
}

extension Cut {
  /// What two ways to compute the suffix may differ by, as a share of the largest output.
  fileprivate var leastPrecision: Float {
    suffix.elementTypes().values.contains { $0 == .float16 || $0 == .bfloat16 } ? 1e-2 : 1e-3
  }
}

extension Tensor {
  /// Whether two outputs are the same but for roundings, what isn't finite included. Those of other types than float32 aren't looked at.
  fileprivate func resembles(_ other: Tensor, within tolerance: Float) -> Bool {
    guard shape == other.shape, elementType == other.elementType else { return false }
    guard elementType == ElementType.float.rawValue else { return true }
    let scale = (0..<count).lazy.map { abs(self.floats[$0]) }.filter(\.isFinite).max() ?? 0
    return (0..<count).allSatisfy { place in
      let (a, b) = (floats[place], other.floats[place])
      return a == b || a.isNaN && b.isNaN || abs(a - b) <= tolerance * scale
    }
  }
}
