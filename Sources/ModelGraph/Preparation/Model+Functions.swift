extension Model {
  /// The model with the operators of its functions in the place of their calls, so that what happens in them can be scanned.
  ///
  /// A function's tensors are called after the call: `CALL/TENSOR`, where CALL is the node's name or, without one, its first
  /// output's. Calls stay where a function is of another version of the standard than the model, where ONNX Runtime knows an
  /// operator of that name itself, and where too many operators would come of them.
  ///
  /// Cost: a pass over the graph; weights are shared.
  package func inliningFunctions() -> Model {
    guard !proto.functions.isEmpty else { return self }
    var rewrite = FunctionRewrite(proto, names: index.names)
    rewrite.run()
    return replacingGraph(rewrite.graph, opsets: rewrite.opsets)
  }
}

/// What a call names: a function by its domain, name and overload.
private struct FunctionName: Hashable {
  let domain: String
  let name: String
  let overload: String

  init(_ function: Onnx_FunctionProto) { (domain, name, overload) = (function.domain, function.name, function.overload) }

  init(calledBy node: Onnx_NodeProto) { (domain, name, overload) = (node.domain, node.opType, node.overload) }
}

private struct FunctionRewrite {
  /// A function that calls two others, which call two others, and so on, takes a few lines of a file and no end of operators.
  private static let mostNodes = 200_000
  /// Deeper calls stay; none that a converter writes goes as deep.
  private static let deepest = 64

  var graph: Onnx_GraphProto
  var opsets: [Onnx_OperatorSetIdProto]
  private var functions: [FunctionName: Onnx_FunctionProto] = [:]
  private var names: Set<String>
  private var nodeNames: Set<String>
  private var nodeCount: Int

  init(_ model: Onnx_ModelProto, names: [String]) {
    graph = model.graph
    opsets = model.opsetImport
    self.names = Set(names)
    nodeNames = Set(model.graph.node.map(\.name))
    nodeCount = model.graph.node.count
    for function in model.functions where isInlined(function) { functions[FunctionName(function)] = function }
  }

  /// Whether the model's sets of operators mean the same by the function's nodes, and no body in them hides a name of the graph.
  private func isInlined(_ function: Onnx_FunctionProto) -> Bool {
    !["", "ai.onnx", "com.microsoft"].contains(function.domain)
      && function.opsetImport.allSatisfy { needed in
        opsets.allSatisfy { Self.domain($0) != Self.domain(needed) || $0.version == needed.version }
      }
      && function.node.allSatisfy { $0.subgraphs.allSatisfy { names.isDisjoint(with: $0.allNames) } }
  }

  private static func domain(_ opset: Onnx_OperatorSetIdProto) -> String {
    opset.domain == "ai.onnx" ? "" : opset.domain
  }

  mutating func run() {
    graph.node = inlined(graph.node, depth: 0)
  }

  private mutating func inlined(_ nodes: [Onnx_NodeProto], depth: Int) -> [Onnx_NodeProto] {
    nodes.flatMap { node in
      guard depth < Self.deepest, let function = functions[FunctionName(calledBy: node)],
        nodeCount + function.node.count <= Self.mostNodes
      else { return [node] }
      nodeCount += function.node.count
      for opset in function.opsetImport where !opsets.contains(where: { Self.domain($0) == Self.domain(opset) }) {
        opsets.append(opset)
      }
      return inlined(body(of: function, calledBy: node), depth: depth + 1)
    }
  }

  /// A function's operators on a call's tensors, with the call's attributes, under names that nothing else has.
  private mutating func body(of function: Onnx_FunctionProto, calledBy call: Onnx_NodeProto) -> [Onnx_NodeProto] {
    let place = call.name.isEmpty ? call.output.first { !$0.isEmpty } ?? call.opType : call.name
    var renamed: [String: String] = [:]
    for (position, name) in function.input.enumerated() { renamed[name] = call.input(at: position) ?? "" }
    var copies: [(source: String, output: String)] = []
    for (name, output) in zip(function.output, call.output) where !output.isEmpty {
      // An input, or a tensor that is given twice, is passed on.
      if renamed[name] == nil { renamed[name] = output } else { copies.append((name, output)) }
    }
    var body = function.node.map { node in
      var node = node
      node.take(attributesOf: call, defaults: function.attributeProto)
      node.name = FreshNames.unique("\(place)/\(node.name.isEmpty ? node.opType : node.name)", among: &nodeNames)
      for position in node.output.indices where !node.output[position].isEmpty {
        let own = node.output[position]
        if renamed[own] == nil { renamed[own] = FreshNames.unique("\(place)/\(own)", among: &names) }
        node.output[position] = renamed[own]!
      }
      return node
    }
    for number in body.indices { body[number].renameReads(by: renamed) }
    var nodes = GraphBuilder(name: "")
    for copy in copies { nodes.node("Identity", [renamed[copy.source]!], [copy.output]) }
    return body + nodes.graph.node
  }
}

extension Onnx_NodeProto {
  /// Gives attributes that stand for a function's the values of its call, or their defaults; without either they go.
  fileprivate mutating func take(attributesOf call: Onnx_NodeProto, defaults: [Onnx_AttributeProto]) {
    attribute = attribute.compactMap { attribute in
      var attribute = attribute
      if !attribute.refAttrName.isEmpty {
        guard var value = call.attribute(attribute.refAttrName) ?? defaults.first(where: { $0.name == attribute.refAttrName })
        else { return nil }
        value.name = attribute.name
        return value
      }
      if attribute.hasG { attribute.g.take(attributesOf: call, defaults: defaults) }
      for body in attribute.graphs.indices { attribute.graphs[body].take(attributesOf: call, defaults: defaults) }
      return attribute
    }
  }

  /// Reads other tensors, all at once; in bodies of its own too, but for names that these give themselves.
  fileprivate mutating func renameReads(by names: [String: String]) {
    for place in input.indices { input[place] = names[input[place]] ?? input[place] }
    for place in attribute.indices {
      if attribute[place].hasG { attribute[place].g.renameReads(by: names) }
      for body in attribute[place].graphs.indices { attribute[place].graphs[body].renameReads(by: names) }
    }
  }
}

extension Onnx_GraphProto {
  fileprivate mutating func take(attributesOf call: Onnx_NodeProto, defaults: [Onnx_AttributeProto]) {
    for number in node.indices { node[number].take(attributesOf: call, defaults: defaults) }
  }

  /// The names that the body and bodies in it give.
  fileprivate var allNames: Set<String> {
    node.reduce(ownNames) { names, node in node.subgraphs.reduce(names) { $0.union($1.allNames) } }
  }

  fileprivate mutating func renameReads(by names: [String: String]) {
    let own = ownNames
    let outer = names.filter { !own.contains($0.key) }
    for number in node.indices { node[number].renameReads(by: outer) }
    for place in output.indices { output[place].name = outer[output[place].name] ?? output[place].name }
  }
}
