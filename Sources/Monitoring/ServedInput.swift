package import ModelGraph
package import OnnxRuntime

/// An input of a model as a request has to bring it.
package struct ServedInput: Sendable, Hashable {
  package let name: String
  package let elementType: ElementType
  /// Length of each axis with one stimulus; `nil` where it is free. `nil` in all where even the number of axes is.
  package let shape: [Int?]?
  /// Which axis counts stimuli; `nil` where none does.
  package let batchAxis: Int?

  /// How many stimuli a tensor of the shape holds; `nil` where the input has another shape.
  package func stimuli(in given: [Int]) -> Int? {
    guard given.allSatisfy({ $0 >= 0 }) else { return nil }
    guard let shape else { return 1 }
    guard given.count == shape.count else { return nil }
    for axis in shape.indices where axis != batchAxis {
      guard shape[axis] == nil || shape[axis] == given[axis] else { return nil }
    }
    guard let batchAxis else { return 1 }
    return given[batchAxis] > 0 ? given[batchAxis] : nil
  }
}

extension MonitoredModel {
  /// The inputs that a pass needs, in the network's order. Where the reference stores stimuli, lengths are those of what was
  /// learnt from, since nothing else can be judged.
  package var servedInputs: [ServedInput] {
    let ports = inputPorts
    let learnt = learntShapes
    return network.inputNames.enumerated().map { number, name in
      guard let port = ports.first(where: { $0.name == name }) else {
        return ServedInput(name: name, elementType: .float, shape: nil, batchAxis: nil)
      }
      guard learnt.indices.contains(number) else {
        return ServedInput(
          name: name, elementType: port.elementType,
          shape: port.dimensions?.map { if case .fixed(let length) = $0 { length } else { nil } }, batchAxis: port.batchAxis)
      }
      let axis = port.batchAxis.flatMap { $0 < learnt[number].count && learnt[number][$0] == 1 ? $0 : nil }
      return ServedInput(name: name, elementType: port.elementType, shape: learnt[number], batchAxis: axis)
    }
  }

  /// Names of inputs that nothing that is given depends on.
  package var unreadInputs: [String] { inputPorts.map(\.name).filter { !network.inputNames.contains($0) } }

  /// Whether the stimuli of several requests can be run in one pass, and told apart in what is given: all inputs and all outputs
  /// count them along their first axis.
  ///
  /// Cost: a pass of two and one of three stimuli of zeros, since one length alone may be an output's own.
  package func joinsRequests() -> Bool {
    let inputs = servedInputs
    guard takesBatches, inputs.allSatisfy({ $0.batchAxis == 0 && $0.shape?.contains(nil) == false }) else { return false }
    return [2, 3].allSatisfy { rows in
      let given = try? network.answer(
        inputs.map { try tensor(shape: [rows] + ($0.shape ?? []).dropFirst().compactMap(\.self), elementType: $0.elementType) },
        rows: rows
      ).given
      return given?.allSatisfy { $0.shape.first == rows } ?? false
    }
  }

  /// An input's tensor, of zeros. - Throws: `OnnxRuntimeError` for types that have no fixed size.
  package func tensor(shape: [Int], elementType: ElementType) throws(OnnxRuntimeError) -> Tensor {
    try Tensor(runtime: runtime, shape: shape, elementType: elementType.rawValue)
  }
}
