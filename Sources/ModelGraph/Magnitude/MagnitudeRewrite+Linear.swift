/// Convolutions and matrix products with weights: the same with |W|, without the bias.
extension MagnitudeRewrite {
  static let linearRules: [String: Rule] = [
    "Conv": { rewrite, node throws(Untraceable) in try rewrite.convolve(node) },
    "ConvTranspose": { rewrite, node throws(Untraceable) in try rewrite.convolve(node) },
    "Gemm": { rewrite, node throws(Untraceable) in try rewrite.gemm(node) },
  ]

  private mutating func convolve(_ node: Onnx_NodeProto) throws(Untraceable) {
    guard !follows(node.input[1]) else {
      throw Untraceable("operator \(node.label) has a rule for kernels that don't follow from the layer only")
    }
    guard let magnitude = try magnitude(node.input[0]) else { return carry(nil, to: node.output[0]) }
    let weights = try heldMagnitude(node.input[1])
    carry(addFlow(copying: node, inputs: [magnitude, weights])[0], to: node.output[0])
  }

  /// alpha·A·B + beta·C: A, B and C may each bring magnitude.
  private mutating func gemm(_ node: Onnx_NodeProto) throws(Untraceable) {
    var product = node
    for place in product.attribute.indices where product.attribute[place].name == "alpha" {
      product.attribute[place].f = abs(product.attribute[place].f)
    }
    product.attribute.removeAll { $0.name == "beta" }
    var terms = try productTerms(node.input[0], node.input[1]) { rewrite, x, y in
      rewrite.addFlow(copying: product, inputs: [x, y])[0]
    }
    if let bias = node.input(at: 2), let magnitude = try magnitude(bias) {
      let beta = constant([Double(abs(node.attribute("beta")?.f ?? 1))], isScalar: true)
      let scaled = addFlow("Mul", [magnitude, beta])
      terms.append(addFlow("Expand", [scaled, constant(try batchedShape(of: node.output[0]))]))
    }
    carry(sum(terms), to: node.output[0])
  }
}
