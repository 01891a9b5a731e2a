/// Functions of one element: magnitude times the magnitude of the derivative at the observed pre-activation.
extension MagnitudeRewrite {
  static let activationRules = rule(
    for: [
      "Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Clip", "Sigmoid", "HardSigmoid", "Tanh",
      "Softplus", "Softsign", "Erf", "Gelu", "FastGelu", "BiasGelu", "QuickGelu", "HardSwish", "Swish", "Mish", "Exp",
      "Log", "Sqrt", "Reciprocal", "Abs", "Neg", "Sin", "Cos", "Pow", "Max", "Min",
    ]
  ) { rewrite, node throws(Untraceable) in try rewrite.activate(node) }

  /// The operators that an activation may be spelled in, besides those of `activationRules`.
  private static let arithmetic: Set<String> = ["Add", "Sub", "Mul", "Div", "Identity", "Cast"]

  /// The rule of one operator: a term for each operand that follows from the source.
  mutating func activate(_ node: Onnx_NodeProto) throws(Untraceable) {
    var terms: [String?] = []
    for (position, input) in node.input.enumerated() where follows(input) {
      guard let magnitude = try magnitude(input) else { continue }
      let term = try scaled(magnitude, by: partialSlope(of: node, position))
      let isWhole = try shape(of: input) == shape(of: node.output[0])
      terms.append(isWhole ? term : addFlow("Expand", [term, constant(try batchedShape(of: node.output[0]))]))
    }
    carry(sum(terms), to: node.output[0])
  }

  /// Where the result is a function of one element of one tensor: its magnitude times the whole function's derivative.
  ///
  /// - Returns: whether it is.
  mutating func carryAsActivation(_ node: Onnx_NodeProto) throws(Untraceable) -> Bool {
    let output = node.output[0]
    guard node.input.allSatisfy(follows), case let root = root(of: output), root != output else { return false }
    let magnitude = try magnitude(root)
    var known: [String: Slope] = [root: .unit]
    let slope = try slope(of: output, &known)
    carry(try magnitude.map { name throws(Untraceable) in try scaled(name, by: slope) }, to: output)
    return true
  }

  /// The tensor that this one is a function of, element by element, as far back as there is one; else the tensor itself.
  mutating func root(of tensor: String) -> String {
    if let known = roots[tensor] { return known }
    roots[tensor] = tensor
    guard tensor != source, let number = model.index.producer(of: tensor), let shape = try? shape(of: tensor) else {
      return tensor
    }
    let node = model.proto.graph.node[number]
    guard node.isStandard, Self.arithmetic.contains(node.opType) || Self.activationRules[node.opType] != nil else {
      return tensor
    }
    let operands = node.input.filter(follows)
    guard !operands.isEmpty, operands.allSatisfy({ (try? self.shape(of: $0)) == shape }) else { return tensor }
    var found: Set<String> = []
    for operand in operands { found.insert(root(of: operand)) }
    if found.count == 1 { roots[tensor] = found.first! }
    return roots[tensor]!
  }

  /// The derivative of a tensor by its root, of either sign.
  private mutating func slope(of tensor: String, _ known: inout [String: Slope]) throws(Untraceable) -> Slope {
    if let slope = known[tensor] { return slope }
    guard let number = model.index.producer(of: tensor) else { preconditionFailure("\(tensor) is no root's function") }
    let node = model.proto.graph.node[number]
    var total: Slope?
    for (position, input) in node.input.enumerated() where follows(input) {
      let inner = try slope(of: input, &known)
      let outer = try partialSlope(of: node, position)
      let product: Slope =
        switch (inner, outer) {
        case (.unit, let other), (let other, .unit): other
        case (.observed(let a), .observed(let b)): .observed(observe("Mul", [a, b]))
        }
      total = total.map { .observed(observe("Add", [name(of: $0), name(of: product)])) } ?? product
    }
    known[tensor] = total
    return total!
  }

  private mutating func name(of slope: Slope) -> String {
    switch slope {
    case .unit: constant([1.0], isScalar: true)
    case .observed(let name): name
    }
  }

  mutating func scaled(_ magnitude: String, by slope: Slope) throws(Untraceable) -> String {
    switch slope {
    case .unit: magnitude
    case .observed(let name): addFlow("Mul", [magnitude, try hold(observed: observe("Abs", [name]))])
    }
  }
}
