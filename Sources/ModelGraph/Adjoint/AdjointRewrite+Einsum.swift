/// Products of tensors by labels.
extension AdjointRewrite {
  /// With labels: the gradient by one operand is the product of the output's gradient with the other operands, with ones
  /// for labels that only this operand has.
  mutating func deriveEinsum(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let equation = try spelledEquation(node)
    let sides = equation.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let operands = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let labels = operands.joined()
    let output =
      sides.count == 2
      ? String(sides[1].dropFirst())
      : String(Set(labels).filter { label in labels.filter { $0 == label }.count == 1 }.sorted())
    guard operands.count == node.input.count, (operands + [output]).allSatisfy({ Set($0).count == $0.count }) else {
      throw refusal(node, "a rule for equations without repeated labels only")
    }
    let whole = try whole(gradient, like: node.output[0])
    for (position, operand) in node.input.enumerated() where varies(operand) {
      let others = operands.indices.filter { $0 != position }
      var terms = [output] + others.map { operands[$0] }
      var inputs = [whole] + others.map { node.input[$0] }
      let lengths = try shape(of: operand)
      let alone = operands[position].filter { label in !terms.contains { $0.contains(label) } }
      if !alone.isEmpty {
        let own = Array(operands[position])
        let shape = alone.map { label in lengths[own.firstIndex(of: label)!] }
        terms.append(alone)
        inputs.append(add("Expand", [number(1), integers(shape)]))
      }
      let result = add(
        "Einsum", inputs, ["equation": .string(terms.joined(separator: ",") + "->" + operands[position])])
      contribute(result, to: operand)
    }
  }

  /// The equation with labels of its own for the axes that an ellipsis stands for.
  private func spelledEquation(_ node: Onnx_NodeProto) throws(Undifferentiable) -> String {
    let equation = (node.attribute("equation").map { String(decoding: $0.s, as: UTF8.self) } ?? "").filter { $0 != " " }
    guard equation.contains("...") else { return equation }
    let sides = equation.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let operands = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard operands.count == node.input.count, sides.count == 2 else {
      throw refusal(node, "a rule for ellipses with a result of named labels only")
    }
    var lengths: [Int]?
    for (operand, input) in zip(operands, node.input) where operand.contains("...") {
      let shape = try shape(of: input)
      let before = operand.prefix { $0 != "." }.count
      let named = operand.filter { $0 != "." }.count
      let own = Array(shape.dropFirst(before).prefix(max(shape.count - named, 0)))
      guard lengths == nil || lengths == own else { throw refusal(node, "a rule for ellipses of equal lengths only") }
      lengths = own
    }
    let free = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".filter { !equation.contains($0) }
    guard let count = lengths?.count, free.count >= count else { throw refusal(node, "more axes than there are labels") }
    let labels = String(free.prefix(count))
    return operands.map { replacingEllipsis($0, by: labels) }.joined(separator: ",") + "-"
      + replacingEllipsis(sides[1], by: labels)
  }

  private func replacingEllipsis(_ term: String, by labels: String) -> String {
    guard let start = term.firstIndex(of: ".") else { return term }
    return term[..<start] + labels + term[start...].drop { $0 == "." }
  }
}
