extension Model {
  /// A table that an integer input chooses rows of.
  package struct Embedding: Sendable, Hashable {
    /// The table's name.
    package let weight: String
    /// How many rows it has: ids from `-rows` to `rows - 1` are rows, negative ones counted from the end.
    package let rows: Int

    package init(weight: String, rows: Int) {
      (self.weight, self.rows) = (weight, rows)
    }
  }

  /// The tables whose rows an input chooses by Gather, directly or through operators that only move its values.
  ///
  /// Bodies of If, Loop and Scan are searched too. Ids that arithmetic has changed are lost sight of.
  ///
  /// Cost: a walk over the graph a step of the longest path from the input.
  package func embeddings(of input: String) -> [Embedding] {
    var found: [Embedding] = []
    var moved: Set<String> = [input]
    func visit(_ nodes: [Onnx_NodeProto]) {
      for node in nodes {
        for body in node.subgraphs { visit(body.node) }
        guard node.isStandard else { continue }
        switch node.opType {
        case "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand":
          if let source = node.input(at: 0), moved.contains(source) { moved.formUnion(node.output) }
        case "Gather":
          guard let ids = node.input(at: 1), moved.contains(ids), let table = node.input(at: 0).flatMap(table) else {
            continue
          }
          let axis = node.integer("axis") ?? 0
          let place = axis < 0 ? table.dims.count + axis : axis
          guard table.dims.indices.contains(place) else { continue }
          let embedding = Embedding(weight: table.name, rows: Int(table.dims[place]))
          if !found.contains(embedding) { found.append(embedding) }
        default:
          break
        }
      }
    }
    var known = 0
    while known < moved.count {
      known = moved.count
      visit(index.order.map { proto.graph.node[$0] })
    }
    return found
  }

  /// The stored weight that a tensor is, or is dequantised or converted from.
  private func table(_ name: String) -> Onnx_TensorProto? {
    var name = name
    for _ in 0..<4 {
      if let tensor = constantTensor(name) { return tensor }
      guard let maker = index.producer(of: name), ["DequantizeLinear", "Cast"].contains(proto.graph.node[maker].opType),
        let source = proto.graph.node[maker].input(at: 0)
      else { return nil }
      name = source
    }
    return nil
  }
}
