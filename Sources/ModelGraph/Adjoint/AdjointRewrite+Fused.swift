/// ONNX Runtime's own products that end in an activation or begin with transpositions.
extension AdjointRewrite {
  static let fusedRules: [String: Rule] = [
    "FusedConv": Rule(positions: [0, 3]) { rewrite, node, gradients throws(Undifferentiable) in
      let inner = try rewrite.behindActivation(node, gradients[0]!)
      if let sum = node.input(at: 3) { rewrite.contribute(inner.name, to: sum) }
      if rewrite.varies(node.input[0]) { try rewrite.deriveConvolution(node, inner) }
    },
    "FusedGemm": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveGemm(node, try rewrite.behindActivation(node, gradients[0]!))
    },
    "FusedMatMul": Rule(positions: [0, 1]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveFusedProduct(node, gradients[0]!)
    },
  ]

  /// Activations whose derivative follows from what they give, with the names of their parameters.
  private static let parameters = [
    "Relu": [], "Sigmoid": [], "Tanh": [], "Selu": ["alpha", "gamma"], "LeakyRelu": ["alpha"], "Elu": ["alpha"],
    "ThresholdedRelu": ["alpha"], "HardSigmoid": ["alpha", "beta"], "Clip": ["min", "max"],
  ]

  /// The gradient of what goes into an operator's activation. Each of these is on the same side of its kinks before and after, so that
  /// the operator's result tells where it was.
  private mutating func behindActivation(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) -> Gradient {
    let y = node.output[0]
    let whole = try whole(gradient, like: y)
    let activation = node.attribute("activation").map { String(decoding: $0.s, as: UTF8.self) } ?? ""
    if activation.isEmpty { return Gradient(name: whole, isWhole: true) }
    guard let names = Self.parameters[activation] else { throw refusal(node, "no rule for its activation \(activation)") }
    var step = Onnx_NodeProto(activation, [y], [y], [:])
    step.name = node.name
    let listed = node.attribute("activation_params")?.floats ?? []
    for (place, name) in names.enumerated() {
      let value = node.attribute("activation_\(name)")?.f ?? (place < listed.count ? listed[place] : nil)
      guard let value else { continue }
      guard value > 0 || !["alpha", "gamma"].contains(name) else { throw refusal(node, "a falling activation") }
      step.attribute.append(GraphBuilder.Attribute.float(value).proto(named: name))
    }
    return Gradient(name: try scaled(whole, byDerivativeOf: step), isWhole: true)
  }

  /// α·A·B, with either transposed.
  private mutating func deriveFusedProduct(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (a, b, y) = (node.input[0], node.input[1], node.output[0])
    let (transA, transB) = (node.integer("transA") ?? 0 != 0, node.integer("transB") ?? 0 != 0)
    var (left, right) = (try shape(of: a), try shape(of: b))
    guard left.count >= 2, right.count >= 2, node.integer("transBatchA") ?? 0 == 0, node.integer("transBatchB") ?? 0 == 0 else {
      throw refusal(node, "a rule for matrices, with their own axes exchanged, only")
    }
    // As they are multiplied.
    if transA { left.swapAt(left.count - 1, left.count - 2) }
    if transB { right.swapAt(right.count - 1, right.count - 2) }
    let front = broadcast(Array(left.dropLast(2)), Array(right.dropLast(2)))
    let alpha = Double(node.attribute("alpha")?.f ?? 1)
    var whole = try whole(gradient, like: y)
    if alpha != 1 { whole = times(whole, number(alpha)) }
    if varies(a) {
      let product = add("MatMul", [whole, transB ? b : lastTransposed(b, right.count)])
      let result = unbroadcast(product, front, left, as: left)
      contribute(transA ? lastTransposed(result, left.count) : result, to: a)
    }
    if varies(b) {
      let product = add("MatMul", [transA ? a : lastTransposed(a, left.count), whole])
      let result = unbroadcast(product, front, right, as: right)
      contribute(transB ? lastTransposed(result, right.count) : result, to: b)
    }
  }
}
