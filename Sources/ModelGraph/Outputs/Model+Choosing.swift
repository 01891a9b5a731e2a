extension Model {
  /// The operator by which a tensor is as long as values say, as that of a detector's boxes is; `nil` where none is known to be.
  ///
  /// - Parameter learns: whether only values count that something learned makes, and no mask that is fed: a lesion changes these.
  /// - Cost: linear in the graph's size.
  package func choosingOperator(of tensor: String, learns: Bool = false) -> String? {
    var pending = [tensor]
    var seen = Set(pending)
    while let name = pending.popLast() {
      guard let number = index.producer(of: name) else { continue }
      let node = proto.graph.node[number]
      guard node.isStandard else { continue }
      if OperatorTraits.choosing.contains(node.opType) {
        if node.input.contains(where: { index.dependence(of: $0) == .data && (!learns || isLearned($0)) }) { return node.opType }
        continue
      }
      for source in Self.inputsThatGiveLength(node) where seen.insert(source).inserted { pending.append(source) }
    }
    return nil
  }

  private func isLearned(_ tensor: String) -> Bool {
    let functions = Set(proto.functions.map(\.name))
    let ancestors = index.ancestors(of: [index.numbers[tensor]!])
    return ancestors.indices.contains { ancestors[$0] && OperatorTraits.isLearned(proto.graph.node[$0], functions: functions) }
  }

  /// The inputs along whose axes the outputs of an operator are as long as they are.
  private static func inputsThatGiveLength(_ node: Onnx_NodeProto) -> [String] {
    let places: [Int] =
      switch node.opType {
      case "Gather", "GatherElements", "GatherND": [1]
      case "Concat", "Sum", "Mean", "Max", "Min": Array(node.input.indices)
      case "Add", "Sub", "Mul", "Div", "Pow", "MatMul": [0, 1]
      case "Where": [0, 1, 2]
      case _ where OperatorTraits.views.contains(node.opType) || OperatorTraits.activations.contains(node.opType),
        "Gemm", "Slice", "Softmax", "LogSoftmax", "Exp", "Log", "Sqrt", "Neg", "Abs", "Floor", "Ceil", "Round", "Not", "Split":
        [0]
      default: []
      }
    return places.compactMap(node.input(at:))
  }
}
