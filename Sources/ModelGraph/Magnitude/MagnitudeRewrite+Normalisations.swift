/// Normalisations: means and scales are held, so what is left is a factor |γ|/σ an element.
extension MagnitudeRewrite {
  static let normalisationRules: [String: Rule] = [
    "BatchNormalization": { rewrite, node throws(Untraceable) in try rewrite.batchNormalize(node) },
    "InstanceNormalization": { rewrite, node throws(Untraceable) in
      let axes = Array(2..<(try rewrite.shape(of: node.input[0]).count))
      let deviation = rewrite.observedDeviation(of: node.input[0], axes, epsilon: node.epsilon, isCentred: true)
      try rewrite.normalize(node, by: deviation, scale: rewrite.alongChannels(node.input[1], rank: axes.count + 2))
    },
    "GroupNormalization": { rewrite, node throws(Untraceable) in try rewrite.groupNormalize(node) },
    "LayerNormalization": { rewrite, node throws(Untraceable) in try rewrite.layerNormalize(node, isCentred: true) },
    "RMSNormalization": { rewrite, node throws(Untraceable) in try rewrite.layerNormalize(node, isCentred: false) },
    "SimplifiedLayerNormalization": { rewrite, node throws(Untraceable) in
      try rewrite.layerNormalize(node, isCentred: false)
    },
    "SkipLayerNormalization": { rewrite, node throws(Untraceable) in
      try rewrite.skipNormalize(node, biases: [4], isCentred: true)
    },
    "SkipSimplifiedLayerNormalization": { rewrite, node throws(Untraceable) in
      try rewrite.skipNormalize(node, biases: [3], isCentred: false)
    },
    "LpNormalization": { rewrite, node throws(Untraceable) in try rewrite.lpNormalize(node) },
    "LRN": { rewrite, node throws(Untraceable) in try rewrite.normalizeAcrossChannels(node) },
    "Softmax": { rewrite, node throws(Untraceable) in
      // e^x over a sum that is held: the derivative is the probability itself.
      let magnitude = try rewrite.magnitude(node.input[0])
      let probability = try rewrite.hold(observed: node.output[0])
      rewrite.carry(magnitude.map { rewrite.addFlow("Mul", [$0, probability]) }, to: node.output[0])
    },
    "LogSoftmax": { rewrite, node throws(Untraceable) in
      rewrite.carry(try rewrite.magnitude(node.input[0]), to: node.output[0])
    },
  ]

  /// The operator itself, with |γ|, no means and no shift: |γ|/√(σ² + ε).
  private mutating func batchNormalize(_ node: Onnx_NodeProto) throws(Untraceable) {
    guard node.integer("training_mode") ?? 0 == 0, node.input.count == 5, !node.input.dropFirst().contains(where: follows)
    else { throw Untraceable("operator \(node.label) has a rule for inference only") }
    guard let magnitude = try magnitude(node.input[0]) else { return carry(nil, to: node.output[0]) }
    let scale = try heldMagnitude(node.input[1])
    let zero = addFlow("Sub", [scale, scale])
    let inputs = [magnitude, scale, zero, zero, try held(node.input[4])]
    var single = node
    single.output = [node.output[0]]
    carry(addFlow(copying: single, inputs: inputs)[0], to: node.output[0])
  }

  private mutating func layerNormalize(_ node: Onnx_NodeProto, isCentred: Bool) throws(Untraceable) {
    let rank = try shape(of: node.input[0]).count
    let axis = node.integer("axis") ?? -1
    let axes = Array((axis < 0 ? axis + rank : axis)..<rank)
    let deviation = observedDeviation(of: node.input[0], axes, epsilon: node.epsilon, isCentred: isCentred)
    try normalize(node, by: deviation, scale: node.input[1])
  }

  /// x + skip + bias, normalised; the sum itself is the fourth output.
  private mutating func skipNormalize(
    _ node: Onnx_NodeProto, biases: [Int], isCentred: Bool
  ) throws(Untraceable) {
    let (x, skip) = (node.input[0], node.input[1])
    let total = sum([try magnitude(x), try magnitude(skip)])
    guard try shape(of: x) == shape(of: skip) else {
      throw Untraceable("operator \(node.label) has a rule for a skip of the same shape only")
    }
    var observed = observe("Add", [x, skip])
    for bias in biases { if let bias = node.input(at: bias) { observed = observe("Add", [observed, bias]) } }
    let last = try shape(of: x).count - 1
    let deviation = observedDeviation(
      of: observed, [last], epsilon: node.attribute("epsilon").map { Double($0.f) } ?? 1e-12, isCentred: isCentred)
    let factor = try hold(observed: observe("Div", [observe("Abs", [node.input[2]]), deviation]))
    carry(total.map { addFlow("Mul", [$0, factor]) }, to: node.output[0])
    if node.output.count > 3 { carry(total, to: node.output[3]) }
  }

