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
        shapes[shaped] = tensor.bytes.bindMemory(to: Int64.self).map(Int.init)
        continue
      }
      shapes[name] = tensor.shape
      types[name] = ElementType(rawValue: tensor.elementType)
      guard tensor.count <= Self.greatestLength else { continue }
      switch ElementType(rawValue: tensor.elementType) {
      case .int64: integers[name] = tensor.bytes.bindMemory(to: Int64.self).map(Int.init)
      case .int32: integers[name] = tensor.bytes.bindMemory(to: Int32.self).map(Int.init)
      default: break
      }
    }
  }
}

extension Cut {
  /// The cut as derivatives are written for it, with recurrent operators written step by step, and what a run of its suffix
  /// shows.
  ///
  /// Cost: a session and a run of the suffix, or two where there are recurrent operators.
  /// - Parameter inputs: what the observation is run on, by names in order.
  package func observed(
    runtime: Runtime, options: Session.Options, inputs: (_ names: [String]) throws -> [Tensor]
  ) throws -> (cut: Cut, observed: ObservedTensors) {
    // What shapes there are doesn't depend on what computes.
    var options = options
    options.isOnProcessor = true
    func observe(_ cut: Cut) throws -> ObservedTensors {
      let observation = cut.observation
      let session = try Session(runtime: runtime, model: observation.model.serialized(), options: options)
      return ObservedTensors(observation, session.outputNames, try session.run(inputs(session.inputNames)))
    }
    let observed = try observe(self)
    guard let unrolled = unrollingRecurrence(shapes: observed.shapes) else { return (self, observed) }
    return (unrolled, try observe(unrolled))
  }
}
