extension Model {
  /// An operator whose one condition, for all rows of a batch together, follows from values of one of the tensors: an If's, or how often a
  /// Loop goes round; as messages call it. `nil` where there is none that `output` needs.
  package func operatorSteered(by tensors: Set<String>, reading output: String) -> String? {
    guard let read = index.numbers[output] else { return nil }
    let needed = index.ancestors(of: [read])
    var following = tensors
    for number in index.order where needed[number] {
      if proto.graph.node[number].steers(&following) { return describe(number) }
    }
    return nil
  }
}

extension Onnx_NodeProto {
  /// Whether the operator, or one in its bodies, is steered by a tensor that follows; adds what it makes of such.
  fileprivate func steers(_ following: inout Set<String>) -> Bool {
    guard !OperatorTraits.readsOnlyShape(self) else { return false }
    func follows(_ position: Int) -> Bool { input(at: position).map(following.contains) ?? false }
    let type = isStandard ? opType : ""
    if type == "If" && follows(0) || type == "Loop" && (follows(0) || follows(1)) { return true }
    var makes = input.contains(where: following.contains)
    for body in subgraphs {
      // What one round makes of values is what the next is given; what bodies make is seen in them alone.
      var inside = following
      if makes { inside.formUnion(body.input.dropFirst(type == "Loop" ? 2 : 0).map(\.name)) }
      for node in body.node where node.steers(&inside) { return true }
      if type == "Loop", let condition = body.output.first, inside.contains(condition.name) { return true }
      makes = makes || body.output.contains { inside.contains($0.name) }
    }
    if makes { following.formUnion(output.filter { !$0.isEmpty }) }
    return false
  }
}