  /// Channels in groups, each with its own mean and scale. γ has one entry a group up to opset 20 and one a channel
  /// after that.
  private mutating func groupNormalize(_ node: Onnx_NodeProto) throws(Untraceable) {
    let shape = try shape(of: node.input[0])
    guard node.domain.isEmpty || node.domain == "ai.onnx", let groups = node.integer("num_groups"), shape.count > 2 else {
      throw Untraceable("operator \(node.label) has a rule for the standard's form only")
    }
    let channels = shape[1]
    let grouped = observe("Reshape", [node.input[0], constant([-1, groups, shape.dropFirst().reduce(1, *) / groups])])
    let deviation = observedDeviation(of: grouped, [2], epsilon: node.epsilon, isCentred: true)
    let spread = observe("Expand", [deviation, constant([1, groups, channels / groups])])
    let ones = [Int](repeating: 1, count: shape.count - 2)
    let byChannel = observe("Reshape", [spread, constant([-1, channels] + ones)])
    let scaleLength = model.opset < 21 ? groups : channels
    let scale = observe("Reshape", [node.input[1], constant([1, scaleLength, 1])])
    let scales = observe("Expand", [scale, constant([1, scaleLength, channels / scaleLength])])
    try normalize(node, by: byChannel, scale: observe("Reshape", [scales, constant([1, channels] + ones)]))
  }

  private mutating func lpNormalize(_ node: Onnx_NodeProto) throws(Untraceable) {
    let rank = try shape(of: node.input[0]).count
    let axis = node.integer("axis") ?? -1
    let norm = observeReduction(
      node.integer("p") == 1 ? "ReduceL1" : "ReduceL2", node.input[0], [axis < 0 ? axis + rank : axis],
      axesAreInputFrom: 18)
    try normalize(node, by: norm, scale: nil)
  }

  /// (bias + α·(mean of squares over neighbouring channels))^β, held.
  private mutating func normalizeAcrossChannels(_ node: Onnx_NodeProto) throws(Untraceable) {
    let shape = try shape(of: node.input[0])
    let size = node.integer("size") ?? 1
    let float = { (name: String, standard: Double) in node.attribute(name).map { Double($0.f) } ?? standard }
    let squares = observe("Mul", [node.input[0], node.input[0]])
    let plane = observe("Reshape", [squares, constant([-1, 1, shape[1], shape.dropFirst(2).reduce(1, *)])])
    let means = observe(
      "AveragePool", [plane],
      [
        "kernel_shape": .ints([size, 1]), "pads": .ints([(size - 1) / 2, 0, size / 2, 0]), "count_include_pad": .int(1),
      ])
    let scaled = observe("Mul", [means, constant([float("alpha", 1e-4)], isScalar: true)])
    let power = observe(
      "Pow",
      [
        observe("Add", [scaled, constant([float("bias", 1)], isScalar: true)]),
        constant([float("beta", 0.75)], isScalar: true),
      ])
    try normalize(node, by: observe("Reshape", [power, constant([-1] + shape.dropFirst())]), scale: nil)
  }

  // MARK: Parts

  /// Magnitude times |scale|/deviation, both of the observation.
  private mutating func normalize(
    _ node: Onnx_NodeProto, by deviation: String, scale: String?
  ) throws(Untraceable) {
    let magnitude = try magnitude(node.input[0])
    let numerator = scale.map { observe("Abs", [$0]) } ?? constant([1.0], isScalar: true)
    let factor = try hold(observed: observe("Div", [numerator, deviation]))
    carry(magnitude.map { addFlow("Mul", [$0, factor]) }, to: node.output[0])
  }

  /// √(mean (x − mean x)² + ε) along axes, or √(mean x² + ε).
  private mutating func observedDeviation(
    of tensor: String, _ axes: [Int], epsilon: Double, isCentred: Bool
  ) -> String {
    var x = tensor
    if isCentred { x = observe("Sub", [x, observeReduction("ReduceMean", x, axes, axesAreInputFrom: 18)]) }
    let mean = observeReduction("ReduceMean", observe("Mul", [x, x]), axes, axesAreInputFrom: 18)
    return observe("Sqrt", [observe("Add", [mean, constant([epsilon], isScalar: true)])])
  }

  /// One number a channel, laid along the second of several axes.
  private mutating func alongChannels(_ scale: String, rank: Int) -> String {
    observe("Reshape", [scale, constant([1, -1] + [Int](repeating: 1, count: rank - 2))])
  }
}

extension Onnx_NodeProto {
  /// What keeps a normalisation from dividing by 0; the standard's 1e-5 where it isn't given.
  fileprivate var epsilon: Double { attribute("epsilon").map { Double($0.f) } ?? 1e-5 }
}
