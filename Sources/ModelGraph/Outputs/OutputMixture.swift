/// A tensor that joins scores with numbers that are none, as a detector's classes and boxes.
package struct OutputMixture: Sendable, Hashable {
  /// The parts that a softmax or sigmoid ends.
  package let scores: [String]
  package let others: [String]
  /// The axis along which they lie, from the end where negative.
  package let axis: Int
}

extension Model {
  /// What a tensor joins, if it is a Concat of which some parts are what a softmax or sigmoid gives, and others neither that
  /// nor made of it; `nil` for any other.
  package func mixture(in tensor: String) -> OutputMixture? {
    var tensor = tensor
    var order: [Int]?
    while let number = index.producer(of: tensor) {
      let node = proto.graph.node[number]
      guard node.isStandard, let source = node.input(at: 0) else { return nil }
      switch node.opType {
      case "Identity", "Cast":
        tensor = source
      case "Transpose" where order == nil:
        order = node.integers("perm")
        tensor = source
      case "Concat":
        return mixture(of: node, turnedBy: order)
      default:
        return nil
      }
    }
    return nil
  }

  private func mixture(of join: Onnx_NodeProto, turnedBy order: [Int]?) -> OutputMixture? {
    let parts = join.input.filter { index.dependence(of: $0) == .data }
    let scores = parts.filter { source(ofOutput: $0).activation != nil }
    // The chance of the other class is one minus a sigmoid.
    let made = scores.compactMap { index.numbers[$0] }.map(index.follows)
    let others = parts.filter { part in !made.contains { $0[index.numbers[part]!] } }
    guard !scores.isEmpty, !others.isEmpty else { return nil }
    let axis = join.integer("axis") ?? 0
    guard let order else { return OutputMixture(scores: scores, others: others, axis: axis) }
    return order.firstIndex(of: axis < 0 ? axis + order.count : axis).map {
      OutputMixture(scores: scores, others: others, axis: $0)
    }
  }
}
