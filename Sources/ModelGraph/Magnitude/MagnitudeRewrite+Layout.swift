/// Operators that lay out the same values anew, choose among them, or add them up with weights that aren't negative:
/// they treat magnitudes as they treat values.
extension MagnitudeRewrite {
  static let layoutRules =
    copiedRules.merging(sameMagnitudeRules) { first, _ in first }.merging(reshapedRules) { first, _ in first }
    .merging([
      "Pad": { rewrite, node throws(Untraceable) in try rewrite.pad(node) },
      "Resize": { rewrite, node throws(Untraceable) in try rewrite.resize(node) },
      "Concat": { rewrite, node throws(Untraceable) in try rewrite.concatenate(node) },
      "GatherElements": { rewrite, node throws(Untraceable) in try rewrite.gatherElements(node) },
      "Expand": { rewrite, node throws(Untraceable) in
        let magnitude = try rewrite.magnitude(node.input[0])
        try rewrite.carry(magnitude, shapedLike: node.input[0], to: node.output[0])
      },
    ]) { first, _ in first }

  private static let copiedRules = rule(
    for: [
      "Transpose", "DepthToSpace", "SpaceToDepth", "Slice", "Split", "Gather", "Tile", "Trilu", "CumSum",
      "ReverseSequence", "Upsample", "ReduceMean", "ReduceSum", "AveragePool", "GlobalAveragePool",
    ]
  ) { rewrite, node throws(Untraceable) in try rewrite.copyOperator(node) }

  /// Rounding to a quantised value and back is no path of its own: magnitudes stay in the units of the values.
  private static let sameMagnitudeRules = rule(
    for: ["Identity", "Dropout", "Cast", "QuantizeLinear", "DequantizeLinear"]
  ) { rewrite, node throws(Untraceable) in rewrite.carry(try rewrite.magnitude(node.input[0]), to: node.output[0]) }

  private static let reshapedRules = rule(
    for: ["Reshape", "Flatten", "Squeeze", "Unsqueeze"]
  ) { rewrite, node throws(Untraceable) in
    guard let magnitude = try rewrite.magnitude(node.input[0]) else { return rewrite.carry(nil, to: node.output[0]) }
    let shape = rewrite.constant(try rewrite.batchedShape(of: node.output[0]))
    rewrite.carry(rewrite.addFlow("Reshape", [magnitude, shape]), to: node.output[0])
  }

  /// The operator itself, on magnitudes; its other inputs are held.
  private mutating func copyOperator(_ node: Onnx_NodeProto) throws(Untraceable) {
    guard let magnitude = try magnitude(node.input[0]) else {
      for output in node.output { carry(nil, to: output) }
      return
    }
    var inputs = [magnitude]
    for input in node.input.dropFirst() { inputs.append(try held(input)) }
    for (output, name) in zip(node.output, addFlow(copying: node, inputs: inputs)) { carry(name, to: output) }
  }

  /// What pads is no path: zeros take its place. Reflections and edges repeat values, and so do they magnitudes.
  private mutating func pad(_ node: Onnx_NodeProto) throws(Untraceable) {
    guard let magnitude = try magnitude(node.input[0]) else { return carry(nil, to: node.output[0]) }
    var node = node
    node.attribute.removeAll { $0.name == "value" }
    var inputs = [magnitude]
    for (position, input) in node.input.enumerated().dropFirst() { inputs.append(position == 2 ? "" : try held(input)) }
    carry(addFlow(copying: node, inputs: inputs)[0], to: node.output[0])
  }

  private mutating func resize(_ node: Onnx_NodeProto) throws(Untraceable) {
    let text = { (name: String) in node.attribute(name).map { String(decoding: $0.s, as: UTF8.self) } }
    guard text("mode") != "cubic", text("coordinate_transformation_mode") != "tf_crop_and_resize",
      text("keep_aspect_ratio_policy") ?? "stretch" == "stretch"
    else { throw Untraceable("operator \(node.label) has a rule for nearest and linear interpolation only") }
    guard let magnitude = try magnitude(node.input[0]) else { return carry(nil, to: node.output[0]) }
    var inputs = [magnitude]
    for (position, input) in node.input.enumerated().dropFirst() {
      let isSizes = position == 3 && !input.isEmpty && node.integers("axes") == nil
      inputs.append(isSizes ? constant(try batchedShape(of: node.output[0])) : try held(input))
    }
    carry(addFlow(copying: node, inputs: inputs)[0], to: node.output[0])
  }

  /// What is joined and doesn't come from the source brings zeros.
  private mutating func concatenate(_ node: Onnx_NodeProto) throws(Untraceable) {
    let output = node.output[0]
    let whole = try batchedShape(of: output)
    let axis = (node.integer("axis") ?? 0) + ((node.integer("axis") ?? 0) < 0 ? whole.count : 0)
    guard batch == 1 || batchAxis(of: output) != axis else {
      throw Untraceable("operator \(node.label) joins along the axis on which stimuli lie")
    }
    var parts: [String] = []
    var isEmpty = true
    for input in node.input {
      if let magnitude = try magnitude(input) {
        parts.append(magnitude)
        isEmpty = false
        continue
      }
      var shape = whole
      shape[axis] = try self.shape(of: input)[axis]
      parts.append(addFlow("Expand", [constant([0.0], isScalar: true), constant(shape)]))
    }
    guard !isEmpty else { return carry(nil, to: output) }
    carry(addFlow(copying: node, inputs: parts)[0], to: output)
  }

  /// Its indices have the output's shape and don't repeat along the batch by themselves.
  private mutating func gatherElements(_ node: Onnx_NodeProto) throws(Untraceable) {
    guard let magnitude = try magnitude(node.input[0]) else { return carry(nil, to: node.output[0]) }
    let indices = addFlow("Expand", [try held(node.input[1]), constant(try batchedShape(of: node.output[0]))])
    carry(addFlow(copying: node, inputs: [magnitude, indices])[0], to: node.output[0])
  }
}
