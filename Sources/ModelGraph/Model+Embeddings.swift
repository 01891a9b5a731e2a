extension Model {
  /// A table that an integer input chooses rows of.
  package struct Embedding: Sendable, Hashable {
    /// The table's name.
    package let weight: String
    /// How many rows it has: ids from `-rows` to `rows - 1` are rows, negative ones counted from the end.
    package let rows: Int
    /// Which entries along the input's last axis choose them, as the left edges of boxes do; `nil` where all do.
    package let entries: [Int]?

    package init(weight: String, rows: Int, entries: [Int]? = nil) {
      (self.weight, self.rows, self.entries) = (weight, rows, entries)
    }
  }

  /// The tables whose rows an input chooses by Gather: all of it or chosen entries of its last axis, directly or through operators that
  /// only move values.
  ///
  /// Bodies of If, Loop and Scan are searched too. Ids that arithmetic has changed are lost sight of.
  ///
  /// Cost: a walk over the graph a step of the longest path from the input.
  package func embeddings(of input: String) -> [Embedding] {
    var found: [Embedding] = []
    /// By tensor that holds the input's values: the entries that it holds, and whether they lie as they do in the input.
    var moved: [String: (entries: [Int]?, isInPlace: Bool)] = [input: (nil, true)]
    func visit(_ nodes: [Onnx_NodeProto]) {
      for node in nodes {
        for body in node.subgraphs { visit(body.node) }
        guard node.isStandard else { continue }
        switch node.opType {
        case "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand":
          guard let source = node.input(at: 0).flatMap({ moved[$0] }), let output = node.output.first else { continue }
          moved[output] = (source.entries, source.isInPlace && ["Identity", "Cast"].contains(node.opType))
        case "Slice", "Gather":
          if let source = node.input(at: 0).flatMap({ moved[$0] }), source.isInPlace, source.entries == nil,
            let output = node.output.first, let entries = entries(chosenBy: node, ofLastAxisOf: input)
          {
            moved[output] = (entries, false)
          }
          guard node.opType == "Gather", let ids = node.input(at: 1).flatMap({ moved[$0] }),
            let table = node.input(at: 0).flatMap(table)
          else { continue }
          let axis = node.integer("axis") ?? 0
          let place = axis < 0 ? table.dims.count + axis : axis
          guard table.dims.indices.contains(place) else { continue }
          let embedding = Embedding(weight: table.name, rows: Int(table.dims[place]), entries: ids.entries)
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

  /// The entries of an input's last axis that a Slice or Gather takes; `nil` where it goes along another, or that can't be told.
  private func entries(chosenBy node: Onnx_NodeProto, ofLastAxisOf input: String) -> [Int]? {
    guard let dimensions = inputs.first(where: { $0.name == input })?.dimensions, case .fixed(let length) = dimensions.last else {
      return nil
    }
    func isLast(_ axis: Int) -> Bool { axis == -1 || axis == dimensions.count - 1 }
    func constant(_ place: Int) -> [Int]? { node.input(at: place).flatMap(integerConstant)?.map { Int($0) } }
    let chosen: [Int]
    if node.opType == "Gather" {
      guard isLast(node.integer("axis") ?? 0), let entries = constant(1) else { return nil }
      chosen = entries.map { $0 < 0 ? $0 + length : $0 }
    } else {
      guard let start = constant(1), let end = constant(2), let axes = constant(3), start.count == 1, isLast(axes[0]),
        node.input(at: 4) == nil || constant(4) == [1]
      else { return nil }
      let bounds = [start[0], end[0]].map { min(max($0 < 0 ? $0 + length : $0, 0), length) }
      chosen = Array(bounds[0]..<max(bounds[0], bounds[1]))
    }
    return chosen.allSatisfy((0..<length).contains) ? chosen : nil
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
