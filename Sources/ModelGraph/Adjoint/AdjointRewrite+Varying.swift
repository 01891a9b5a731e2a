/// What changes with the layer.
extension AdjointRewrite {
  /// Follows the cut tensor downstream, as far as the value needs it.
  mutating func findVarying(to value: String) throws(Undifferentiable) {
    var needed: Set<String> = [value]
    var isNeeded = [Bool](repeating: false, count: forward.count)
    for place in forward.indices.reversed() where forward[place].output.contains(where: needed.contains) {
      isNeeded[place] = true
      needed.formUnion(forward[place].input)
    }
    varying = [cut.tensor]
    for place in forward.indices where isNeeded[place] {
      let node = forward[place]
      guard let spelling = spelling(of: node) else {
        try follow(node)
        continue
      }
      for inner in spelling.nodes { try follow(inner) }
      for (result, output) in zip(spelling.results, node.output) {
        if let result, varying.contains(result) { varying.insert(output) }
      }
    }
  }

  /// What an operator is in ordinary ones.
  func spelling(of node: Onnx_NodeProto) -> SpelledOperators.Spelling? {
    node.output.first.flatMap { spelled.spellings[$0] }
  }

  /// Notes what varies with an operator's inputs.
  private mutating func follow(_ node: Onnx_NodeProto) throws(Undifferentiable) {
    let read = node.input.filter(varying.contains)
    if read.isEmpty, !node.subgraphs.contains(where: { readsVarying($0) }) { return }
    if decides(node) { decision = decision ?? node.label }
    if holds(node) { return }
    if let reason = node.output.first.flatMap({ spelled.refusals[$0] }) { throw refusal(node, reason) }
    guard let rule = Self.rule(for: node, in: model) else {
      throw Undifferentiable(OperatorTraits.lackOfRule(node), operation: node.label)
    }
    if let positions = rule.positions,
      let other = node.input.indices.first(where: { varying.contains(node.input[$0]) && !positions.contains($0) })
    {
      throw refusal(node, "no rule for its input \(other), which changes with the layer")
    }
    for (position, output) in node.output.enumerated() where !output.isEmpty {
      if position > 0 && Self.indexOutputs.contains(node.opType) { continue }
      varying.insert(output)
    }
  }

  private func readsVarying(_ body: Onnx_GraphProto) -> Bool {
    body.output.contains { varying.contains($0.name) }
      || body.node.contains { $0.input.contains(where: varying.contains) || $0.subgraphs.contains { readsVarying($0) } }
  }

  /// Whether what an operator gives is piecewise constant in what it reads.
  private func holds(_ node: Onnx_NodeProto) -> Bool {
    guard node.isStandard else { return false }
    if node.opType == "Cast" {
      return !(node.elementType("to") ?? .float).isFloat
    }
    return Self.heldOperators.contains(node.opType)
  }

  /// Whether what an operator gives may jump where what it reads doesn't. What the largest of a window is doesn't, and quantisation, which derivatives
  /// pass straight through, jumps to either side.
  private func decides(_ node: Onnx_NodeProto) -> Bool {
    guard node.isStandard else { return false }
    switch node.opType {
    case "Cast": return holds(node)
    case "TopK": return node.output.count > 1 && !model.index.consumers(of: node.output[1]).isEmpty
    case "ThresholdedRelu", "Shrink": return true
    // No finite number is infinite: guards of attention whose keys are all masked.
    case "Equal" where node.input.contains { constantNumber($0)?.isInfinite ?? false }: return false
    default: return Self.heldOperators.contains(node.opType) && !Self.constantOperators.contains(node.opType)
    }
  }

  /// Those that give the same for all finite numbers of a shape.
  private static let constantOperators: Set<String> = ["Shape", "Size", "EyeLike", "ConstantOfShape", "Range", "IsNaN", "IsInf"]

  private static let heldOperators: Set<String> = constantOperators.union([
    "ArgMax", "ArgMin", "NonZero", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or", "Xor",
    "Floor", "Ceil", "Round", "Sign", "Hardmax",
  ])

  /// Operators whose outputs after the first are places, masks, or the scale of the first.
  private static let indexOutputs: Set<String> = ["MaxPool", "TopK", "Dropout", "DynamicQuantizeLinear"]

  /// Whether a tensor changes smoothly with the cut tensor.
  func varies(_ tensor: String) -> Bool { varying.contains(tensor) }
}
