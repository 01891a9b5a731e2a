/// Convolutions and matrix products.
extension AdjointRewrite {
  static let linearRules: [String: Rule] = [
    "Conv": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveConvolution(node, gradients[0]!)
    },
    "ConvTranspose": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveTransposedConvolution(node, gradients[0]!)
    },
    "Gemm": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveGemm(node, gradients[0]!)
    },
    "MatMul": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveMatrixProduct(node, gradients[0]!)
    },
    "Einsum": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveEinsum(node, gradients[0]!)
    },
  ]

  /// How a kernel slides over space.
  struct Window {
    let kernel: [Int]
    let strides: [Int]
    let dilations: [Int]
    /// In front, then behind.
    let before: [Int]
    let after: [Int]

    /// The positions that the kernel spans along an axis.
    func extent(_ axis: Int) -> Int { dilations[axis] * (kernel[axis] - 1) + 1 }
  }

  /// - Parameters:
  ///   - small, large: lengths of the spatial axes on the side with the fewer positions and on the other.
  func window(_ node: Onnx_NodeProto, kernel: [Int], small: [Int], large: [Int]) throws(Undifferentiable) -> Window {
    let ones = [Int](repeating: 1, count: kernel.count)
    let strides = node.integers("strides") ?? ones
    let dilations = node.integers("dilations") ?? ones
    var before = [Int](repeating: 0, count: kernel.count)
    var after = before
    switch node.attribute("auto_pad").map({ String(decoding: $0.s, as: UTF8.self) }) ?? "NOTSET" {
    case "VALID": break
    case let mode where mode.hasPrefix("SAME"):
      for axis in kernel.indices {
        let total = max((small[axis] - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1 - large[axis], 0)
        before[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2
        after[axis] = total - before[axis]
      }
    default:
      if let pads = node.integers("pads") {
        before = Array(pads.prefix(kernel.count))
        after = Array(pads.dropFirst(kernel.count))
      }
    }
    guard [strides, dilations, before, after].allSatisfy({ $0.count == kernel.count }) else {
      throw refusal(node, "attributes for another number of axes")
    }
    return Window(kernel: kernel, strides: strides, dilations: dilations, before: before, after: after)
  }

  /// With stride 1 the derivative is a convolution with the kernel flipped and its channels exchanged, which runs as fast
  /// as the forward one; else it is a transposed convolution. What is made of weights the runtime folds when it loads.
  mutating func deriveConvolution(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, w, y) = (node.input[0], node.input[1], node.output[0])
    let (input, weight, output) = (try shape(of: x), try shape(of: w), try shape(of: y))
    let groups = node.integer("group") ?? 1
    let (small, large) = (Array(output.dropFirst(2)), Array(input.dropFirst(2)))
    let window = try window(node, kernel: Array(weight.dropFirst(2)), small: small, large: large)
    let axes = Array(window.kernel.indices)
    let whole = try whole(gradient, like: y)

    if window.strides.allSatisfy({ $0 == 1 }) {
      let before = axes.map { window.extent($0) - 1 - window.before[$0] }
      let after = axes.map { window.extent($0) - 1 - window.after[$0] }
      let crops = before.map { min($0, 0) }
      let kernel = exchanged(w, shape: weight, groups: groups)
      let zeros = [Int](repeating: 0, count: 2)
      let source = pad(whole, before: zeros + crops, after: zeros + after.map { min($0, 0) })
      let result = add(
        "Conv", [source, kernel],
        convolution(window, groups, pads: before.map { max($0, 0) } + after.map { max($0, 0) }))
      return contribute(result, to: x)
    }
    let rest = axes.map { axis in
      large[axis] + window.before[axis] + window.after[axis] - (small[axis] - 1) * window.strides[axis] - window.extent(axis)
    }
    var attributes = convolution(window, groups, pads: window.before + window.after)
    attributes["strides"] = .ints(window.strides)
    if rest.contains(where: { $0 != 0 }) { attributes["output_padding"] = .ints(rest) }
    contribute(add("ConvTranspose", [whole, w], attributes), to: x)
  }

  private func convolution(_ window: Window, _ groups: Int, pads: [Int]) -> [String: GraphBuilder.Attribute] {
    [
      "kernel_shape": .ints(window.kernel), "dilations": .ints(window.dilations), "group": .int(groups), "pads": .ints(pads),
    ]
  }

  /// A kernel [M, C/groups, ...] as [C, M/groups, ...], its spatial axes reversed.
  private mutating func exchanged(_ weight: String, shape: [Int], groups: Int) -> String {
    let (outputs, inputs, kernel) = (shape[0], shape[1], Array(shape.dropFirst(2)))
    var result = weight
    if groups == 1 {
      result = transpose(result, [1, 0] + kernel.indices.map { $0 + 2 })
    } else if outputs == groups {
      result = inputs == 1 ? result : add("Reshape", [result, integers([groups * inputs, 1] + kernel)])
    } else {
      let grouped = add("Reshape", [result, integers([groups, outputs / groups, inputs] + kernel)])
      let moved = transpose(grouped, [0, 2, 1] + kernel.indices.map { $0 + 3 })
      result = add("Reshape", [moved, integers([groups * inputs, outputs / groups] + kernel)])
    }
    return reversed(result, axes: kernel.indices.map { $0 + 2 }, lengths: kernel)
  }

  /// The derivative of a transposed convolution is the convolution with the same kernel.
  private mutating func deriveTransposedConvolution(
    _ node: Onnx_NodeProto, _ gradient: Gradient
  ) throws(Undifferentiable) {
    let (x, w, y) = (node.input[0], node.input[1], node.output[0])
    let (input, weight, output) = (try shape(of: x), try shape(of: w), try shape(of: y))
    let (small, large) = (Array(input.dropFirst(2)), Array(output.dropFirst(2)))
    guard node.integers("output_shape") == nil, !(node.attribute("auto_pad")?.s.starts(with: "SAME".utf8) ?? false) else {
      throw refusal(node, "a rule for explicit pads only")
    }
    let window = try window(node, kernel: Array(weight.dropFirst(2)), small: small, large: large)
    var attributes = convolution(window, node.integer("group") ?? 1, pads: window.before + window.after)
    attributes["strides"] = .ints(window.strides)
    let result = add("Conv", [try whole(gradient, like: y), w], attributes)
    // Padding of the output beyond a stride would make one position too many.
    let made = window.kernel.indices.map { axis in
      (large[axis] + window.before[axis] + window.after[axis] - window.extent(axis)) / window.strides[axis] + 1
    }
    let excess = zip(small, made).map { $0 - $1 }
    contribute(
      pad(result, before: [Int](repeating: 0, count: input.count), after: [0, 0] + excess), to: x)
  }

  // MARK: Matrices

  mutating func deriveGemm(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (a, b, y) = (node.input[0], node.input[1], node.output[0])
    let (transA, transB) = (node.integer("transA") ?? 0 != 0, node.integer("transB") ?? 0 != 0)
    let alpha = node.attribute("alpha")?.f ?? 1
    let whole = try whole(gradient, like: y)
    func product(_ left: String, _ transLeft: Bool, _ right: String, _ transRight: Bool) -> String {
      // The third operand may be left out from opset 11 on.
      add(
        "Gemm", opset >= 11 ? [left, right] : [left, right, numbers([0], shape: [1])],
        ["alpha": .float(alpha), "transA": .int(transLeft ? 1 : 0), "transB": .int(transRight ? 1 : 0)])
    }
    if varies(a) {
      contribute(transA ? product(b, transB, whole, true) : product(whole, false, b, !transB), to: a)
    }
    if varies(b) {
      contribute(transB ? product(whole, true, a, transA) : product(a, !transA, whole, false), to: b)
    }
    if let c = node.input(at: 2), varies(c) {
      let beta = Double(node.attribute("beta")?.f ?? 1)
      let scaled = beta == 1 ? whole : times(whole, number(beta))
      try contribute(Gradient(name: scaled, isWhole: true), broadcastFrom: c, to: y)
    }
  }

  mutating func deriveMatrixProduct(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (a, b, y) = (node.input[0], node.input[1], node.output[0])
    let (shapeA, shapeB) = (try shape(of: a), try shape(of: b))
    guard !shapeA.isEmpty, !shapeB.isEmpty else { throw refusal(node, "operands without axes") }
    // Vectors are matrices of one row or column, whose axis is dropped from the product.
    let matrixA = shapeA.count == 1 ? [1] + shapeA : shapeA
    let matrixB = shapeB.count == 1 ? shapeB + [1] : shapeB
    let front = broadcast(Array(matrixA.dropLast(2)), Array(matrixB.dropLast(2)))
    let product = front + [matrixA[matrixA.count - 2], matrixB[matrixB.count - 1]]
    var whole = try whole(gradient, like: y)
    if shapeA.count == 1 || shapeB.count == 1 { whole = reshape(whole, product) }
    if varies(a) {
      let other = shapeB.count == 1 ? reshape(b, matrixB) : b
      contribute(
        unbroadcast(add("MatMul", [whole, lastTransposed(other, matrixB.count)]), front, matrixA, as: shapeA), to: a)
    }
    if varies(b) {
      let other = shapeA.count == 1 ? reshape(a, matrixA) : a
      contribute(
        unbroadcast(add("MatMul", [lastTransposed(other, matrixA.count), whole]), front, matrixB, as: shapeB), to: b)
    }
  }

  mutating func lastTransposed(_ matrix: String, _ rank: Int) -> String {
    transpose(matrix, Array(0..<rank - 2) + [rank - 1, rank - 2])
  }

  func broadcast(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    let (a, b) = ([Int](repeating: 1, count: rank - a.count) + a, [Int](repeating: 1, count: rank - b.count) + b)
    return zip(a, b).map { $0 == 1 ? $1 : $0 }
  }

  /// Sums a product over the front axes along which an operand was repeated.
  mutating func unbroadcast(_ product: String, _ front: [Int], _ operand: [Int], as shape: [Int]) -> String {
    let own = operand.dropLast(2)
    let missing = front.count - own.count
    let axes = front.indices.filter { $0 < missing || own[$0 - missing] == 1 && front[$0] != 1 }
    let result = axes.isEmpty ? product : reduceSum(product, axes)
    return missing > 0 || operand != shape ? reshape(result, shape) : result
  }
}
