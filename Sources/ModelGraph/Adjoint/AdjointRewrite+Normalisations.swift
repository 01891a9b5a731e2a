/// Normalisations, derived with their means and scales.
extension AdjointRewrite {
  static let normalisationRules: [String: Rule] = [
    "BatchNormalization": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveBatchNormalization(node, gradients[0]!)
    },
    "InstanceNormalization": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      let x = node.input[0]
      let axes = Array(2..<(try rewrite.shape(of: x).count))
      let scale = rewrite.alongChannels(node.input[1], rank: axes.count + 2)
      let whole = try rewrite.whole(gradients[0]!, like: node.output[0])
      rewrite.contribute(
        rewrite.normalised(rewrite.times(whole, scale), x, axes, epsilon: node.epsilon, isCentred: true), to: x)
    },
    "GroupNormalization": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveGroupNormalization(node, gradients[0]!)
    },
    "LayerNormalization": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveLayerNormalization(node, gradients, isCentred: true)
    },
    "RMSNormalization": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveLayerNormalization(node, gradients, isCentred: false)
    },
    "SimplifiedLayerNormalization": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveLayerNormalization(node, gradients, isCentred: false)
    },
    "SkipLayerNormalization": Rule(positions: [0, 1]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveSkipNormalization(node, gradients, biases: [4], isCentred: true)
    },
    "SkipSimplifiedLayerNormalization": Rule(positions: [0, 1]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveSkipNormalization(node, gradients, biases: [3], isCentred: false)
    },
    "LpNormalization": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveLpNormalization(node, gradients[0]!)
    },
    "LRN": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveLocalResponse(node, gradients[0]!)
    },
    "MeanVarianceNormalization": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      let x = node.input[0]
      let axes = node.integers("axes") ?? [0, 2, 3]
      guard !axes.contains(0) else { throw rewrite.refusal(node, "a rule for means within a row only") }
      let whole = try rewrite.whole(gradients[0]!, like: node.output[0])
      rewrite.contribute(rewrite.normalised(whole, x, axes, epsilon: 1e-9, isCentred: true), to: x)
    },
  ]

  /// γ/√(σ² + ε) a channel, which the runtime folds when it loads.
  private mutating func deriveBatchNormalization(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    guard node.integer("training_mode") ?? 0 == 0, node.input.count == 5 else {
      throw refusal(node, "a rule for inference only")
    }
    let deviation = add("Sqrt", [plus(node.input[4], number(node.epsilon))])
    let factor = over(node.input[1], deviation)
    let rank = try shape(of: node.input[0]).count
    // What broadcasts doesn't along channels, or it is whole already.
    let whole = try whole(gradient, like: node.output[0])
    contribute(times(whole, alongChannels(factor, rank: rank)), to: node.input[0])
  }

  private mutating func deriveLayerNormalization(
    _ node: Onnx_NodeProto, _ gradients: [Gradient?], isCentred: Bool
  ) throws(Undifferentiable) {
    guard let gradient = gradients[0], gradients.dropFirst().allSatisfy({ $0 == nil }) else {
      throw refusal(node, "a rule for its first output only")
    }
    let x = node.input[0]
    let rank = try shape(of: x).count
    let axis = node.integer("axis") ?? -1
    let axes = Array((axis < 0 ? axis + rank : axis)..<rank)
    let scaled = times(try whole(gradient, like: node.output[0]), node.input[1])
    guard node.isStandard, node.opType == "LayerNormalization", numberType == .float else {
      return contribute(normalised(scaled, x, axes, epsilon: node.epsilon, isCentred: isCentred), to: x)
    }
    // The operator gives the mean and the inverse deviation itself.
    let (mean, inverse) = (further(output: 1), further(output: 2))
    contribute(normalised(scaled, centred: minus(x, mean), inverse: inverse, axes, isCentred: true), to: x)
  }

  /// x + skip + bias, normalised; the sum itself is the fourth output.
  private mutating func deriveSkipNormalization(
    _ node: Onnx_NodeProto, _ gradients: [Gradient?], biases: [Int], isCentred: Bool
  ) throws(Undifferentiable) {
    let (x, skip) = (node.input[0], node.input[1])
    var sum = plus(x, skip)
    for bias in biases { if let bias = node.input(at: bias) { sum = plus(sum, bias) } }
    var total: String?
    if let gradient = gradients[0] {
      let scaled = times(try whole(gradient, like: node.output[0]), node.input[2])
      let epsilon = node.attribute("epsilon").map { Double($0.f) } ?? 1e-12
      total = normalised(scaled, sum, [try shape(of: x).count - 1], epsilon: epsilon, isCentred: isCentred)
    }
    if gradients.count > 3, let passed = gradients[3] {
      let whole = try whole(passed, like: node.output[3])
      total = total.map { plus($0, whole) } ?? whole
    }
    guard let total else { return }
    for operand in [x, skip] where varies(operand) {
      try contribute(Gradient(name: total, isWhole: true), broadcastFrom: operand, to: node.output[0])
    }
  }

  /// Channels in groups, each with its own mean and scale. γ has one entry a group up to opset 20 and one a channel
  /// after that.
  private mutating func deriveGroupNormalization(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let x = node.input[0]
    let shape = try shape(of: x)
    guard node.isStandard, let groups = node.integer("num_groups"), shape.count > 2 else {
      throw refusal(node, "a rule for the standard's form only")
    }
    let channels = shape[1]
    var scale = node.input[1]
    if opset < 21 {
      let column = add("Reshape", [scale, integers([groups, 1])])
      scale = add("Reshape", [add("Expand", [column, integers([groups, channels / groups])]), integers([channels])])
    }
    let scaled = times(try whole(gradient, like: node.output[0]), alongChannels(scale, rank: shape.count))
    let grouped = [shape[0], groups, shape.dropFirst().reduce(1, *) / groups]
    let result = normalised(
      reshape(scaled, grouped), reshape(x, grouped), [2], epsilon: node.epsilon, isCentred: true)
    contribute(reshape(result, shape), to: x)
  }

  /// ‖x‖ along an axis, of order 1 or 2.
  private mutating func deriveLpNormalization(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    let rank = try shape(of: x).count
    let axis = node.integer("axis") ?? -1
    let axes = [axis < 0 ? axis + rank : axis]
    let isFirst = node.integer("p") == 1
    let norm = reduce(isFirst ? "ReduceL1" : "ReduceL2", x, axes, axesAreInputFrom: 18)
    let whole = try whole(gradient, like: y)
    let along = reduceSum(times(whole, y), axes)
    contribute(over(minus(whole, times(isFirst ? add("Sign", [x]) : y, along)), norm), to: x)
  }

  /// y = x·s^(−β), s = bias + α/n·Σ x² over n neighbouring channels: the derivative is
  /// g·s^(−β) − 2αβ/n·x·Σ g·x·s^(−β−1), summed over the channels whose neighbour this one is.
  private mutating func deriveLocalResponse(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let x = node.input[0]
    let shape = try shape(of: x)
    let size = node.integer("size") ?? 1
    let float = { (name: String, standard: Double) in node.attribute(name).map { Double($0.f) } ?? standard }
    let (alpha, beta) = (float("alpha", 1e-4), float("beta", 0.75))
    let plane = [shape[0], 1, shape[1], shape.dropFirst(2).reduce(1, *)]
    func means(_ values: String, _ before: Int, _ after: Int) -> String {
      add(
        "AveragePool", [values],
        ["kernel_shape": .ints([size, 1]), "pads": .ints([before, 0, after, 0]), "count_include_pad": .int(1)])
    }
    let (before, after) = ((size - 1) / 2, size / 2)
    let flat = reshape(x, plane)
    let whole = reshape(try whole(gradient, like: node.output[0]), plane)
    let sum = plus(times(means(times(flat, flat), before, after), number(alpha)), number(float("bias", 1)))
    let power = add("Pow", [sum, number(-beta)])
    let product = times(times(whole, flat), over(power, sum))
    let crossed = times(times(flat, number(2 * alpha * beta)), means(product, after, before))
    contribute(reshape(minus(times(whole, power), crossed), shape), to: x)
  }

  // MARK: Parts

  /// The derivative of x̂ = (x − mean x)/√(var x + ε) along axes: (g − mean g − x̂·mean(g·x̂))/√(var x + ε); without a
  /// centre, that of x/√(mean x² + ε) lacks mean g.
  mutating func normalised(_ g: String, _ x: String, _ axes: [Int], epsilon: Double, isCentred: Bool) -> String {
    let centred = isCentred ? minus(x, reduceMean(x, axes)) : x
    let variance = reduceMean(times(centred, centred), axes)
    let inverse = over(number(1), add("Sqrt", [plus(variance, number(epsilon))]))
    return normalised(g, centred: centred, inverse: inverse, axes, isCentred: isCentred)
  }

  /// - Parameters:
  ///   - centred: x less its mean.
  ///   - inverse: 1/√(var x + ε).
  private mutating func normalised(
    _ g: String, centred: String, inverse: String, _ axes: [Int], isCentred: Bool
  ) -> String {
    let standard = times(centred, inverse)
    let along = times(standard, reduceMean(times(g, standard), axes))
    let rest = isCentred ? minus(minus(g, reduceMean(g, axes)), along) : minus(g, along)
    return times(rest, inverse)
  }

  /// One number a channel, laid along the second of several axes.
  private mutating func alongChannels(_ scale: String, rank: Int) -> String {
    rank < 2 ? scale : add("Reshape", [scale, integers([1, -1] + [Int](repeating: 1, count: rank - 2))])
  }
}

extension Onnx_NodeProto {
  /// What keeps a normalisation from dividing by 0; the standard's 1e-5 where it isn't given.
  fileprivate var epsilon: Double { attribute("epsilon").map { Double($0.f) } ?? 1e-5 }
}
