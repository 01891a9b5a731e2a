extension Model {
  /// What the integers of a tensor stand for, where an operator says so with one scale for all of them.
  package func quantization(of tensor: String) -> Quantization? {
    guard let number = index.producer(of: tensor) else { return nil }
    let node = proto.graph.node[number]
    func at(_ scale: Int) -> Quantization? {
      guard let name = node.input(at: scale), let weight = constantTensor(name), weight.dims.reduce(1, *) == 1 else {
        return nil
      }
      return Quantization(scale: name, zeroPoint: node.input(at: scale + 1))
    }
    switch node.opType {
    case "QuantizeLinear": return at(1)
    case "QLinearConv", "QLinearMatMul", "QLinearAdd", "QLinearMul": return at(6)
    case "QGemm": return at(7)
    case "QLinearSigmoid", "QLinearLeakyRelu", "QLinearGlobalAveragePool", "QLinearAveragePool", "QLinearSoftmax":
      return at(3)
    case "QLinearConcat": return at(0)
    case "MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Identity", "Slice", "Split", "Gather":
      return node.input(at: 0).flatMap(quantization)
    default: return nil
    }
  }

  /// Whether operators round activations to few levels.
  package var quantizesActivations: Bool {
    proto.graph.node.contains { node in
      switch node.opType {
      case "QuantizeLinear", "DynamicQuantizeLinear":
        node.input(at: 0).flatMap(index.dependence) == .data
      case "QGemm", "QAttention", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM": true
      default: node.opType.hasPrefix("QLinear")
      }
    }
  }

  /// The tensors of short whole numbers between the inputs and an output.
  package func quantizedTensors(reading output: String) -> [String] {
    guard let target = index.numbers[output] else { return [] }
    let types = elementTypes()
    let influences = index.influences(on: target)
    return index.names.indices.filter { tensor in
      influences[tensor] && index.dependence[tensor] == .data && index.maker[tensor] != nil
        && types[index.names[tensor]].map { [.int8, .uint8, .int32].contains($0) } ?? false
    }.map { index.names[$0] }
  }

  /// Whether a quantised tensor is the only form in which its numbers are there: nothing made it from floats, and nothing
  /// turns it into floats.
  func isOnlyQuantized(_ tensor: String) -> Bool {
    guard quantization(of: tensor) != nil, let maker = index.producer(of: tensor) else { return false }
    return proto.graph.node[maker].opType != "QuantizeLinear"
      && !index.consumers(of: tensor).contains { proto.graph.node[$0].opType == "DequantizeLinear" }
  }
}
