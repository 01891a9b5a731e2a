/// Quantised numbers and their products. Rounding is passed straight through (Bengio, Léonard and Courville 2013): the gradient of
/// whole numbers is that of the values which they stand for.
extension AdjointRewrite {
  static let quantizedRules: [String: Rule] = [
    "QuantizeLinear": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveQuantization(node, gradients[0]!)
    },
    "DequantizeLinear": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      rewrite.noteRounding()
      rewrite.contribute(gradients[0]!.name, to: node.input[0], isWhole: gradients[0]!.isWhole)
    },
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

  /// Straight through where numbers have a level that they are rounded to, 0 where they are beyond the last: there quantised networks have
  /// their rectifiers, which the runtime's quantiser takes out before a zero point at the end of its range. Activations that are
  /// lesioned to 0 lie at the lowest level of such and pass, since what they come from lies above.
  private mutating func deriveQuantization(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    noteRounding()
    let type = types[node.output[0]] ?? node.input(at: 2).flatMap { types[$0] } ?? .uint8
    guard let range = type.levels else {
      return contribute(gradient.name, to: node.input[0], isWhole: gradient.isWhole)
    }
    let (shape, scales) = (try shape(of: node.input[0]), try shape(of: node.input[1]))
    let cast: [String: GraphBuilder.Attribute] = ["to": .int(Int(numberType.rawValue))]
    let (level, reach): (String, Double)
    if scales.reduce(1, *) == 1 || scales.count == 1 {
      // One scale for all, or one for each place along an axis.
      let axis = Int(node.integer("axis") ?? 1)
      let behind = shape.count - 1 - (axis < 0 ? axis + shape.count : axis)
      let isByAxis = scales.reduce(1, *) > 1
      func laidOut(_ name: String) -> String {
        isByAxis ? reshape(name, scales + Array(repeating: 1, count: behind)) : name
      }
      var numbers = over(node.input[0], laidOut(node.input[1]))
      if let zero = node.input(at: 2) { numbers = plus(numbers, laidOut(add("Cast", [zero], cast))) }
      (level, reach) = (numbers, 0.5)
    } else {
      (level, reach) = (add("Cast", [node.output[0]], cast), 0)
    }
    let isAboveLowest = isAbove(level, number(Double(range.lowerBound) - reach))
    let mask = times(isAboveLowest, isAbove(number(Double(range.upperBound) + reach), level))
    contribute(times(gradient.name, mask), to: node.input[0])
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

extension ElementType {
  /// The whole numbers of a quantised type; `nil` where it is none of the usual ones.
  fileprivate var levels: ClosedRange<Int>? {
    switch self {
    case .uint8: 0...255
    case .int8: -128...127
    case .uint16: 0...65_535
    case .int16: -32_768...32_767
    default: nil
    }
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
