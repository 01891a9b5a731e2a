/// Products of tensors.
///
/// A factor that doesn't come from the source is held at its magnitude, weight or not. Where both come from it:
///
/// - x·f(x), spelled in whatever elementwise operators, is an activation and gets its derivative (SiLU, GELU, ...);
/// - a *gate* is held at its observed magnitude: attention weights, what a sigmoid lets through, the factor of a
///   normalisation (Ali et al., "XAI for Transformers", ICML 2022, hold the same ones);
/// - where neither factor is more of a gate than the other, each is held for the other's sake and the two add.
extension MagnitudeRewrite {
  static let productRules: [String: Rule] = [
    "Mul": { rewrite, node throws(Untraceable) in try rewrite.multiply(node) },
    "Div": { rewrite, node throws(Untraceable) in try rewrite.divide(node) },
    "MatMul": { rewrite, node throws(Untraceable) in try rewrite.matrixProduct(node) },
    "FusedMatMul": { rewrite, node throws(Untraceable) in try rewrite.matrixProduct(node) },
    "Einsum": { rewrite, node throws(Untraceable) in try rewrite.einsum(node) },
  ]

  /// How much a tensor looks like what others are multiplied by.
  enum Gate: Int, Comparable {
    case none, activation, squashed, statistic

    static func < (a: Gate, b: Gate) -> Bool { a.rawValue < b.rawValue }
  }

  /// Looks through layouts, constant factors and functions of one element at what makes a tensor: a reduction, a
  /// squashing function, another activation, or none of them.
  mutating func gate(_ tensor: String) -> Gate {
    var tensor = tensor
    while tensor != source, let number = model.index.producer(of: tensor) {
      let node = model.proto.graph.node[number]
      let data = node.input.filter { model.index.dependence(of: $0) == .data }
      switch node.opType {
      case "Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid", "Tanh", "Clip": return .squashed
      case let name where name.hasPrefix("Reduce"): return .statistic
      case "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Dropout", "Cast", "Expand", "Tile",
        "Slice", "Split", "Sqrt", "Reciprocal", "Pow", "Exp", "Log", "Abs", "Neg":
        tensor = node.input[0]
      case "Max" where data.count == 1, "Min" where data.count == 1, "Add" where data.count == 1, "Sub" where data.count == 1,
        "Mul" where data.count == 1, "Div" where data.count == 1, "Where" where data.count == 1:
        tensor = data[0]
      case "Mul" where data.count == 2:
        // x·σ(x), or a product of two gates.
        return root(of: tensor) != tensor ? .activation : min(gate(data[0]), gate(data[1]))
      case let name where OperatorTraits.activations.contains(name): return .activation
      default: return .none
      }
    }
    return .none
  }

  /// The magnitudes of a product of two tensors: one term for each factor that isn't held.
  mutating func productTerms(
    _ x: String, _ y: String, _ product: (inout MagnitudeRewrite, String, String) -> String
  ) throws(Untraceable) -> [String?] {
    var (takesX, takesY) = (follows(x), follows(y))
    if takesX && takesY {
      let (gateX, gateY) = (gate(x), gate(y))
      takesX = gateX <= gateY
      takesY = gateY <= gateX
    }
    var terms: [String?] = []
    if takesX, let magnitude = try magnitude(x) { terms.append(product(&self, magnitude, try heldMagnitude(y))) }
    if takesY, let magnitude = try magnitude(y) { terms.append(product(&self, try heldMagnitude(x), magnitude)) }
    return terms
  }

  private mutating func multiply(_ node: Onnx_NodeProto) throws(Untraceable) {
    if try carryAsActivation(node) { return }
    let terms = try productTerms(node.input[0], node.input[1]) { $0.addFlow("Mul", [$1, $2]) }
    carry(sum(terms), to: node.output[0])
  }

  /// A divisor is held: it normalises. Only c/y is a function of its divisor alone.
  private mutating func divide(_ node: Onnx_NodeProto) throws(Untraceable) {
    guard follows(node.input[0]) else { return try activate(node) }
    if try carryAsActivation(node) { return }
    let magnitude = try magnitude(node.input[0])
    let divisor = try heldMagnitude(node.input[1])
    carry(magnitude.map { addFlow("Div", [$0, divisor]) }, to: node.output[0])
  }

  private mutating func matrixProduct(_ node: Onnx_NodeProto) throws(Untraceable) {
    var product = node
    for place in product.attribute.indices where product.attribute[place].name == "alpha" {
      product.attribute[place].f = abs(product.attribute[place].f)
    }
    let terms = try productTerms(node.input[0], node.input[1]) { $0.addFlow(copying: product, inputs: [$1, $2])[0] }
    carry(sum(terms), to: node.output[0])
  }

  /// Labels have one length everywhere, so what is held is repeated along the batch where it has that axis.
  private mutating func einsum(_ node: Onnx_NodeProto) throws(Untraceable) {
    guard node.input.count <= 2 else {
      throw Untraceable("operator \(node.label) has a rule for two operands only")
    }
    if node.input.count == 1 {
      let magnitude = try magnitude(node.input[0])
      return carry(magnitude.map { addFlow(copying: node, inputs: [$0])[0] }, to: node.output[0])
    }
    let shapes = try node.input.map { input throws(Untraceable) in
      model.index.dependence(of: input) == .data && batchAxis(of: input) != nil
        ? constant(try batchedShape(of: input)) : nil
    }
    let (x, y) = (node.input[0], node.input[1])
    let terms = try productTerms(x, y) { rewrite, a, b in
      let operands = zip([a, b], shapes).map { name, shape in
        shape.map { rewrite.addFlow("Expand", [name, $0]) } ?? name
      }
      return rewrite.addFlow(copying: node, inputs: operands)[0]
    }
    carry(sum(terms), to: node.output[0])
  }
}
