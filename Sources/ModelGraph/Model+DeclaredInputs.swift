extension Model {
  /// The same model, declaring that inputs have these shapes and no others.
  ///
  /// - Parameter shapes: by name; inputs without one are declared as they were.
  package func declaringInputs(of shapes: [String: [Int]]) -> Model {
    var graph = proto.graph
    for place in graph.input.indices {
      guard let shape = shapes[graph.input[place].name] else { continue }
      graph.input[place].type.tensorType.shape.dim = shape.map { Dimension.fixed($0).proto }
    }
    return replacingGraph(graph)
  }

  /// The same model, whose declarations say which axes of inputs count stimuli. - Parameter axes: by input.
  package func declaringBatch(along axes: [String: Int]) -> Model {
    var graph = proto.graph
    for place in graph.input.indices {
      guard let axis = axes[graph.input[place].name] else { continue }
      for other in graph.input[place].type.tensorType.shape.dim.indices {
        // No other axis may be called a batch.
        let isNamed = if case .named = Dimension(graph.input[place].type.tensorType.shape.dim[other]) { true } else { false }
        guard other == axis || isNamed else { continue }
        let symbol = other == axis ? "batch" : "length_\(other)"
        graph.input[place].type.tensorType.shape.dim[other] = Dimension.named(symbol).proto
      }
    }
    return replacingGraph(graph)
  }

  /// Whether the graph itself has a standard operator of this type.
  package func contains(operator type: String) -> Bool { proto.graph.node.contains { $0.isStandard && $0.opType == type } }

  /// The names of the graph's inputs, in its order.
  package var inputNames: [String] { proto.graph.input.map(\.name) }
}
