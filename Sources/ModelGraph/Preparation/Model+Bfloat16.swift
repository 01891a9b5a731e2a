extension Model {
  /// Operators that lay bfloat16 out anew, or turn it into other types: those that ONNX Runtime has for processors.
  private static let layingBfloat16Out: Set<String> = [
    "Cast", "Identity", "Reshape", "Transpose", "Concat", "Flatten", "Slice", "Squeeze", "Unsqueeze", "Shape", "Size", "Constant",
  ]

  /// Whether operators compute with bfloat16.
  package var computesInBfloat16: Bool {
    let types = elementTypes()
    return proto.graph.node.contains { Self.computesInBfloat16($0, types) }
  }

  private static func computesInBfloat16(_ node: Onnx_NodeProto, _ types: [String: ElementType]) -> Bool {
    node.isStandard && node.subgraphs.isEmpty && !layingBfloat16Out.contains(node.opType)
      && (node.input + node.output).contains { types[$0] == .bfloat16 }
  }

  /// The same network for processors, on which ONNX Runtime computes no bfloat16: each operator that does gets float32 and
  /// what it gives is rounded, so that all tensors keep their type and, but for sums inside of an operator, their values.
  ///
  /// Cost: linear in the graph's size; weights are shared, and the runtime holds them as float32.
  package func roundingToBfloat16() -> Model {
    let types = elementTypes()
    var names = FreshNames(in: self, stem: "widened")
    var wide: [String: String] = [:]
    var nodes: [Onnx_NodeProto] = []
    func cast(_ tensor: String, to type: ElementType, as output: String) {
      nodes.append(Onnx_NodeProto("Cast", [tensor], [output], ["to": .int(Int(type.rawValue))]))
    }
    for number in index.order {
      let node = proto.graph.node[number]
      guard Self.computesInBfloat16(node, types) else {
        nodes.append(node)
        continue
      }
      var inputs = node.input
      for place in inputs.indices where types[inputs[place]] == .bfloat16 {
        if wide[inputs[place]] == nil {
          let name = names.next()
          cast(inputs[place], to: .float, as: name)
          wide[inputs[place]] = name
        }
        inputs[place] = wide[inputs[place]]!
      }
      var rounded: [(from: String, to: String)] = []
      let outputs = node.output.map { output -> String in
        guard types[output] == .bfloat16 else { return output }
        rounded.append((names.next(), output))
        return rounded[rounded.count - 1].from
      }
      nodes.append(node.copied(inputs: inputs, outputs: outputs))
      for output in rounded { cast(output.from, to: .bfloat16, as: output.to) }
    }
    guard nodes.count != proto.graph.node.count else { return self }
    var graph = proto.graph
    graph.node = nodes
    return replacingGraph(graph)
  }
}
