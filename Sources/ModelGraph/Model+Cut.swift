extension Model {
  /// The same graph, reading other tensors: outputs are `tensors` in order, inputs are those that they need.
  ///
  /// Precondition: the tensors are in the graph (`require(_:)`). Declared shapes of inner tensors are dropped.
  package func exposing(_ tensors: [String]) -> Model {
    let numbers = tensors.map { name in
      guard let number = index.numbers[name] else { preconditionFailure("no tensor \(name)") }
      return number
    }
    let nodes = index.ancestors(of: numbers)
    let used = tensorsUsed(by: nodes).union(numbers)

    var graph = Onnx_GraphProto()
    graph.name = proto.graph.name
    graph.node = index.order.filter { nodes[$0] }.map { proto.graph.node[$0] }
    graph.input = proto.graph.input.filter {
      index.numbers[$0.name].map { used.contains($0) && !index.weights.contains($0) } ?? false
    }
    graph.output = tensors.map(outputDeclaration)
    copyWeights(used, into: &graph)
    return replacingGraph(graph)
  }

  /// Cuts the graph at `tensor` and reads it at `output`.
  ///
  /// What the suffix reads and what follows from weights alone is copied into it; what follows from shapes or data is
  /// a side input. The suffix's inputs have free shapes unless given.
  ///
  /// - Parameters:
  ///   - types: element types found by running the model; they override what the graph declares. Needed for side inputs
  ///     that operators outside the standard make.
  ///   - shapes: dimensions to declare for the suffix's inputs.
  ///   - frozen: what the suffix is given as the prefix has it, though it follows from the tensor.
  /// - Throws: for unknown names, a tensor that does not depend on the model's inputs, one that the output does not depend
  ///   on, one that what is frozen doesn't follow from, and an element type that neither the graph nor `types` tells.
  /// - Cost: linear in the graph's size; weights are shared.
  package func cut(
    at tensor: String, reading output: String, types: [String: ElementType] = [:], shapes: [String: [Dimension]] = [:],
    freezing frozen: FrozenTensor? = nil
  ) throws(ModelGraphError) -> Cut {
    guard let frozen else { return try cut(at: tensor, reading: output, types: types, shapes: shapes, given: nil) }
    if let reason = reasonAgainst(freezing: frozen.tensor, cutAt: tensor) {
      throw ModelGraphError(.badInput, "\(label): layer \"\(tensor)\": \(reason)")
    }
    guard let units = frozen.units else {
      return try cut(at: tensor, reading: output, types: types, shapes: shapes, given: frozen.tensor)
    }
    let (model, intact) = separating(frozen, units)
    var types = types
    if types[intact] == nil { types[intact] = types[frozen.tensor] }
    return try model.cut(at: tensor, reading: output, types: types, shapes: shapes, given: intact)
  }

  /// - Parameter given: a tensor that the suffix doesn't make, though it follows from the one where the graph is cut.
  private func cut(
    at tensor: String, reading output: String, types: [String: ElementType], shapes: [String: [Dimension]],
    given: String?
  ) throws(ModelGraphError) -> Cut {
    let (cutPoint, target) = try ends(of: tensor, output)
    let given = given.flatMap { index.numbers[$0] }
    let upstream = index.ancestors(of: [target], given: given)
    func between(_ downstream: [Bool]) -> [Bool] {
      downstream.indices.map { cutPoint != target && downstream[$0] && upstream[$0] }
    }
    var nodes = between(index.descendants(of: cutPoint, given: given))
    // Where all ways lead through what is given, the output follows from that alone.
    if given != nil, !nodes.contains(true) { nodes = between(index.descendants(of: cutPoint)) }
    let suffixOrder = index.order.filter { nodes[$0] }

    let (sides, constants) = reads(of: suffixOrder, from: cutPoint, nodes, given: given)
    for (node, isNeeded) in index.ancestors(of: constants).enumerated() where isNeeded { nodes[node] = true }

    let known = elementTypes()
    func elementType(_ tensor: Int) throws(ModelGraphError) -> ElementType {
      let name = index.names[tensor]
      guard let type = types[name] ?? known[name], type != .noTensor else {
        throw ModelGraphError(
          .badInput,
          "\(label): the element type of \"\(name)\" is not declared, or it is no tensor. Run ONNX shape inference on the model."
        )
      }
      return type
    }
    var sideInputs: [SideInput] = []
    for side in sides {
      sideInputs.append(
        SideInput(
          name: index.names[side], elementType: try elementType(side), dependsOnData: index.dependence[side] == .data))
    }
    let cutType = try elementType(cutPoint)

    var graph = Onnx_GraphProto()
    graph.name = proto.graph.name
    graph.node = index.order.filter { nodes[$0] }.map { hiding(given, in: proto.graph.node[$0]) }
    graph.input =
      [Onnx_ValueInfoProto(name: tensor, elementType: cutType, dimensions: shapes[tensor])]
      + sideInputs.map { Onnx_ValueInfoProto(name: $0.name, elementType: $0.elementType, dimensions: shapes[$0.name]) }
    graph.output = [outputDeclaration(output)]
    copyWeights(tensorsUsed(by: nodes), into: &graph)

    return Cut(
      tensor: tensor, output: output, prefix: exposing([tensor] + sideInputs.map(\.name)),
      suffix: replacingGraph(graph), sideInputs: sideInputs,
      firstNonlinearOperator: firstNonlinearOperator(in: suffixOrder, from: cutPoint))
  }

  /// A cut's tensor and the output that is read, checked.
  private func ends(of tensor: String, _ output: String) throws(ModelGraphError) -> (cutPoint: Int, target: Int) {
    let cutPoint = try require(tensor)
    let target = try require(output)
    guard index.dependence[cutPoint] == .data else {
      throw ModelGraphError(
        .badInput,
        "\(label): tensor \"\(tensor)\" does not depend on the model's inputs, so a lesion in it means nothing. Run 'nnfmri-mpi layers \(label)' for tensors that do."
      )
    }
    guard index.influences(on: target)[cutPoint] else {
      throw ModelGraphError(
        .badInput,
        "\(label): output \"\(output)\" does not depend on tensor \"\(tensor)\". Run 'nnfmri-mpi layers \(label)' for tensors that it depends on."
      )
    }
    return (cutPoint, target)
  }

  /// What a suffix reads beside the cut and what it makes itself, in the order of reading: side inputs, and what follows from
  /// weights alone.
  private func reads(
    of suffixOrder: [Int], from cutPoint: Int, _ nodes: [Bool], given: Int?
  ) -> (sides: [Int], constants: [Int]) {
    var sides: [Int] = []
    var seen: Set<Int> = [cutPoint]
    var constants: [Int] = []
    for node in suffixOrder {
      for read in index.reads[node] where seen.insert(read).inserted {
        if read != given, let maker = index.maker[read], nodes[maker] { continue }
        if index.dependence[read] == .constant { constants.append(read) } else { sides.append(read) }
      }
    }
    return (sides, constants)
  }

  private func tensorsUsed(by nodes: [Bool]) -> Set<Int> {
    var used: Set<Int> = []
    for (node, isUsed) in nodes.enumerated() where isUsed { used.formUnion(index.reads[node]) }
    return used
  }

  /// Declares an output by its type alone, if the model states it: the runtime infers the rest, and a shape that was
  /// true of the exporter's batch would be wrong of others.
  private func outputDeclaration(_ name: String) -> Onnx_ValueInfoProto {
    let declarations = [proto.graph.output, proto.graph.input, proto.graph.valueInfo].joined()
    if let type = declarations.first(where: { $0.name == name })?.type, type.tensorType.elemType != 0 {
      return Onnx_ValueInfoProto(name: name, elementType: ElementType(rawValue: type.tensorType.elemType))
    }
    var declaration = Onnx_ValueInfoProto()
    declaration.name = name
    return declaration
  }

  private func copyWeights(_ used: Set<Int>, into graph: inout Onnx_GraphProto) {
    let isUsed = { (name: String) in index.numbers[name].map(used.contains) ?? false }
    graph.initializer = proto.graph.initializer.filter { isUsed($0.name) }
    graph.sparseInitializer = proto.graph.sparseInitializer.filter { isUsed($0.values.name) }
  }
}
