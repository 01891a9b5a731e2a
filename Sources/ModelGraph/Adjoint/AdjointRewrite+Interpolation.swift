/// Interpolation is linear and separable: along an axis it is a product with a matrix, which the runtime gets by
/// interpolating the unit matrix itself.
extension AdjointRewrite {
  static let interpolationRules = rule(for: ["Resize", "Upsample"], by: [0]) {
    rewrite, node, gradients throws(Undifferentiable) in try rewrite.deriveResize(node, gradients[0]!)
  }

  private mutating func deriveResize(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    let (from, to) = (try shape(of: x), try shape(of: y))
    let text = { (name: String) in node.attribute(name).map { String(decoding: $0.s, as: UTF8.self) } }
    guard text("coordinate_transformation_mode") != "tf_crop_and_resize",
      text("keep_aspect_ratio_policy") ?? "stretch" == "stretch", node.integers("axes") == nil,
      node.opType == "Upsample" || opset >= 11
    else { throw refusal(node, "a rule for whole tensors without cropping, from opset 11 on, only") }
    let scalesAt = node.opType == "Upsample" ? 1 : 2
    let named: [Double]? =
      node.attribute("scales").map { $0.floats.map(Double.init) }
      ?? node.input(at: scalesAt).flatMap { model.constantTensor($0)?.doubles }
    let scales = named.flatMap { $0.count == from.count ? $0 : nil }
    if node.opType == "Upsample" || node.input(at: 3) == nil, scales == nil {
      throw refusal(node, "a rule for constant scales only")
    }
    var result = try whole(gradient, like: y)
    var current = to
    for axis in from.indices where from[axis] != to[axis] || scales.map({ $0[axis] != 1 }) ?? false {
      let matrix = interpolation(node, from: from[axis], to: to[axis], scale: scales?[axis])
      result = product(matrix, result, axis: axis, length: from[axis], shape: &current)
    }
    contribute(result, to: x)
  }

  /// The unit matrix interpolated along its rows: [from, to], what each input gives to each output.
  private mutating func interpolation(_ node: Onnx_NodeProto, from: Int, to: Int, scale: Double?) -> String {
    // Interpolation is written for two axes at least; a unit matrix has them.
    let unit = numbers((0..<from * from).map { $0 / from == $0 % from ? 1 : 0 }, shape: [from, from])
    var copy = node
    copy.attribute.removeAll { ["scales", "antialias_axes"].contains($0.name) }
    func floats(_ values: [Double]) -> String { numbers(values, shape: [values.count], type: .float) }
    let inputs: [String]
    if node.opType == "Upsample" {
      inputs = [unit, floats([1, scale!])]
    } else if let scale {
      inputs = [unit, "", floats([1, scale])]
    } else {
      inputs = [unit, "", "", integers([from, to])]
    }
    return add(copying: copy, inputs: inputs)
  }
}
