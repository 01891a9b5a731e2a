/// Products of quantised numbers. Rounding is passed straight through (Bengio, Léonard and Courville 2013): the gradient of whole
/// numbers is that of the values which they stand for.
extension AdjointRewrite {
  static let quantizedRules: [String: Rule] = [
    "DynamicQuantizeLinear": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      rewrite.noteRounding()
      guard let gradient = gradients[0] else { return }
      rewrite.contribute(gradient.name, to: node.input[0], isWhole: gradient.isWhole)
    },
    "MatMulInteger": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      let weights = try rewrite.weights(node, zeroPoint: 3)
      try rewrite.deriveMatrixProduct(node.product("MatMul", weights), try rewrite.unscaled(node, gradients[0]!))
    },
    "ConvInteger": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      let weights = try rewrite.weights(node, zeroPoint: 3)
      try rewrite.deriveConvolution(node.product("Conv", weights), try rewrite.unscaled(node, gradients[0]!))
    },
    "DynamicQuantizeMatMul": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      let weights = try rewrite.weights(node, scale: 2, zeroPoint: 3)
      try rewrite.deriveMatrixProduct(node.product("MatMul", weights), gradients[0]!)
    },
    "MatMulIntegerToFloat": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      let weights = try rewrite.weights(node, scale: 3, zeroPoint: 5)
      try rewrite.deriveMatrixProduct(node.product("MatMul", weights), gradients[0]!)
    },
  ]

  mutating func noteRounding() {
    note("Rounding to quantised values is passed straight through: derivatives are those without it.")
  }

  /// The numbers that an operator's second input stands for, less their zero point, and times their scale if that is named.
  private mutating func weights(
    _ node: Onnx_NodeProto, scale: Int? = nil, zeroPoint: Int
  ) throws(Undifferentiable) -> String {
    noteRounding()
    let shape = try shape(of: node.input[1])
    let float: [String: GraphBuilder.Attribute] = ["to": .int(Int(ElementType.float.rawValue))]
    var weights = add("Cast", [node.input[1]], float)
    // One for all, or for each column of a matrix.
    if let zero = node.input(at: zeroPoint) { weights = add("Sub", [weights, add("Cast", [zero], float)]) }
    if let scale, let name = node.input(at: scale) { weights = add("Mul", [weights, name]) }
    shapes[weights] = shape
    types[weights] = .float
    return weights
  }

  /// The gradient of a product of whole numbers, in units of the values that the first of them stand for.
  private mutating func unscaled(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) -> Gradient {
    var tensor = node.input[0]
    while let maker = model.index.producer(of: tensor) {
      let source = model.proto.graph.node[maker]
      switch source.opType {
      case "DynamicQuantizeLinear", "QuantizeLinear":
        let scale = source.opType == "QuantizeLinear" ? source.input[1] : source.output[1]
        guard try shape(of: scale).allSatisfy({ $0 == 1 }) else {
          throw refusal(node, "a rule for whole numbers of one scale only")
        }
        return Gradient(name: add("Div", [gradient.name, scale]), isWhole: gradient.isWhole)
      case let view where OperatorTraits.views.contains(view) && view != "Cast":
        tensor = source.input[0]
      default:
        throw refusal(node, "whole numbers of an unknown scale")
      }
    }
    throw refusal(node, "whole numbers of an unknown scale")
  }
}

extension Onnx_NodeProto {
  /// The operator's own product, of floats: with the first input as it is and other weights.
  fileprivate func product(_ operatorType: String, _ weights: String) -> Onnx_NodeProto {
    var node = self
    (node.opType, node.domain, node.input) = (operatorType, "", [input[0], weights])
    return node
  }
}
