/// Maxima are routed to the elements that were observed to be the largest. Means are among the layouts.
extension MagnitudeRewrite {
  static let poolingRules: [String: Rule] = [
    "MaxPool": { rewrite, node throws(Untraceable) in try rewrite.maxPool(node) },
    "GlobalMaxPool": { rewrite, node throws(Untraceable) in
      try rewrite.routeToMaximum(node, axes: Array(2..<rewrite.shape(of: node.input[0]).count))
    },
    "ReduceMax": { rewrite, node throws(Untraceable) in
      try rewrite.routeToMaximum(node, axes: rewrite.reducedAxes(node), keepsAxes: node.integer("keepdims") ?? 1 != 0)
    },
  ]

  /// The runtime tells where each maximum lies, as an index into the tensor of one stimulus.
  private mutating func maxPool(_ node: Onnx_NodeProto) throws(Untraceable) {
    let (input, output) = (node.input[0], node.output[0])
    guard let magnitude = try magnitude(input) else { return carry(nil, to: output) }
    guard batchAxis(of: input) == 0, model.opset >= 8, node.integer("storage_order") ?? 0 == 0 else {
      throw Untraceable("operator \(node.label) has a rule for stimuli along the first axis, from opset 8 on, only")
    }
    let (units, maxima) = (try shape(of: input).reduce(1, *), try shape(of: output))
    // Of a batch the first stimulus's; its indices count from the tensor's start.
    let first = observe(
      "Gather", [observe(copying: node, outputs: 2)[1], constant(Array(0..<maxima[0]))], ["axis": .int(0)])
    let places = try hold(observed: observe("Reshape", [first, constant([-1])]), type: .int64)
    let flat = addFlow("Reshape", [magnitude, constant([batch, units])])
    let routed = addFlow("Gather", [flat, places], ["axis": .int(1)])
    carry(addFlow("Reshape", [routed, constant(try batchedShape(of: output))]), to: output)
  }

  /// Equal maxima share alike.
  private mutating func routeToMaximum(
    _ node: Onnx_NodeProto, axes: [Int], keepsAxes: Bool = true
  ) throws(Untraceable) {
    let input = node.input[0]
    guard let magnitude = try magnitude(input) else { return carry(nil, to: node.output[0]) }
    guard batch == 1 || batchAxis(of: input).map({ !axes.contains($0) }) ?? false else {
      throw Untraceable("operator \(node.label) takes the maximum along the axis on which stimuli lie")
    }
    let maximum = observeReduction("ReduceMax", input, axes, axesAreInputFrom: 18)
    let isBelow = observe(
      "Cast", [observe("Less", [input, maximum])], ["to": .int(Int(ElementType.float.rawValue))])
    let isMaximum = observe("Sub", [constant([1.0], isScalar: true), isBelow])
    let count = observeReduction("ReduceSum", isMaximum, axes, axesAreInputFrom: 13)
    let routed = addFlow("Mul", [magnitude, try hold(observed: observe("Div", [isMaximum, count]))])
    let keeps = GraphBuilder.Attribute.int(keepsAxes ? 1 : 0)
    carry(
      model.opset >= 13
        ? addFlow("ReduceSum", [routed, constant(axes)], ["keepdims": keeps])
        : addFlow("ReduceSum", [routed], ["keepdims": keeps, "axes": .ints(axes)]),
      to: node.output[0])
  }

  /// A reduction that keeps its axes. - Parameter version: from which opset on axes are an input.
  mutating func observeReduction(
    _ operatorType: String, _ tensor: String, _ axes: [Int], axesAreInputFrom version: Int
  ) -> String {
    model.opset >= version
      ? observe(operatorType, [tensor, constant(axes)], ["keepdims": .int(1)])
      : observe(operatorType, [tensor], ["keepdims": .int(1), "axes": .ints(axes)])
  }

  /// The axes of a reduction, counted from the front; all where none are named.
  private func reducedAxes(_ node: Onnx_NodeProto) throws(Untraceable) -> [Int] {
    let rank = try shape(of: node.input[0]).count
    if let input = node.input(at: 1), model.integerConstant(input) == nil {
      throw Untraceable("operator \(node.label) has a rule for constant axes only")
    }
    let named = node.integers("axes") ?? node.input(at: 1).flatMap { model.integerConstant($0)?.map(Int.init) }
    return named.map { $0.map { $0 < 0 ? $0 + rank : $0 }.sorted() } ?? Array(0..<rank)
  }
}
