extension Model {
  /// Whether an operator is an activation, by its name or as a rectifier that is spelled out: max(x, 0), or min(x, c) beside one.
  func isActivation(_ node: Int) -> Bool {
    OperatorTraits.activations.contains(proto.graph.node[node].opType) || isRectifier(node) || isLimit(node)
  }

  /// What an operator clips between two bounds, by its name or as the second of a rectifier and a limit.
  func boundedTensor(by node: Int) -> Int? {
    if proto.graph.node[node].opType == "Clip" {
      let hasBounds = (1...2).allSatisfy { proto.graph.node[node].input(at: $0) != nil }
      let data = index.reads[node].filter { index.dependence[$0] == .data }
      return hasBounds && data.count == 1 ? data[0] : nil
    }
    for (label, other) in [("Max", "Min"), ("Min", "Max")] where isActivation(node) {
      guard let inner = limitedTensor(node, by: label), let maker = index.maker[inner], isActivation(maker) else { continue }
      if let tensor = limitedTensor(maker, by: other) { return tensor }
    }
    return nil
  }

  /// What a limit or a rectifier makes of a tensor that is already bounded on the other side, if nothing else reads that.
  func otherBound(behind tensor: Int) -> Int? {
    guard index.readers[tensor].count == 1, let reader = index.readers[tensor].first,
      !OperatorTraits.activations.contains(proto.graph.node[reader].opType), boundedTensor(by: reader) != nil
    else { return nil }
    return index.writes[reader].first
  }

  private func isLimit(_ node: Int) -> Bool {
    guard let limited = limitedTensor(node, by: "Min") else { return false }
    if let maker = index.maker[limited], isRectifier(maker) { return true }
    guard let output = index.writes[node].first, index.readers[output].count == 1 else { return false }
    return isRectifier(index.readers[output][0])
  }

  /// Whether an operator is max(x, 0), and no guard of what a root, a logarithm or a quotient is taken of.
  private func isRectifier(_ node: Int) -> Bool {
    guard limitedTensor(node, by: "Max") != nil, let output = index.writes[node].first else { return false }
    let bounds = proto.graph.node[node].input.filter { index.dependence(of: $0) == .constant }
    return bounds.allSatisfy { isZero($0) } && !isGuard(output)
  }

  private func isGuard(_ tensor: Int) -> Bool {
    !index.readers[tensor].isEmpty
      && index.readers[tensor].allSatisfy { reader in
        let node = proto.graph.node[reader]
        switch node.opType {
        case "Sqrt", "Log", "Reciprocal", "Pow": return true
        case "Div": return node.input(at: 1) == index.names[tensor]
        case "Add":
          return index.reads[reader].count { index.dependence[$0] == .data } == 1 && index.writes[reader].allSatisfy(isGuard)
        default: return false
        }
      }
  }

  /// The one operand that follows from data, of an operator that compares it with constants.
  private func limitedTensor(_ node: Int, by label: String) -> Int? {
    guard proto.graph.node[node].opType == label else { return nil }
    let others = index.reads[node].filter { index.dependence[$0] != .constant }
    guard others.count == 1, others.count < index.reads[node].count, index.dependence[others[0]] == .data else { return nil }
    return others[0]
  }

  private static func isZero(_ tensor: Onnx_TensorProto) -> Bool {
    tensor.dataLocation != .external && tensor.rawData.allSatisfy { $0 == 0 } && tensor.floatData.allSatisfy { $0 == 0 }
      && tensor.doubleData.allSatisfy { $0 == 0 } && tensor.int32Data.allSatisfy { $0 == 0 }
      && tensor.int64Data.allSatisfy { $0 == 0 }
  }

  /// Whether a constant holds nothing but zeros, perhaps repeated or cast.
  private func isZero(_ name: String) -> Bool {
    if let tensor = constantTensor(name) { return Self.isZero(tensor) }
    guard let maker = index.producer(of: name) else { return false }
    let node = proto.graph.node[maker]
    switch node.opType {
    case "Constant": return node.attribute("value_float").map { $0.f == 0 } ?? false
    case "ConstantOfShape": return node.attribute("value").map { Self.isZero($0.t) } ?? true
    case "Expand", "Cast", "CastLike", "Reshape", "Unsqueeze": return node.input(at: 0).map(isZero) ?? false
    default: return false
    }
  }
}
