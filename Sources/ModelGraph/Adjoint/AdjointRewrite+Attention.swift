/// Rotary positions and attention in one operator.
extension AdjointRewrite {
  static let attentionRules: [String: Rule] = [
    "RotaryEmbedding": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      // A rotation, and its derivative is the rotation back.
      let sinePosition = node.isStandard ? 2 : 3
      var inputs = node.input
      inputs[0] = try rewrite.whole(gradients[0]!, like: node.output[0])
      inputs[sinePosition] = rewrite.negative(node.input[sinePosition])
      rewrite.contribute(rewrite.add(copying: node, inputs: inputs), to: node.input[0])
    },
    "MultiHeadAttention": Rule(positions: [0, 1, 2]) { rewrite, node, gradients throws(Undifferentiable) in
      guard !node.isStandard, let heads = node.integer("num_heads"), node.input(at: 3) == nil, node.input(at: 4) == nil,
        node.input.count <= 6, node.input(at: 1) != nil, node.input(at: 2) != nil,
        node.output.dropFirst().allSatisfy(\.isEmpty), node.integer("unidirectional") ?? 0 == 0
      else { throw rewrite.refusal(node, "a rule for separate queries, keys and values without masks and caches only") }
      try rewrite.deriveAttention(node, gradients[0]!, heads: (heads, heads), bias: node.input(at: 5))
    },
    "Attention": Rule(positions: [0, 1, 2]) { rewrite, node, gradients throws(Undifferentiable) in
      guard node.isStandard, node.input.count <= 4, node.output.dropFirst().allSatisfy(\.isEmpty),
        node.integer("is_causal") ?? 0 == 0, node.attribute("softcap")?.f ?? 0 == 0
      else { throw rewrite.refusal(node, "a rule for separate queries, keys and values without caches only") }
      let mask = node.input(at: 3)
      if let mask, rewrite.types[mask] == .bool { throw rewrite.refusal(node, "a rule for masks that are added only") }
      let heads = (node.integer("q_num_heads"), node.integer("kv_num_heads"))
      try rewrite.deriveAttention(
        node, gradients[0]!, heads: heads.0.flatMap { q in heads.1.map { (q, $0) } }, bias: mask)
    },
  ]

  /// softmax(s·QKᵀ + bias)·V, with the attention weights computed again (as memory-saving attention does, Dao et al. 2022).
  ///
  /// - Parameter heads: of queries and of keys, where the operands are [rows, positions, heads·width]; `nil` where they are
  ///   [rows, heads, positions, width].
  private mutating func deriveAttention(
    _ node: Onnx_NodeProto, _ gradient: Gradient, heads: (Int, Int)?, bias: String?
  ) throws(Undifferentiable) {
    let (q, k, v, y) = (node.input[0], node.input[1], node.input[2], node.output[0])
    let shapes = try [q, k, v, y].map { name throws(Undifferentiable) in try shape(of: name) }
    let isPacked = shapes[0].count == 3
    guard shapes.allSatisfy({ $0.count == shapes[0].count }), !isPacked || heads != nil,
      isPacked ? heads!.0 == heads!.1 : shapes[0][1] == shapes[1][1]
    else { throw refusal(node, "a rule for as many heads of keys as of queries only") }
    func split(_ name: String, _ shape: [Int]) -> String {
      guard isPacked, let heads else { return name }
      return transpose(reshape(name, [shape[0], shape[1], heads.0, shape[2] / heads.0]), [0, 2, 1, 3])
    }
    func joined(_ name: String, _ shape: [Int]) -> String {
      isPacked ? reshape(transpose(name, [0, 2, 1, 3]), shape) : name
    }
    let width = isPacked ? shapes[0][2] / heads!.0 : shapes[0][3]
    let named = node.attribute("scale").map { Double($0.f) } ?? 0
    let scale = number(named == 0 ? 1 / Double(width).squareRoot() : named)
    let whole = split(try whole(gradient, like: y), shapes[3])
    let (query, key, values) = (split(q, shapes[0]), split(k, shapes[1]), split(v, shapes[2]))
    let flipped = [0, 1, 3, 2]

    var logits = times(add("MatMul", [query, transpose(key, flipped)]), scale)
    if let bias { logits = plus(logits, bias) }
    let weights = add("Softmax", [logits], ["axis": .int(opset >= 13 ? -1 : 3)])
    if varies(v) { contribute(joined(add("MatMul", [transpose(weights, flipped), whole]), shapes[2]), to: v) }
    guard varies(q) || varies(k) else { return }
    let weighted = times(add("MatMul", [whole, transpose(values, flipped)]), weights)
    let inner = minus(weighted, times(weights, reduceSum(weighted, [3])))
    let scaled = times(inner, scale)
    if varies(q) { contribute(joined(add("MatMul", [scaled, key]), shapes[0]), to: q) }
    if varies(k) { contribute(joined(add("MatMul", [transpose(scaled, flipped), query]), shapes[1]), to: k) }
  }
}
