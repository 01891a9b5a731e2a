/// Where a classifier's output can be read before it is squashed.
package struct Readout: Sendable, Hashable {
  package enum Activation: Sendable, Hashable {
    case softmax, logSoftmax, sigmoid
  }

  /// The tensor before the activation; the output itself where there is none.
  package let tensor: String

  /// What the graph applies to `tensor` at its end.
  package let activation: Activation?
}

extension Model {
  /// Looks through the layouts at the graph's end for Softmax, LogSoftmax or Sigmoid.
  package func readout(of output: String) -> Readout {
    var tensor = output
    while let number = index.producer(of: tensor) {
      let node = proto.graph.node[number]
      guard node.isStandard, let source = node.input(at: 0), index.dependence(of: source) == .data else { break }
      switch node.opType {
      case "Softmax": return Readout(tensor: source, activation: .softmax)
      case "LogSoftmax": return Readout(tensor: source, activation: .logSoftmax)
      case "Sigmoid": return Readout(tensor: source, activation: .sigmoid)
      case "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Dropout", "Cast": tensor = source
      default: return Readout(tensor: output, activation: nil)
      }
    }
    return Readout(tensor: output, activation: nil)
  }
}
