/// Sums, means, norms and extrema along axes, and the softmax.
extension AdjointRewrite {
  static let reductionRules = rule(
    for: [
      "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp",
      "ReduceLogSum", "ReduceProd",
    ], by: [0]
  ) { rewrite, node, gradients throws(Undifferentiable) in try rewrite.deriveReduction(node, gradients[0]!) }
  .merging(
    rule(for: ["Softmax", "LogSoftmax"]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveSoftmax(node, gradients[0]!)
    }
  ) { first, _ in first }
  .merging([
    "CumSum": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      var reverse = node
      reverse.attribute.removeAll { $0.name == "reverse" }
      let isReversed = node.integer("reverse") ?? 0 != 0
      reverse.attribute.append(GraphBuilder.Attribute.int(isReversed ? 0 : 1).proto(named: "reverse"))
      let whole = try rewrite.whole(gradients[0]!, like: node.output[0])
      rewrite.contribute(rewrite.add(copying: reverse, inputs: [whole, node.input[1]]), to: node.input[0])
    }
  ]) { first, _ in first }

  /// The axes of a reduction, counted from the front; all where none are named. `nil` where nothing is reduced.
  private func reducedAxes(_ node: Onnx_NodeProto, rank: Int) throws(Undifferentiable) -> [Int]? {
    if let input = node.input(at: 1), wholeNumbers(input) == nil {
      throw refusal(node, "a rule for constant axes only")
    }
    let named = node.integers("axes") ?? node.input(at: 1).flatMap { wholeNumbers($0) } ?? []
    if named.isEmpty { return node.integer("noop_with_empty_axes") == 1 ? nil : Array(0..<rank) }
    return named.map { $0 < 0 ? $0 + rank : $0 }.sorted()
  }

  private mutating func deriveReduction(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    let shape = try shape(of: x)
    guard let axes = try reducedAxes(node, rank: shape.count) else {
      throw refusal(node, "no axes to reduce")
    }
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    let count = axes.reduce(1) { $0 * shape[$1] }
    let keeps = node.integer("keepdims") ?? 1 != 0
    // Both laid out so that they broadcast to the input.
    var g = gradient.name
    var result = y
    if !keeps {
      g = reshape(try whole(gradient, like: y), kept)
      result = reshape(y, kept)
    }
    switch node.opType {
    case "ReduceSum":
      contribute(g, to: x, isWhole: false)
    case "ReduceMean":
      contribute(times(g, number(1 / Double(count))), to: x, isWhole: false)
    case "ReduceMax", "ReduceMin":
      // Equal extrema share alike.
      let isExtremum = isEqual(x, result)
      let ties = reduceSum(isExtremum, axes)
      contribute(times(over(g, ties), isExtremum), to: x)
    case "ReduceL1":
      contribute(times(g, add("Sign", [x])), to: x)
    case "ReduceL2":
      contribute(times(over(g, result), x), to: x)
    case "ReduceSumSquare":
      contribute(times(times(g, number(2)), x), to: x)
    case "ReduceLogSumExp":
      contribute(times(g, add("Exp", [minus(x, result)])), to: x)
    case "ReduceLogSum":
      contribute(over(g, add("Exp", [result])), to: x, isWhole: false)
    default:
      try deriveTotalProduct(node, g, shape, axes)
    }
  }

  /// The product of all others, multiplied out, since a quotient fails where a factor is 0.
  private mutating func deriveTotalProduct(
    _ node: Onnx_NodeProto, _ g: String, _ shape: [Int], _ axes: [Int]
  ) throws(Undifferentiable) {
    guard axes.count == 1, shape[axes[0]] <= 64 else {
      throw refusal(node, "a rule for one axis of up to 64 factors only")
    }
    let (axis, length) = (axes[0], shape[axes[0]])
    let mask = (0..<length * length).map { $0 / length == $0 % length ? 1.0 : 0.0 }
    let tail = [Int](repeating: 1, count: shape.count - axis - 1)
    let isOwn = numbers(mask, shape: [length, length] + tail)
    let rows = reshape(node.input[0], Array(shape[..<axis]) + [1, length] + shape[(axis + 1)...])
    let others = add("Where", [add("Greater", [isOwn, number(0)]), number(1), rows])
    let products = reduce("ReduceProd", others, [axis + 1], axesAreInputFrom: 18)
    contribute(times(g, reshape(products, shape)), to: node.input[0])
  }

  /// Up to opset 12 the softmax runs over all axes from the given one on.
  private mutating func deriveSoftmax(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    let rank = try shape(of: x).count
    var axis = node.integer("axis") ?? (opset >= 13 ? -1 : 1)
    if axis < 0 { axis += rank }
    let axes = opset >= 13 ? [axis] : Array(axis..<rank)
    if node.opType == "Softmax" {
      let weighted = times(gradient.name, y)
      contribute(minus(weighted, times(y, reduceSum(weighted, axes))), to: x)
    } else {
      let whole = try whole(gradient, like: y)
      contribute(minus(whole, times(add("Exp", [y]), reduceSum(whole, axes))), to: x)
    }
  }
}
