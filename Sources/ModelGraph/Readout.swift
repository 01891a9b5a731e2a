/// Where a classifier's output can be read before it is squashed.
package struct Readout: Sendable, Hashable {
  package enum Activation: Sendable, Hashable {
    case softmax, logSoftmax, sigmoid
  }

  /// The tensor before the activation; the output itself where there is none.
  package let tensor: String

  /// What the graph applies to `tensor` at its end.
  package let activation: Activation?

  package init(tensor: String, activation: Activation?) {
    self.tensor = tensor
    self.activation = activation
  }
}

extension Model {
  /// Looks through the layouts at the graph's end for Softmax, LogSoftmax or Sigmoid.
  ///
  /// A softmax spelled out as exponentials over their sum is recognised, and so is an If that squeezes or passes on.
  package func readout(of output: String) -> Readout {
    var tensor = output
    while let number = index.producer(of: tensor) {
      let node = proto.graph.node[number]
      if let source = sourceOfLayout(node) {
        tensor = source
        continue
      }
      guard node.isStandard, let source = node.input(at: 0) else { break }
      switch node.opType {
      case "Softmax": return Readout(tensor: source, activation: .softmax)
      case "LogSoftmax": return Readout(tensor: source, activation: .logSoftmax)
      case "Sigmoid": return Readout(tensor: source, activation: .sigmoid)
      case "Div":
        guard let logits = logitsOfQuotient(node) else { return Readout(tensor: output, activation: nil) }
        return Readout(tensor: logits, activation: .softmax)
      default: return Readout(tensor: output, activation: nil)
      }
    }
    return Readout(tensor: output, activation: nil)
  }

  /// The tensor whose values a node lays out anew; `nil` if it does anything else.
  private func sourceOfLayout(_ node: Onnx_NodeProto) -> String? {
    guard node.isStandard else { return nil }
    switch node.opType {
    case "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Dropout", "Cast":
      return node.input(at: 0)
    case "If" where node.output.count == 1:
      // Exporters write squeeze(axis) as: if the axis has length 1, squeeze, else pass on.
      let sources = node.subgraphs.map { body in
        var tensor = body.output.first?.name
        while let name = tensor, let maker = body.node.first(where: { $0.output.contains(name) }) {
          tensor = maker.opType == "If" ? nil : sourceOfLayout(maker)
        }
        return tensor
      }
      guard let first = sources.first, sources.allSatisfy({ $0 == first }), let first, index.contains(first) else {
        return nil
      }
      return first
    default:
      return nil
    }
  }

  /// x, if the quotient is exp(x − max x) / Σ exp(x − max x) or the same without the maximum.
  private func logitsOfQuotient(_ node: Onnx_NodeProto) -> String? {
    guard let numerator = node.input(at: 0), let denominator = node.input(at: 1),
      let exponential = producer(of: numerator, "Exp"), let exponent = exponential.input(at: 0),
      let sum = broadcastSource(of: denominator, "ReduceSum"), sum.input(at: 0) == numerator
    else { return nil }
    if let difference = producer(of: exponent, "Sub"), let logits = difference.input(at: 0),
      let subtrahend = difference.input(at: 1),
      let maximum = broadcastSource(of: subtrahend, "ReduceMax"), maximum.input(at: 0) == logits
    {
      return logits
    }
    return exponent
  }

  private func producer(of tensor: String, _ operatorType: String) -> Onnx_NodeProto? {
    index.producer(of: tensor).map { proto.graph.node[$0] }.flatMap { $0.opType == operatorType ? $0 : nil }
  }

  /// The reduction that a tensor is broadcast from.
  private func broadcastSource(of tensor: String, _ reduction: String) -> Onnx_NodeProto? {
    var tensor = tensor
    while let number = index.producer(of: tensor) {
      let node = proto.graph.node[number]
      if node.opType == reduction { return node }
      guard ["Reshape", "Expand", "Unsqueeze", "Squeeze", "Identity", "Max"].contains(node.opType),
        let source = node.input.first(where: { index.dependence(of: $0) == .data })
      else { return nil }
      tensor = source
    }
    return nil
  }
}
