/// Means and maxima over windows.
extension AdjointRewrite {
  static let poolingRules: [String: Rule] = [
    "MaxPool": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      guard let gradient = gradients[0] else { return }
      try rewrite.deriveMaxPool(node, gradient)
    },
    "AveragePool": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveAveragePool(node, gradients[0]!)
    },
    "LpPool": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveLpPool(node, gradients[0]!)
    },
    "GlobalLpPool": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveLpPool(node, gradients[0]!)
    },
    "GlobalAveragePool": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      let count = try rewrite.shape(of: node.input[0]).dropFirst(2).reduce(1, *)
      rewrite.contribute(
        rewrite.times(gradients[0]!.name, rewrite.number(1 / Double(count))), to: node.input[0], isWhole: false)
    },
    "GlobalMaxPool": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      let x = node.input[0]
      let isMaximum = rewrite.isEqual(x, node.output[0])
      let ties = rewrite.reduceSum(isMaximum, Array(2..<(try rewrite.shape(of: x).count)))
      rewrite.contribute(rewrite.times(rewrite.over(gradients[0]!.name, ties), isMaximum), to: x)
    },
  ]

  /// The runtime tells where each maximum lies, as an index into the whole tensor; of equal ones it takes the first.
  ///
  /// Windows may overlap, and what meets in one place has to be added. Without an operator that adds while it scatters,
  /// windows are split into sets that don't overlap.
  private mutating func deriveMaxPool(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    let (input, output) = (try shape(of: x), try shape(of: y))
    guard node.integer("storage_order") ?? 0 == 0, let kernel = node.integers("kernel_shape") else {
      throw refusal(node, "a rule for row-major order only")
    }
    let window = try window(node, kernel: kernel, small: Array(output.dropFirst(2)), large: Array(input.dropFirst(2)))
    let places = further(output: 1)
    let zeros = add("Expand", [number(0), add("Reshape", [add("Size", [x]), integers([1])])])
    let whole = try whole(gradient, like: y)
    let overlaps = kernel.indices.map { (window.extent($0) + window.strides[$0] - 1) / window.strides[$0] }
    var parts: [(gradient: String, places: String)] = [(whole, places)]
    let adds = opset >= 16 && overlaps.contains { $0 > 1 }
    if !adds {
      for (axis, sets) in overlaps.enumerated() where sets > 1 {
        let length = output[axis + 2]
        let starts = 0..<min(sets, length)
        guard opset >= 10 else { throw refusal(node, "a rule for overlapping windows from opset 10 on only") }
        parts = parts.flatMap { part in
          starts.map { start in
            (
              slice(part.gradient, axis: axis + 2, from: start, to: length, step: sets),
              slice(part.places, axis: axis + 2, from: start, to: length, step: sets)
            )
          }
        }
      }
    }
    var total: String?
    for part in parts {
      let flat = add("Reshape", [part.gradient, integers([-1])])
      let indices = add("Reshape", [part.places, integers([-1])])
      let scattered = add(
        opset >= 11 ? "ScatterElements" : "Scatter", [zeros, indices, flat], adds ? ["reduction": .string("add")] : [:])
      total = total.map { plus($0, scattered) } ?? scattered
    }
    contribute(reshape(total!, input), to: x)
  }

  private mutating func deriveAveragePool(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    let (input, output) = (try shape(of: x), try shape(of: y))
    let (small, large) = (Array(output.dropFirst(2)), Array(input.dropFirst(2)))
    guard let kernel = node.integers("kernel_shape") else { throw refusal(node, "no kernel") }
    let window = try window(node, kernel: kernel, small: small, large: large)
    let counts = counts(window, small: small, large: large, countsPads: node.integer("count_include_pad") ?? 0 != 0)
    let area = kernel.reduce(1, *)
    let isUniform = counts.allSatisfy { $0 == Double(area) }
    let divisor =
      isUniform ? number(1 / Double(area)) : numbers(counts.map { 1 / $0 }, shape: [1, 1] + small)
    let scaled = times(try whole(gradient, like: y), divisor)

    if small.allSatisfy({ $0 == 1 }), isUniform, kernel == large {
      return contribute(scaled, to: x, isWhole: false)
    }
    contribute(spread(scaled, window, small: small, input: input), to: x)
  }

  /// Gives what each window has to all elements that it covers: a transposed convolution with ones, channel by channel.
  private mutating func spread(_ values: String, _ window: Window, small: [Int], input: [Int]) -> String {
    let (kernel, large) = (window.kernel, Array(input.dropFirst(2)))
    let axes = kernel.indices
    let single = add("Reshape", [values, integers([-1, 1] + small)])
    let ones = numbers([Double](repeating: 1, count: kernel.reduce(1, *)), shape: [1, 1] + kernel)
    // Behind, windows may hang over the end, as rounding up lets them, or not reach it.
    let behind = axes.map { axis in
      (small[axis] - 1) * window.strides[axis] + window.extent(axis) - window.before[axis] - large[axis]
    }
    let spread = add(
      "ConvTranspose", [single, ones],
      [
        "kernel_shape": .ints(kernel), "strides": .ints(window.strides), "dilations": .ints(window.dilations),
        "pads": .ints(window.before + behind.map { max($0, 0) }),
      ])
    let result = pad(spread, before: [Int](repeating: 0, count: input.count), after: [0, 0] + behind.map { max(-$0, 0) })
    return reshape(result, input)
  }

  /// y = (Σ|x|ᵖ)^(1/p) over a window, or over all there is of a channel.
  private mutating func deriveLpPool(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    let (input, output) = (try shape(of: x), try shape(of: y))
    let order = node.integer("p") ?? 2
    guard order >= 1 else { throw refusal(node, "a rule for positive orders only") }
    // sign(x)·|x|ᵖ⁻¹ of each element, and g/yᵖ⁻¹ of each window; one of zeros alone has the derivative 0.
    var (own, share) = (add("Sign", [x]), gradient.name)
    if order == 2 { own = x }
    if order > 2 { own = times(own, add("Pow", [add("Abs", [x]), number(Double(order - 1))])) }
    if order > 1 {
      let power = order == 2 ? y : add("Pow", [y, number(Double(order - 1))])
      let isZero = add("Not", [add("Greater", [y, number(0)])])
      share = add("Where", [isZero, number(0), over(gradient.name, add("Where", [isZero, number(1), power]))])
    }
    if node.opType == "GlobalLpPool" { return contribute(times(own, share), to: x) }
    guard let kernel = node.integers("kernel_shape") else { throw refusal(node, "no kernel") }
    let small = Array(output.dropFirst(2))
    let window = try window(node, kernel: kernel, small: small, large: Array(input.dropFirst(2)))
    let laidOut = try whole(Gradient(name: share, isWhole: gradient.isWhole || order > 1), like: y)
    contribute(times(own, spread(laidOut, window, small: small, input: input)), to: x)
  }

  /// How many elements each mean is taken over; [positions], row-major.
  private func counts(_ window: Window, small: [Int], large: [Int], countsPads: Bool) -> [Double] {
    let alongAxes = window.kernel.indices.map { axis in
      (0..<small[axis]).map { position in
        (0..<window.kernel[axis]).count { tap in
          let place = position * window.strides[axis] - window.before[axis] + tap * window.dilations[axis]
          return countsPads
            ? place < large[axis] + window.after[axis] : place >= 0 && place < large[axis]
        }
      }
    }
    return alongAxes.reduce([1.0]) { products, axis in products.flatMap { product in axis.map { product * Double($0) } } }
  }
}
