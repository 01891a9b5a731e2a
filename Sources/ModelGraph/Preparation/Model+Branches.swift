extension Model {
  /// An If of the graph, by the first tensor that it makes.
  package struct Branching: Sendable, Hashable {
    package let output: String
    package let condition: String
    /// As messages call it.
    package let label: String
  }

  /// The Ifs whose conditions are the same for all stimuli of one shape: they follow from shapes, weights, and inputs that
  /// all stimuli share, such as a sampling rate, but not from the values of `stimuli`.
  ///
  /// - Parameter stimuli: the inputs that hold one value a stimulus.
  package func branchings(stimuli: Set<String>) -> [Branching] {
    let changing = values(followingFrom: stimuli)
    return index.order.compactMap { number in
      let node = proto.graph.node[number]
      guard node.isStandard, node.opType == "If", let condition = node.input(at: 0), let output = node.output.first,
        let tensor = index.numbers[condition], !changing[tensor]
      else { return nil }
      return Branching(output: output, condition: condition, label: describe(number))
    }
  }

  /// By tensor: whether its values follow from those of the inputs named, or from a draw.
  private func values(followingFrom inputs: Set<String>) -> [Bool] {
    var follows = [Bool](repeating: false, count: index.names.count)
    for input in index.inputs where inputs.contains(index.names[input]) { follows[input] = true }
    for node in index.order where !index.readsOnlyShape[node] {
      guard OperatorTraits.isRandom(proto.graph.node[node]) || index.reads[node].contains(where: { follows[$0] }) else {
        continue
      }
      for tensor in index.writes[node] { follows[tensor] = true }
    }
    return follows
  }

  /// The network with the branch that is taken in the place of Ifs, so that what happens in it can be scanned.
  ///
  /// - Parameter taken: by the first tensor that an If makes: whether its condition holds. Other Ifs stay.
  package func inliningBranches(_ taken: [String: Bool]) -> Model {
    guard !taken.isEmpty else { return self }
    var rewrite = BranchRewrite(graph: proto.graph, names: index.names)
    rewrite.run(taken)
    return replacingGraph(rewrite.graph)
  }
}

private struct BranchRewrite {
  var graph: Onnx_GraphProto
  /// Names of the graph and of what was put into it.
  private var names: Set<String>
  /// Names of the operators.
  private var nodeNames: Set<String>

  init(graph: Onnx_GraphProto, names: [String]) {
    self.graph = graph
    self.names = Set(names)
    nodeNames = Set(graph.node.map(\.name))
  }

  mutating func run(_ taken: [String: Bool]) {
    var nodes: [Onnx_NodeProto] = []
    for node in graph.node {
      if node.isStandard, node.opType == "If", let output = node.output.first, let holds = taken[output],
        let body = node.attribute(holds ? "then_branch" : "else_branch")?.g, body.output.count == node.output.count
      {
        nodes += inline(body, as: node.output)
      } else {
        nodes.append(node)
      }
    }
    graph.node = nodes
  }

  /// A body's operators with its weights put into the graph, under names that nothing else has.
  private mutating func inline(_ body: Onnx_GraphProto, as outputs: [String]) -> [Onnx_NodeProto] {
    var body = body
    var renamed: [String: String] = [:]
    for name in body.ownNames.sorted() where !name.isEmpty {
      let free = FreshNames.unique(name, among: &names)
      if free != name { renamed[name] = free }
    }
    // What the If makes keeps its name. A tensor from outside, a weight, or one that is given twice, is passed on.
    var copies: [(source: String, output: String)] = []
    let made = Set(body.node.flatMap(\.output))
    var given: Set<String> = []
    for (port, output) in zip(body.output, outputs) where !output.isEmpty {
      if made.contains(port.name), given.insert(port.name).inserted {
        renamed[port.name] = output
      } else {
        copies.append((port.name, output))
      }
    }
    // Names that the If makes may be the body's own as well, which has to give way first.
    let ordered = renamed.sorted { (outputs.contains($0.value) ? 1 : 0, $0.key) < (outputs.contains($1.value) ? 1 : 0, $1.key) }
    for (name, free) in ordered { body.renameOwn(name, to: free) }
    graph.initializer += body.initializer
    graph.sparseInitializer += body.sparseInitializer
    graph.valueInfo += body.valueInfo
    var nodes = GraphBuilder(name: "")
    for copy in copies { nodes.node("Identity", [renamed[copy.source] ?? copy.source], [copy.output]) }
    return (body.node + nodes.graph.node).map { node in
      guard !node.name.isEmpty else { return node }
      var node = node
      node.name = FreshNames.unique(node.name, among: &nodeNames)
      return node
    }
  }
}

extension Onnx_GraphProto {
  /// Gives one of the body's own names another, wherever it is written or read.
  fileprivate mutating func renameOwn(_ name: String, to other: String) {
    for place in initializer.indices where initializer[place].name == name { initializer[place].name = other }
    for place in sparseInitializer.indices where sparseInitializer[place].values.name == name {
      sparseInitializer[place].values.name = other
    }
    for place in valueInfo.indices where valueInfo[place].name == name { valueInfo[place].name = other }
    for number in node.indices {
      for place in node[number].output.indices where node[number].output[place] == name {
        node[number].output[place] = other
      }
      node[number].renameReads(of: name, to: other)
    }
  }
}
