extension Model {
  /// The same model with its nodes called by their numbers, "n0" for the first, which no two share: whatever a runtime reports
  /// by name can then be found again. Nodes of subgraphs keep their names.
  package func numberingNodes() -> Model {
    var graph = proto.graph
    for number in graph.node.indices { graph.node[number].name = Self.nodeName(number) }
    return replacingGraph(graph)
  }

  /// The number of a node that `numberingNodes()` named; `nil` for another name.
  package static func nodeNumber(_ name: String) -> Int? { name.hasPrefix("n") ? Int(name.dropFirst()) : nil }

  private static func nodeName(_ number: Int) -> String { "n\(number)" }
}
