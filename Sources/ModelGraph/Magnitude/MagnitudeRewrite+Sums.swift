/// Sums: magnitudes add, whatever the signs, so skip paths count; what doesn't come from the source is a bias.
extension MagnitudeRewrite {
  static let sumRules: [String: Rule] = [
    "Add": { rewrite, node throws(Untraceable) in try rewrite.add(node) },
    "Sub": { rewrite, node throws(Untraceable) in try rewrite.add(node) },
    "Sum": { rewrite, node throws(Untraceable) in try rewrite.add(node) },
    "Mean": { rewrite, node throws(Untraceable) in try rewrite.add(node, dividedBy: node.input.count) },
    "Where": { rewrite, node throws(Untraceable) in try rewrite.choose(node) },
  ]

  private mutating func add(_ node: Onnx_NodeProto, dividedBy count: Int = 1) throws(Untraceable) {
    var terms: [String?] = []
    for input in node.input where follows(input) {
      if try !isStatistic(input, of: node) { terms.append(try expanded(input, to: node.output[0])) }
    }
    var total = sum(terms)
    if count > 1, let sum = total { total = addFlow("Div", [sum, constant([Double(count)], isScalar: true)]) }
    carry(total, to: node.output[0])
  }

  /// Whether an operand is a mean or a maximum that a normalisation takes away from what it is of: a reduction,
  /// repeated along the axes over which it was made.
  private mutating func isStatistic(_ input: String, of node: Onnx_NodeProto) throws(Untraceable) -> Bool {
    guard node.input.count == 2, let other = node.input.first(where: { $0 != input }) else { return false }
    let isRepeated = try shape(of: input) != shape(of: node.output[0])
    return isRepeated && gate(input) == .statistic && gate(other) != .statistic
  }

  /// The condition is held; each element comes from where it was taken.
  private mutating func choose(_ node: Onnx_NodeProto) throws(Untraceable) {
    let zero = constant([0.0], isScalar: true)
    let (first, second) = (try magnitude(node.input[1]), try magnitude(node.input[2]))
    guard first != nil || second != nil else { return carry(nil, to: node.output[0]) }
    let chosen = addFlow("Where", [try held(node.input[0]), first ?? zero, second ?? zero])
    carry(addFlow("Expand", [chosen, constant(try batchedShape(of: node.output[0]))]), to: node.output[0])
  }

  /// The magnitude of an operand, repeated to the shape of the result.
  private mutating func expanded(_ input: String, to output: String) throws(Untraceable) -> String? {
    guard let magnitude = try magnitude(input) else { return nil }
    guard try shape(of: input) != shape(of: output) else { return magnitude }
    return addFlow("Expand", [magnitude, constant(try batchedShape(of: output))])
  }
}
