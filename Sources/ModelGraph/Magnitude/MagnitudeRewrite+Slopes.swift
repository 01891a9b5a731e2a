internal import FoundationEssentials

extension MagnitudeRewrite {
  /// A derivative, of either sign.
  enum Slope {
    /// 1 everywhere.
    case unit
    /// A tensor of the observation.
    case observed(String)
  }

  /// The derivative of an operator's output by one of its inputs, element by element, at what was observed.
  ///
  /// At a kink it is the derivative from the left, so that ReLU'(0) = 0.
  mutating func partialSlope(of node: Onnx_NodeProto, _ position: Int) throws(Untraceable) -> Slope {
    let (x, y) = (node.input[position], node.output[0])
    let float = { (name: String, standard: Double) in node.attribute(name).map { Double($0.f) } ?? standard }
    switch node.opType {
    case "Add", "Identity", "Cast":
      return .unit
    case "Sub":
      return position == 0 ? .unit : .observed(number(-1))
    case "Neg":
      return .observed(number(-1))
    case "Mul":
      return .observed(node.input[1 - position])
    case "Div":
      let inverse = observe("Reciprocal", [node.input[1]])
      return .observed(position == 0 ? inverse : negative(times(y, inverse)))
    case "Relu":
      return .observed(isAbove(x, number(0)))
    case "LeakyRelu":
      return .observed(choose(isAbove(x, number(0)), number(1), number(float("alpha", 0.01))))
    case "PRelu":
      guard position == 0 else { break }
      return .observed(choose(isAbove(x, number(0)), number(1), node.input[1]))
    case "ThresholdedRelu":
      return .observed(isAbove(x, number(float("alpha", 1))))
    case "Elu":
      return .observed(choose(isAbove(x, number(0)), number(1), plus(y, number(float("alpha", 1)))))
    case "Selu":
      let (alpha, gamma) = (float("alpha", 1.6732632), float("gamma", 1.0507010))
      return .observed(choose(isAbove(x, number(0)), number(gamma), plus(y, number(alpha * gamma))))
    case "Celu":
      let below = observe("Min", [x, number(0)])
      let slope = observe("Exp", [observe("Div", [below, number(float("alpha", 1))])])
      return .observed(choose(isAbove(x, number(0)), number(1), slope))
    case "Clip":
      guard position == 0 else { break }
      return .observed(clipSlope(of: node))
    case "Sigmoid":
      return .observed(times(y, oneMinus(y)))
    case "HardSigmoid":
      let inside = times(isAbove(y, number(0)), isAbove(number(1), y))
      return .observed(times(inside, number(float("alpha", 0.2))))
    case "Tanh":
      return .observed(oneMinus(times(y, y)))
    case "Softplus":
      return .observed(observe("Sigmoid", [x]))
    case "Softsign":
      let inverse = observe("Reciprocal", [plus(observe("Abs", [x]), number(1))])
      return .observed(times(inverse, inverse))
    case "Erf":
      return .observed(times(number(2 / Double.pi.squareRoot()), bell(x, 1)))
    case "Gelu":
      let isTanh = node.attribute("approximate").map { $0.s.elementsEqual("tanh".utf8) } ?? false
      return .observed(isTanh ? tanhGeluSlope(x) : geluSlope(x))
    case "FastGelu":
      return .observed(tanhGeluSlope(node.input(at: 1).map { plus(node.input[0], $0) } ?? x))
    case "BiasGelu":
      return .observed(geluSlope(plus(node.input[0], node.input[1])))
    case "QuickGelu":
      return .observed(swishSlope(x, float("alpha", 1.702)))
    case "Swish":
      return .observed(swishSlope(x, float("alpha", 1)))
    case "HardSwish":
      let middle = times(isAbove(x, number(-3)), plus(times(x, number(1.0 / 3)), number(0.5)))
      return .observed(choose(isAbove(x, number(3)), number(1), middle))
    case "Mish":
      let gate = observe("Tanh", [observe("Softplus", [x])])
      return .observed(plus(gate, times(x, times(observe("Sigmoid", [x]), oneMinus(times(gate, gate))))))
    case "Exp":
      return .observed(y)
    case "Log", "Sqrt":
      let inverse = observe("Reciprocal", [node.opType == "Log" ? x : y])
      return .observed(node.opType == "Log" ? inverse : times(number(0.5), inverse))
    case "Reciprocal":
      return .observed(negative(times(y, y)))
    case "Abs":
      return .observed(observe("Sign", [x]))
    case "Sin":
      return .observed(observe("Cos", [x]))
    case "Cos":
      return .observed(negative(observe("Sin", [x])))
    case "Pow":
      guard position == 0 else { break }
      let exponent = observe("Cast", [node.input[1]], ["to": .int(Int(ElementType.float.rawValue))])
      return .observed(times(exponent, observe("Pow", [x, plus(exponent, number(-1))])))
    case "Max", "Min":
      // Of equal operands the second is taken for the larger, as in max(x, 0).
      guard node.input.count == 2 else { break }
      let isFirst =
        node.opType == "Max" ? isAbove(node.input[0], node.input[1]) : isAbove(node.input[1], node.input[0])
      return .observed(position == 0 ? isFirst : oneMinus(isFirst))
    default:
      break
    }
    throw Untraceable("operator \(node.label) has no rule for its input \(position)")
  }

