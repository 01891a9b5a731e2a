/// Operators that put elements in the places that numbers say.
extension AdjointRewrite {
  static let scatteringRules = rule(for: ["ScatterElements", "ScatterND"], by: [0, 2]) {
    rewrite, node, gradients throws(Undifferentiable) in
    try rewrite.deriveScatter(node, gradients[0]!)
  }

  /// What is put in the place of another takes its gradient from there, and what was there before gets none; where both are added,
  /// both get it.
  private mutating func deriveScatter(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, places, updates) = (node.input[0], node.input[1], node.input[2])
    let reduction = node.attribute("reduction").map { String(decoding: $0.s, as: UTF8.self) } ?? "none"
    guard reduction == "none" || reduction == "add" else { throw refusal(node, "a rule for updates that replace or add only") }
    let whole = try whole(gradient, like: node.output[0])
    var axis: [String: GraphBuilder.Attribute] = [:]
    if node.opType == "ScatterElements" {
      let (rank, named) = (try shape(of: x).count, node.integer("axis") ?? 0)
      axis["axis"] = .int(named < 0 ? named + rank : named)
    }
    if varies(x) {
      if reduction == "add" {
        contribute(whole, to: x)
      } else {
        let zeros = add("Expand", [number(0), add("Shape", [updates])])
        contribute(add(node.opType, [whole, places, zeros], axis), to: x)
      }
    }
    if varies(updates) {
      contribute(add(node.opType == "ScatterND" ? "GatherND" : "GatherElements", [whole, places], axis), to: updates)
    }
  }
}
