extension Model {
  /// Checks what walks over the graph rely on: every tensor is made once, and before it is needed.
  ///
  /// - Throws: a sentence that names the tensor or the operators. Cost: one pass over the graph.
  func checkOrder() throws(ModelGraphError) {
    var makers: [Int: Int] = [:]
    for (node, tensors) in index.writes.enumerated() {
      for tensor in tensors {
        if let first = makers.updateValue(node, forKey: tensor) {
          throw ModelGraphError(
            .badInput,
            """
            \(label): tensor "\(index.names[tensor])" is made twice, by \(describe(first)) and by \(describe(node)), and \
            ONNX names a tensor once. Export the model again.
            """)
        }
      }
    }
    if let first = index.circular.first {
      let others = index.circular.count - 1
      throw ModelGraphError(
        .badInput,
        """
        \(label): the graph has a cycle: \(describe(first))\(others > 0 ? " and \(others) more operators wait" : " waits") \
        for what is made after \(others > 0 ? "them" : "it"). Export the model again.
        """)
    }
  }

  /// An operator as messages call it: its type, and its name or what it makes.
  package func describe(_ node: Int) -> String {
    let proto = proto.graph.node[node]
    let name = proto.name.isEmpty ? proto.output.first { !$0.isEmpty } ?? "" : proto.name
    return name.isEmpty ? proto.opType : "\(proto.opType) \"\(name)\""
  }
}