  // MARK: Functions

  /// 1 between the bounds, which are attributes up to version 6 of the operator and inputs after that.
  private mutating func clipSlope(of node: Onnx_NodeProto) -> String {
    let x = node.input[0]
    let low = node.input(at: 1) ?? node.attribute("min").map { number(Double($0.f)) }
    let high = node.input(at: 2) ?? node.attribute("max").map { number(Double($0.f)) }
    let bounds = [low.map { isAbove(x, $0) }, high.map { isAbove($0, x) }].compactMap(\.self)
    return bounds.count == 2 ? times(bounds[0], bounds[1]) : bounds.first ?? number(1)
  }

  /// Φ(x) + x·φ(x).
  private mutating func geluSlope(_ x: String) -> String {
    let half = plus(observe("Erf", [times(x, number(0.5.squareRoot()))]), number(1))
    return plus(times(number(0.5), half), times(x, times(number(1 / (2 * Double.pi).squareRoot()), bell(x, 0.5))))
  }

  /// Of ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³).
  private mutating func tanhGeluSlope(_ x: String) -> String {
    let scale = (2 / Double.pi).squareRoot()
    let square = times(x, x)
    let inner = times(times(x, number(scale)), plus(number(1), times(number(0.044715), square)))
    let tanh = observe("Tanh", [inner])
    let innerSlope = times(number(scale), plus(number(1), times(number(3 * 0.044715), square)))
    return times(
      number(0.5), plus(plus(number(1), tanh), times(times(x, oneMinus(times(tanh, tanh))), innerSlope)))
  }

  /// Of x·σ(αx).
  private mutating func swishSlope(_ x: String, _ alpha: Double) -> String {
    let gate = observe("Sigmoid", [times(x, number(alpha))])
    return times(gate, plus(number(1), times(times(x, number(alpha)), oneMinus(gate))))
  }

  // MARK: Arithmetic

  private mutating func number(_ value: Double) -> String { constant([value], isScalar: true) }
  private mutating func plus(_ a: String, _ b: String) -> String { observe("Add", [a, b]) }
  private mutating func times(_ a: String, _ b: String) -> String { observe("Mul", [a, b]) }
  private mutating func negative(_ a: String) -> String { observe("Neg", [a]) }
  private mutating func oneMinus(_ a: String) -> String { observe("Sub", [number(1), a]) }

  /// exp(−c·x²).
  private mutating func bell(_ x: String, _ c: Double) -> String {
    observe("Exp", [times(number(-c), times(x, x))])
  }

  /// 1 where a > b, else 0.
  private mutating func isAbove(_ a: String, _ b: String) -> String {
    observe("Cast", [observe("Greater", [a, b])], ["to": .int(Int(ElementType.float.rawValue))])
  }

  /// a where the gate is 1, b where it is 0. Both must be finite: Where is younger than some models.
  private mutating func choose(_ gate: String, _ a: String, _ b: String) -> String {
    plus(times(gate, a), times(oneMinus(gate), b))
  }
}
