/// Operators that are several in one: a product with weights and the activation after it, and products of quantised
/// numbers.
extension MagnitudeRewrite {
  static let fusedRules: [String: Rule] = [
    "FusedConv": { rewrite, node throws(Untraceable) in try rewrite.fused(node, product: "Conv", sum: 3) },
    "FusedGemm": { rewrite, node throws(Untraceable) in try rewrite.fused(node, product: "Gemm", sum: nil) },
    "DynamicQuantizeLinear": { rewrite, node throws(Untraceable) in try rewrite.quantize(node) },
    "MatMulInteger": { rewrite, node throws(Untraceable) in try rewrite.integerProduct(node, as: "MatMul") },
    "ConvInteger": { rewrite, node throws(Untraceable) in try rewrite.integerProduct(node, as: "Conv") },
    "GatherND": { rewrite, node throws(Untraceable) in try rewrite.gatherAcross(node) },
  ]

  /// The product's magnitude, and what is added to it, times the activation's derivative at their observed sum.
  private mutating func fused(_ node: Onnx_NodeProto, product: String, sum added: Int?) throws(Untraceable) {
    let activation = node.attribute("activation").map { String(decoding: $0.s, as: UTF8.self) } ?? ""
    var plain = node
    plain.opType = product
    plain.domain = ""
    plain.attribute.removeAll { $0.name.hasPrefix("activation") }
    if let added { plain.input = Array(plain.input.prefix(added)) }
    while plain.input.last == "" { plain.input.removeLast() }

    // The rule of the product notes the magnitude under the fused operator's output, which stands for the sum meanwhile.
    guard let rule = Self.rule(for: plain, in: model) else { throw Untraceable("operator \(node.label) has no rule") }
    try rule(&self, plain)
    let output = node.output[0]
    var terms = [try magnitude(output)]
    var observed = observe(copying: plain, outputs: 1)[0]
    if let added, let other = node.input(at: added) {
      terms.append(try magnitude(other))
      observed = observe("Add", [observed, other])
    }
    guard let total = sum(terms) else { return carry(nil, to: output) }
    guard !activation.isEmpty else { return carry(total, to: output) }
    var step = Onnx_NodeProto()
    step.opType = activation
    step.input = [observed]
    step.output = [output]
    let parameters =
      node.attribute("activation_params")?.floats
      ?? ["alpha", "beta", "gamma"].compactMap {
        node.attribute("activation_\($0)")?.f
      }
    let names =
      activation == "Clip" ? ["min", "max"] : ["alpha", "beta"]
    step.attribute = zip(names, parameters).map { GraphBuilder.Attribute.float($1).proto(named: $0) }
    carry(try scaled(total, by: partialSlope(of: step, 0)), to: output)
  }

  /// Whole numbers stand for values as many times their scale, and so do their magnitudes. Scale and zero point are held.
  private mutating func quantize(_ node: Onnx_NodeProto) throws(Untraceable) {
    for output in node.output.dropFirst() { carry(nil, to: output) }
    guard let magnitude = try magnitude(node.input[0]) else { return carry(nil, to: node.output[0]) }
    carry(addFlow("Div", [magnitude, try hold(observed: node.output[1], type: .float)]), to: node.output[0])
  }

  /// (A − a)·(B − b) of whole numbers with weights B: magnitudes times |B − b|.
  private mutating func integerProduct(_ node: Onnx_NodeProto, as product: String) throws(Untraceable) {
    guard !follows(node.input[1]) else {
      throw Untraceable("operator \(node.label) has a rule for weights that don't follow from the layer only")
    }
    guard var magnitude = try magnitude(node.input[0]) else { return carry(nil, to: node.output[0]) }
    // What QuantizeLinear made is carried in units of the values; here the whole numbers themselves are multiplied.
    if let maker = model.index.producer(of: node.input[0]), model.proto.graph.node[maker].opType == "QuantizeLinear" {
      magnitude = addFlow("Div", [magnitude, try held(model.proto.graph.node[maker].input[1])])
    }
    let float: [String: GraphBuilder.Attribute] = ["to": .int(Int(ElementType.float.rawValue))]
    var weights = observe("Cast", [node.input[1]], float)
    if let zero = node.input(at: 3) {
      guard (try? shape(of: zero)).map({ $0.reduce(1, *) == 1 }) ?? true else {
        throw Untraceable("operator \(node.label) has a rule for one zero point of its weights only")
      }
      weights = observe("Sub", [weights, observe("Cast", [zero], float)])
    }
    var plain = node
    plain.opType = product
    plain.domain = ""
    let held = try hold(observed: observe("Abs", [weights]))
    carry(addFlow(copying: plain, inputs: [magnitude, held])[0], to: node.output[0])
  }

  /// Picks elements by places that are held; those have an axis of stimuli of their own, or the flow has a single row.
  private mutating func gatherAcross(_ node: Onnx_NodeProto) throws(Untraceable) {
    guard let magnitude = try magnitude(node.input[0]) else { return carry(nil, to: node.output[0]) }
    var indices = try held(node.input[1])
    if batch > 1 {
      guard node.integer("batch_dims") ?? 0 >= 1, batchAxis(of: node.input[0]) == 0 else {
        throw Untraceable("operator \(node.label) picks places of stimuli and of positions together")
      }
      var shape = try shape(of: node.input[1])
      guard shape.first == 1 else { throw Untraceable("operator \(node.label) has places of several stimuli") }
      shape[0] = batch
      indices = addFlow("Expand", [indices, constant(shape)])
    }
    carry(addFlow(copying: node, inputs: [magnitude, indices])[0], to: node.output[0])
  }
}
