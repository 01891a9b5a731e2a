extension Model {
  /// The network with tensors in the form in which they are scanned, under their own names.
  ///
  /// What makes a tensor gets another output; operators turn that into the form to be scanned, and back for everything that
  /// reads it. Turning back gives what was there, bit by bit, except that float64 is rounded to float32.
  ///
  /// - Precondition: operators of the graph make the tensors.
  package func presenting(_ views: [TensorView]) -> Model {
    let views = views.filter { !$0.isPlain }
    guard !views.isEmpty else { return self }
    var rewrite = ViewRewrite(self)
    for view in views { rewrite.add(view) }
    return replacingGraph(rewrite.graph)
  }

  /// Whether an operator makes the tensor.
  package func makes(_ tensor: String) -> Bool { index.producer(of: tensor) != nil }
}

private struct ViewRewrite {
  var graph: Onnx_GraphProto
  private let index: GraphIndex
  private var taken: Set<String> = []

  init(_ model: Model) {
    graph = model.proto.graph
    index = model.index
  }

  mutating func add(_ view: TensorView) {
    guard let maker = index.producer(of: view.tensor) else { preconditionFailure("no operator makes \(view.tensor)") }
    let made = fresh(view.nameAsMade)
    let back = fresh(view.nameAsRead)
    for place in graph.node.indices { graph.node[place].renameReads(of: view.tensor, to: back) }
    for place in graph.node[maker].output.indices where graph.node[maker].output[place] == view.tensor {
      graph.node[maker].output[place] = made
    }
    // Types and shapes that were declared are those of the tensor as it was made.
    graph.valueInfo.removeAll { $0.name == view.tensor }
    graph.valueInfo += [
      Onnx_ValueInfoProto(name: made, elementType: view.elementType),
      Onnx_ValueInfoProto(name: view.tensor, elementType: .float),
      Onnx_ValueInfoProto(name: back, elementType: view.elementType),
    ]
    for place in graph.output.indices where graph.output[place].name == view.tensor {
      graph.output[place] = Onnx_ValueInfoProto(name: view.tensor, elementType: .float)
    }
    chain(from: made, to: view.tensor, values(view, forward: true) + layout(view, forward: true))
    chain(from: view.tensor, to: back, layout(view, forward: false) + values(view, forward: false))
  }

  private struct Step {
    let operatorType: String
    var operands: [String] = []
    var attributes: [String: GraphBuilder.Attribute] = [:]
  }

  private mutating func chain(from source: String, to target: String, _ steps: [Step]) {
    var nodes = GraphBuilder(name: "")
    var tensor = source
    for (number, step) in steps.enumerated() {
      let output = number + 1 == steps.count ? target : fresh(target + "/step_\(number)")
      tensor = nodes.node(step.operatorType, [tensor] + step.operands, [output], step.attributes, name: fresh(output + "/view"))
    }
    // Behind everything: what reads the tensor is put in order when the graph is exposed or cut.
    graph.node += nodes.graph.node
  }

  private func values(_ view: TensorView, forward: Bool) -> [Step] {
    if let quantization = view.quantization {
      let operands = [quantization.scale] + (quantization.zeroPoint.map { [$0] } ?? [])
      return [Step(operatorType: forward ? "DequantizeLinear" : "QuantizeLinear", operands: operands)]
    }
    guard view.elementType != .float else { return [] }
    let cast = { (type: ElementType) in Step(operatorType: "Cast", attributes: ["to": .int(Int(type.rawValue))]) }
    if forward { return [cast(.float)] }
    return (view.elementType.isFloat ? [] : [Step(operatorType: "Round")]) + [cast(view.elementType)]
  }

  private mutating func layout(_ view: TensorView, forward: Bool) -> [Step] {
    switch view.batch {
    case .first:
      guard let given = view.givenShape else { return [] }
      return [reshape([-1] + (forward ? given : view.shape).dropFirst())]
    case .axis(let axis):
      return [transposition(bringing: axis, toFront: forward, rank: view.shape.count)]
    case .folded(let axis, let count, let isOuter):
      let stimuli = isOuter ? axis : axis + 1
      var unfolded = view.shape
      unfolded.insert(-1, at: stimuli)
      unfolded[isOuter ? axis + 1 : axis] = count
      var folded = view.shape
      folded[axis] = -1
      let turn = transposition(bringing: stimuli, toFront: forward, rank: unfolded.count)
      return forward ? [reshape(unfolded), turn] : [turn, reshape(folded)]
    case .none:
      return [reshape(forward ? [1] + view.sourceShape : view.shape)]
    }
  }

  private func transposition(bringing axis: Int, toFront: Bool, rank: Int) -> Step {
    let order = [axis] + (0..<rank).filter { $0 != axis }
    let inverse = (0..<rank).map { order.firstIndex(of: $0)! }
    return Step(operatorType: "Transpose", attributes: ["perm": .ints(toFront ? order : inverse)])
  }

  private mutating func reshape(_ shape: [Int]) -> Step {
    var target = Onnx_TensorProto()
    target.name = fresh("scanned_shape")
    target.dims = [Int64(shape.count)]
    target.dataType = ElementType.int64.rawValue
    target.int64Data = shape.map(Int64.init)
    graph.initializer.append(target)
    return Step(operatorType: "Reshape", operands: [target.name])
  }

  private mutating func fresh(_ wanted: String) -> String {
    var name = wanted
    var number = 1
    while index.contains(name) || taken.contains(name) {
      number += 1
      name = "\(wanted)_\(number)"
    }
    taken.insert(name)
    return name
  }
}

extension Onnx_NodeProto {
  /// Has the node, and what its bodies read from outside, read another tensor.
  mutating func renameReads(of tensor: String, to other: String) {
    for place in input.indices where input[place] == tensor { input[place] = other }
    for place in attribute.indices {
      if attribute[place].hasG { attribute[place].g.renameOuterReads(of: tensor, to: other) }
      for body in attribute[place].graphs.indices {
        attribute[place].graphs[body].renameOuterReads(of: tensor, to: other)
      }
    }
  }
}

extension Onnx_GraphProto {
  /// The names that the body gives itself; they hide those outside.
  var ownNames: Set<String> {
    var names = Set(input.map(\.name)).union(initializer.map(\.name)).union(sparseInitializer.map(\.values.name))
    for node in node { names.formUnion(node.output) }
    return names
  }

  mutating func renameOuterReads(of tensor: String, to other: String) {
    guard !ownNames.contains(tensor) else { return }
    for place in node.indices { node[place].renameReads(of: tensor, to: other) }
    for place in output.indices where output[place].name == tensor { output[place].name = other }
  }
}
