/// Attention in one operator: its weights are held, so only the values carry magnitude.
///
/// Attention weights are positive and add up to 1, and the output is linear in the values: the operator itself does to
/// magnitudes what it does to values, with queries and keys as observed.
extension MagnitudeRewrite {
  static let attentionRules: [String: Rule] = [
    "Attention": { rewrite, node throws(Untraceable) in try rewrite.attend(node) },
    "MultiHeadAttention": { rewrite, node throws(Untraceable) in try rewrite.attend(node) },
  ]

  private mutating func attend(_ node: Onnx_NodeProto) throws(Untraceable) {
    let isStandard = node.isStandard
    // Past keys and values come with a cache of their own; packed projections hide the values.
    guard isStandard == (node.opType == "Attention"), node.input(at: 1) != nil, let value = node.input(at: 2),
      node.output.dropFirst().allSatisfy(\.isEmpty), node.input.count <= (isStandard ? 4 : 6),
      isStandard || node.input(at: 3) == nil
    else {
      throw Untraceable("operator \(node.label) has a rule for separate queries, keys and values without a cache only")
    }
    guard let magnitude = try magnitude(value) else { return carry(nil, to: node.output[0]) }
    var inputs: [String] = []
    for (position, input) in node.input.enumerated() {
      switch position {
      case 0, 1: inputs.append(addFlow("Expand", [try held(input), constant(try batchedShape(of: input))]))
      case 2: inputs.append(magnitude)
      default: inputs.append(try held(input))
      }
    }
    carry(addFlow(copying: node, inputs: inputs)[0], to: node.output[0])
  }
}
