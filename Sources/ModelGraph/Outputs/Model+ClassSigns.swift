extension Model {
  /// Operators that end what no class's score is: amounts, bounded numbers, normed features.
  private static let endsOfOthers: Set<String> = [
    "Tanh", "Softplus", "Relu", "LeakyRelu", "Elu", "Gelu", "Abs", "Exp", "Sqrt", "Sin", "Cos", "Atan", "Softsign",
    "LpNormalization",
    "LayerNormalization", "SimplifiedLayerNormalization", "SkipLayerNormalization", "RMSNormalization",
  ]
  private static let reductions: Set<String> = ["ReduceL1", "ReduceL2", "ReduceSum", "ReduceSumSquare", "ReduceMax"]
  private static let wordsOfScores = ["logit", "score", "prob", "softmax", "class", "conf"]
  private static let wordsOfOthers = [
    "hidden", "box", "embed", "feature", "coord", "landmark", "keypoint", "recon", "variable", "regress",
  ]

  /// Whether an output's name says that it holds classes' scores.
  package static func namesScores(_ output: String) -> Bool {
    let name = output.lowercased()
    return wordsOfScores.contains(where: name.contains)
  }

  /// What says that an output that is read at `tensor` holds other numbers than classes' scores, a clause; `nil` where nothing does.
  ///
  /// - Parameter axis: of the tensor, that is taken for the classes'.
  package func signOfOtherNumbers(_ output: String, at tensor: String, axis: Int?) -> String? {
    let name = output.lowercased()
    if Self.wordsOfOthers.contains(where: name.contains) { return "its name speaks of others" }
    var (last, isTurned) = (tensor, false)
    // A path through the graph has no more steps than the graph has nodes.
    for _ in proto.graph.node.indices {
      guard let number = index.producer(of: last) else { return nil }
      let node = proto.graph.node[number]
      guard node.isKnown, node.output.first == last else { return nil }
      if Self.endsOfOthers.contains(node.opType) { return "it ends in \(node.opType)" }
      let source = node.input(at: 0)
      switch node.opType {
      case let name where OperatorTraits.views.contains(name):
        if !["Identity", "Cast", "Dropout"].contains(name) { isTurned = true }
        guard let source else { return nil }
        last = source
      case "QuantizeLinear", "DequantizeLinear", "Clip":
        guard let source else { return nil }
        last = source
      case "Div" where isNorm(node.input(at: 1)):
        return "it is divided by a norm"
      case "Mul", "Div", "Add", "Sub":
        let computed = node.input.filter { index.dependence(of: $0) == .data }
        guard computed.count == 1, let other = node.input.first(where: { $0 != computed[0] }),
          constantTensor(other)?.doubles?.count == 1
        else { return nil }
        last = computed[0]
      case "Concat":
        let parts = node.input.filter { index.dependence(of: $0) == .data }
        guard !isTurned, let axis, let joined = node.integer("axis"), joined == axis || joined < 0, Set(parts).count > 1 else {
          return nil
        }
        return "it joins \(parts.prefix(3).map { "\"\($0)\"" }.joined(separator: ", "))\(parts.count > 3 ? ", …" : "")"
      default:
        return nil
      }
    }
    return nil
  }

  /// Whether a tensor is a sum or length of others, kept away from 0 and brought to their shape.
  private func isNorm(_ tensor: String?) -> Bool {
    guard var last = tensor else { return false }
    // A path through the graph has no more steps than the graph has nodes.
    for _ in proto.graph.node.indices {
      guard let number = index.producer(of: last) else { return false }
      let node = proto.graph.node[number]
      guard node.isStandard else { return false }
      if Self.reductions.contains(node.opType) { return true }
      guard ["Expand", "Clip", "Max", "Sqrt", "Add", "Pow", "Unsqueeze", "Reshape", "Identity", "Cast"].contains(node.opType),
        let source = node.input.first(where: { index.dependence(of: $0) == .data })
      else { return false }
      last = source
    }
    return false
  }

  /// The tensor whose smallest numbers, or their places, an output is, and the operator that chooses them; `nil` where it isn't so.
  package func sourceOfSmallest(_ tensor: String) -> (tensor: String, operatorType: String)? {
    guard let number = index.producer(of: tensor) else { return nil }
    let node = proto.graph.node[number]
    guard node.choosesSmallest, let source = node.input(at: 0) else { return nil }
    return (source, node.opType)
  }
}

extension Onnx_NodeProto {
  /// Whether it gives the smallest of its input's numbers, or their places.
  var choosesSmallest: Bool { isStandard && (opType == "ArgMin" || (opType == "TopK" && integer("largest") == 0)) }
}
