extension Model {
  /// The model with a sum and a normalisation in the place of each operator that does both and gives the sum besides, as ONNX Runtime's
  /// optimiser joins them in streams that are normalised before each block: a lesion of the sum has to reach the block, too.
  ///
  /// Sources: com.microsoft's SkipLayerNormalization, SkipSimplifiedLayerNormalization and EmbedLayerNormalization; the last one goes on
  /// giving the sum.
  ///
  /// Cost: a pass over the graph; weights are shared.
  func partingSkipNormalisations() -> Model {
    guard proto.graph.node.contains(where: parts) else { return self }
    var graph = proto.graph
    var names = FreshNames(in: self, stem: "parted")
    graph.node = graph.node.flatMap { node in
      !parts(node) ? [node] : node.opType == Self.embedding ? Self.partedEmbedding(node, &names) : Self.parted(node, &names)
    }
    return replacingGraph(graph)
  }

  private static let embedding = "EmbedLayerNormalization"

  private func parts(_ node: Onnx_NodeProto) -> Bool {
    guard node.domain == "com.microsoft" else { return false }
    let sum: String
    switch node.opType {
    case Self.embedding:
      // Beside the sum a mask's lengths may be given; γ and β are asked for.
      guard node.output.count == 3, node.input(at: 5) != nil, node.input(at: 6) != nil else { return false }
      sum = node.output[2]
    case "SkipLayerNormalization", "SkipSimplifiedLayerNormalization":
      guard node.input.prefix(3).count(where: { !$0.isEmpty }) == 3, node.output.count == 4, node.output[1].isEmpty,
        node.output[2].isEmpty
      else { return false }
      sum = node.output[3]
    default:
      return false
    }
    return index.numbers[sum].map { !index.readers[$0].isEmpty } ?? false
  }

  private static func partedEmbedding(_ node: Onnx_NodeProto, _ names: inout FreshNames) -> [Onnx_NodeProto] {
    var sum = node
    sum.output[0] = names.next()
    var normalisation = Onnx_NodeProto()
    normalisation.opType = "LayerNormalization"
    (normalisation.input, normalisation.output) = ([node.output[2], node.input[5], node.input[6]], [node.output[0]])
    normalisation.attribute = [
      node.attribute("epsilon") ?? GraphBuilder.Attribute.float(1e-12).proto(named: "epsilon")
    ]
    return [sum, normalisation]
  }

  private static func parted(_ node: Onnx_NodeProto, _ names: inout FreshNames) -> [Onnx_NodeProto] {
    let isCentred = node.opType == "SkipLayerNormalization"
    let bias = node.input(at: isCentred ? 4 : 3)
    var nodes: [Onnx_NodeProto] = []
    func add(_ a: String, _ b: String, to sum: String) {
      var added = Onnx_NodeProto()
      (added.opType, added.input, added.output) = ("Add", [a, b], [sum])
      nodes.append(added)
    }
    let sum = node.output[3]
    // The optimiser takes the bias of the first operand, a branch.
    var branch = node.input[0]
    if let bias {
      branch = names.next()
      add(node.input[0], bias, to: branch)
    }
    add(branch, node.input[1], to: sum)
    var normalisation = node
    normalisation.domain = ""
    normalisation.opType = isCentred ? "LayerNormalization" : "SimplifiedLayerNormalization"
    normalisation.input = [sum, node.input[2]] + (isCentred ? node.input(at: 3).map { [$0] } ?? [] : [])
    normalisation.output = [node.output[0]]
    if node.attribute("epsilon") == nil {
      normalisation.attribute.append(GraphBuilder.Attribute.float(1e-12).proto(named: "epsilon"))
    }
    return nodes + [normalisation]
  }
}
