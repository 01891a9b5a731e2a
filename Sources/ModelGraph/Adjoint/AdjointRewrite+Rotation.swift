/// Rotary positions. Attention in one operator is written in ordinary ones, and has no rule of its own.
extension AdjointRewrite {
  static let rotationRules: [String: Rule] = [
    "RotaryEmbedding": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      // A rotation, and its derivative is the rotation back.
      let sinePosition = node.isStandard ? 2 : 3
      var inputs = node.input
      inputs[0] = try rewrite.whole(gradients[0]!, like: node.output[0])
      inputs[sinePosition] = rewrite.negative(node.input[sinePosition])
      rewrite.contribute(rewrite.add(copying: node, inputs: inputs), to: node.input[0])
    }
  ]
}
