extension Model {
  /// Operators with outputs as many as they are given names.
  private static let variadic: Set = ["If", "Loop", "Scan", "Split", "SequenceMap"]

  /// The model with names for outputs that the file leaves without one, `omitted`, of operators that have any number of them.
  /// ONNX Runtime checks that other operators have what they must; the kernels of these write all that they have, and one without
  /// a name ends the process (1.32).
  ///
  /// Cost: a pass over the graph; weights are shared.
  func namingOmittedOutputs() -> Model {
    guard proto.graph.hasOmittedOutputs(of: Self.variadic) else { return self }
    var graph = proto.graph
    var names = graph.allNames
    graph.nameOmittedOutputs(of: Self.variadic, &names)
    return replacingGraph(graph)
  }
}

extension Onnx_GraphProto {
  fileprivate func hasOmittedOutputs(of operators: Set<String>) -> Bool {
    node.contains { node in
      node.omitsOutputs(of: operators) || node.subgraphs.contains { $0.hasOmittedOutputs(of: operators) }
    }
  }

  /// Names of tensors, those of bodies too.
  fileprivate var allNames: Set<String> {
    node.reduce(into: Set(input.map(\.name) + initializer.map(\.name))) { names, node in
      names.formUnion(node.input + node.output)
      for body in node.subgraphs { names.formUnion(body.allNames) }
    }
  }

  fileprivate mutating func nameOmittedOutputs(of operators: Set<String>, _ names: inout Set<String>) {
    for number in node.indices {
      if node[number].omitsOutputs(of: operators) {
        for place in node[number].output.indices where node[number].output[place].isEmpty {
          node[number].output[place] = FreshNames.unique("omitted", among: &names)
        }
      }
      for place in node[number].attribute.indices {
        if node[number].attribute[place].hasG { node[number].attribute[place].g.nameOmittedOutputs(of: operators, &names) }
        for body in node[number].attribute[place].graphs.indices {
          node[number].attribute[place].graphs[body].nameOmittedOutputs(of: operators, &names)
        }
      }
    }
  }
}

extension Onnx_NodeProto {
  fileprivate func omitsOutputs(of operators: Set<String>) -> Bool {
    isStandard && operators.contains(opType) && output.contains("")
  }
}
