internal import FoundationEssentials

/// Functions of one element. At a kink the derivative is the one from the left, so that ReLU'(0) = 0.
extension AdjointRewrite {
  static let activationRules = rule(
    for: [
      "Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Clip", "Sigmoid", "HardSigmoid", "Tanh",
      "Softplus", "Softsign", "Erf", "Gelu", "FastGelu", "QuickGelu", "HardSwish", "Swish", "Silu", "Mish", "Exp", "Log",
      "Sqrt", "Reciprocal", "Abs", "Neg", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Asin", "Acos", "Atan", "Asinh", "Acosh",
      "Atanh", "Shrink",
    ], by: [0]
  ) { rewrite, node, gradients throws(Undifferentiable) in
    let x = node.input[0]
    if node.opType == "Neg" {
      return rewrite.contribute(rewrite.negative(gradients[0]!.name), to: x, isWhole: gradients[0]!.isWhole)
    }
    rewrite.contribute(try rewrite.scaled(gradients[0]!.name, byDerivativeOf: node), to: x)
  }.merging([
    "BiasGelu": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveBiasedGelu(node, gradients[0]!)
    }
  ]) { first, _ in first }

  /// A gradient times the derivative of a function of one element.
  mutating func scaled(_ g: String, byDerivativeOf node: Onnx_NodeProto) throws(Undifferentiable) -> String {
    let (x, y) = (node.input[0], node.output[0])
    let float = { (name: String, standard: Double) in node.attribute(name).map { Double($0.f) } ?? standard }
    switch node.opType {
    case "Relu":
      // The runtime has no HardSigmoid of doubles.
      if numberType == .double { return times(g, isAbove(y, number(0))) }
      // 1 where the result is above 0: steep enough to be a step, and one pass where a comparison takes two.
      return times(g, add("HardSigmoid", [y], ["alpha": .float(.greatestFiniteMagnitude), "beta": .float(0)]))
    case "LeakyRelu":
      return times(g, whereAbove(x, number(0), number(1), number(float("alpha", 0.01))))
    case "PRelu":
      return times(g, whereAbove(x, number(0), number(1), node.input[1]))
    case "ThresholdedRelu":
      return times(g, isAbove(x, number(float("alpha", 1))))
    case "Elu":
      return times(g, whereAbove(x, number(0), number(1), plus(y, number(float("alpha", 1)))))
    case "Selu":
      let (alpha, gamma) = (float("alpha", 1.67326319217681884765625), float("gamma", 1.05070102214813232421875))
      return times(g, whereAbove(x, number(0), number(gamma), plus(y, number(alpha * gamma))))
    case "Celu":
      return times(g, whereAbove(x, number(0), number(1), add("Exp", [over(x, number(float("alpha", 1)))])))
    case "Clip":
      return clipped(g, node)
    case "Sigmoid":
      return times(g, minus(y, times(y, y)))
    case "HardSigmoid":
      return times(g, times(times(isAbove(y, number(0)), isAbove(number(1), y)), number(float("alpha", 0.2))))
    case "Tanh":
      return times(g, oneMinus(times(y, y)))
    case "Softplus":
      return times(g, add("Sigmoid", [x]))
    case "Softsign":
      let divisor = plus(add("Abs", [x]), number(1))
      return over(g, times(divisor, divisor))
    case "Erf":
      return times(g, times(number(2 / Double.pi.squareRoot()), bell(x, 1)))
    case "Gelu":
      let isTanh = node.attribute("approximate").map { $0.s.elementsEqual("tanh".utf8) } ?? false
      return times(g, isTanh ? tanhGeluSlope(x) : geluSlope(x))
    case "FastGelu":
      return times(g, tanhGeluSlope(node.input(at: 1).map { plus(x, $0) } ?? x))
    case "QuickGelu":
      return times(g, swishSlope(x, float("alpha", 1.702)))
    case "Swish", "Silu":
      return times(g, swishSlope(x, float("alpha", 1)))
    case "HardSwish":
      let middle = plus(times(x, number(1.0 / 3)), number(0.5))
      return times(g, whereAbove(x, number(3), number(1), whereAbove(x, number(-3), middle, number(0))))
    case "Mish":
      let gate = add("Tanh", [add("Softplus", [x])])
      return times(g, plus(gate, times(times(x, add("Sigmoid", [x])), oneMinus(times(gate, gate)))))
    case "Exp":
      return times(g, y)
    case "Log":
      return over(g, x)
    case "Sqrt":
      return over(times(g, number(0.5)), y)
    case "Reciprocal":
      return negative(times(g, times(y, y)))
    case "Abs":
      return times(g, add("Sign", [x]))
    case "Sin":
      return times(g, add("Cos", [x]))
    case "Cos":
      return negative(times(g, add("Sin", [x])))
    case "Tan":
      return times(g, plus(number(1), times(y, y)))
    case "Sinh":
      return times(g, add("Cosh", [x]))
    case "Cosh":
      return times(g, add("Sinh", [x]))
    case "Asin":
      return over(g, add("Sqrt", [oneMinus(times(x, x))]))
    case "Acos":
      return negative(over(g, add("Sqrt", [oneMinus(times(x, x))])))
    case "Atan":
      return over(g, plus(number(1), times(x, x)))
    case "Asinh":
      return over(g, add("Sqrt", [plus(times(x, x), number(1))]))
    case "Acosh":
      return over(g, add("Sqrt", [minus(times(x, x), number(1))]))
    case "Atanh":
      return over(g, oneMinus(times(x, x)))
    case "Shrink":
      return times(g, isAbove(add("Abs", [x]), number(float("lambd", 0.5))))
    default:
      throw refusal(node, "no rule")
    }
  }

  private mutating func deriveBiasedGelu(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let result = times(gradient.name, geluSlope(plus(node.input[0], node.input[1])))
    for operand in node.input where varies(operand) {
      try contribute(Gradient(name: result, isWhole: true), broadcastFrom: operand, to: node.output[0])
    }
  }

  /// What lies between the bounds, which are attributes up to version 6 of the operator and inputs after that.
  private mutating func clipped(_ g: String, _ node: Onnx_NodeProto) -> String {
    let x = node.input[0]
    let low = node.input(at: 1) ?? node.attribute("min").map { number(Double($0.f)) }
    let high = node.input(at: 2) ?? node.attribute("max").map { number(Double($0.f)) }
    var result: String?
    if let low { result = times(g, isAbove(x, low)) }
    if let high { result = times(result ?? g, isAbove(high, x)) }
    return result ?? times(g, number(1))
  }

  /// Φ(x) + x·φ(x).
  private mutating func geluSlope(_ x: String) -> String {
    let half = plus(times(add("Erf", [times(x, number(0.5.squareRoot()))]), number(0.5)), number(0.5))
    return plus(half, times(times(x, number(1 / (2 * Double.pi).squareRoot())), bell(x, 0.5)))
  }

  /// Of ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³).
  private mutating func tanhGeluSlope(_ x: String) -> String {
    let scale = (2 / Double.pi).squareRoot()
    let square = times(x, x)
    let inner = times(x, plus(number(scale), times(number(scale * 0.044715), square)))
    let tanh = add("Tanh", [inner])
    let innerSlope = times(x, plus(number(scale), times(number(3 * scale * 0.044715), square)))
    return times(number(0.5), plus(plus(number(1), tanh), times(oneMinus(times(tanh, tanh)), innerSlope)))
  }

  /// Of x·σ(αx).
  private mutating func swishSlope(_ x: String, _ alpha: Double) -> String {
    let scaled = alpha == 1 ? x : times(x, number(alpha))
    let gate = add("Sigmoid", [scaled])
    return times(gate, plus(number(1), times(scaled, oneMinus(gate))))
  }

  /// exp(−c·x²).
  private mutating func bell(_ x: String, _ c: Double) -> String {
    add("Exp", [times(times(x, number(-c)), x)])
  }
}
