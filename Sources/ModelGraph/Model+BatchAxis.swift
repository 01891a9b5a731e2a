extension Model {
  /// The model with its batch axis freed: a batch of 1 that was baked into graph inputs, Reshape and Resize targets,
  /// class tokens and recurrent states is replaced by the batch that is fed. `nil` if nothing of the kind is found.
  ///
  /// The batch axis of the inputs is followed through the operators; where it is lost sight of, targets stay as they
  /// are. So run batch 2 against batch 1 twice before believing the result.
  package func freeingBatchAxis() -> Model? {
    var rewrite = BatchAxisRewrite(self)
    return rewrite.run()
  }
}

/// Follows the batch through a graph and makes room for it.
private struct BatchAxisRewrite {
  private let model: Model
  private let index: GraphIndex
  private var graph: Onnx_GraphProto
  private var nodes: [Onnx_NodeProto] = []
  private var hasChanged = false

  private var axes: BatchAxes
  private var batchInput: (name: String, axis: Int)?
  private var batchLength: String?
  private var namesGiven = 0

  init(_ model: Model) {
    self.model = model
    index = model.index
    graph = model.proto.graph
    axes = BatchAxes(in: model, length: 1)
  }

  mutating func run() -> Model? {
    freeInputs()
    guard batchInput != nil else { return nil }
    for number in index.order {
      var node = model.proto.graph.node[number]
      if axes.reach(number) {
        rewrite(&node)
        axes.follow(number)
      }
      nodes.append(node)
    }
    guard hasChanged else { return nil }

    graph.node = nodes
    graph.valueInfo = []
    for place in graph.node.indices { Self.forgetShapes(inBodiesOf: &graph.node[place]) }
    for place in graph.output.indices {
      var type = graph.output[place].type.tensorType
      guard type.hasShape, case .dimValue(let length)? = type.shape.dim.first?.value else { continue }
      if length == 1, axes[graph.output[place].name]?.axis == 0 {
        type.shape.dim[0].dimParam = batchName
      } else {
        type.clearShape()
      }
      graph.output[place].type.tensorType = type
    }
    let weightsRead = GraphIndex(graph).readNames
    let outputs = Set(graph.output.map(\.name))
    graph.initializer.removeAll { !weightsRead.contains($0.name) && !outputs.contains($0.name) }
    let kept = Set(graph.initializer.map(\.name))
    graph.input.removeAll { index.isWeight($0.name) && !kept.contains($0.name) }
    return model.replacingGraph(graph)
  }

  // MARK: Inputs

  private var batchName: String {
    let taken = model.inputs.flatMap { $0.dimensions?.dropFirst() ?? [] }
    return taken.contains(.named("N")) ? "batch" : "N"
  }

  private mutating func freeInputs() {
    let name = batchName
    let ports = Dictionary(model.inputs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for place in graph.input.indices {
      guard let port = ports[graph.input[place].name], let axis = port.batchAxis else { continue }
      if let dimensions = port.dimensions, case .fixed(let length) = dimensions[axis] {
        guard length == 1 else { continue }
        graph.input[place].type.tensorType.shape.dim[axis].dimParam = name
        hasChanged = true
      }
      note(port.name, axis: axis, rank: port.dimensions?.count)
    }
  }

  private mutating func note(_ input: String, axis: Int, rank: Int?) {
    axes.note(input, axis: axis, rank: rank)
    if batchInput.map({ $0.axis > axis }) ?? true { batchInput = (input, axis) }
  }

  // MARK: Rewriting

  private mutating func rewrite(_ node: inout Onnx_NodeProto) {
    guard node.isKnown else { return }
    switch node.opType {
    case "Reshape":
      guard let batch = node.input(at: 0).flatMap({ axes[$0] }), let target = constant(node.input(at: 1)) else {
        return
      }
      if let freed = freedTarget(target, batch, allowsZero: node.integer("allowzero") == 1) {
        node.input[1] = freed
        hasChanged = true
      }
    case "Resize":
      guard node.input(at: 0).flatMap({ axes[$0] })?.axis == 0, let sizes = constant(node.input(at: 3)),
        sizes.first == 1
      else { return }
      node.input[3] = scaledByBatch(sizes, at: 0)
      hasChanged = true
    case "Concat":
      guard let batch = axes.first(among: node.input), node.integer("axis") != batch.axis else { return }
      for position in node.input.indices { expand(&node, position, batchAxis: batch.axis) }
    case "ScatterElements", "ScatterND":
      guard let batch = axes.first(among: node.input) else { return }
      expand(&node, 0, batchAxis: batch.axis)
    case let name where OperatorTraits.recurrent.contains(name):
      guard node.integer("layout") ?? 0 == 0, node.input(at: 0).flatMap({ axes[$0] })?.axis == 1 else { return }
      expand(&node, 4, batchAxis: 0)
      expand(&node, 5, batchAxis: 1)
      expand(&node, 6, batchAxis: 1)
    default:
      break
    }
  }

  /// The target with room for the batch; `nil` if it has that already or the place is unknown.
  private mutating func freedTarget(_ target: [Int64], _ batch: BatchAxes.Place, allowsZero: Bool) -> String? {
    guard batch.axis < target.count else { return nil }
    let length = target[batch.axis]
    if length < 0 || length == 0 && !allowsZero { return nil }
    var freed = target
    if !target.contains(-1) {
      // The batch comes first in memory among the values of its axis, so whatever this axis had is now that many
      // times the batch.
      freed[batch.axis] = -1
    } else if length == 1 && batch.isAlone && !allowsZero {
      freed[batch.axis] = 0
    } else {
      return scaledByBatch(target, at: batch.axis)
    }
    return addConstant(freed)
  }

  /// The vector with one entry multiplied by the batch's length when the model runs.
  private mutating func scaledByBatch(_ vector: [Int64], at place: Int) -> String {
    var entry = batchLengthTensor()
    if vector[place] != 1 { entry = addNode("Mul", [entry, addConstant([vector[place]])]) }
    var parts = [entry]
    if place > 0 { parts.insert(addConstant(Array(vector[..<place])), at: 0) }
    if place + 1 < vector.count { parts.append(addConstant(Array(vector[(place + 1)...]))) }
    return addNode("Concat", parts, axis: 0)
  }

  /// Repeats a constant operand along the batch.
  private mutating func expand(_ node: inout Onnx_NodeProto, _ position: Int, batchAxis: Int) {
    guard let operand = node.input(at: position), index.dependence(of: operand) == .constant else { return }
    let shape = addNode("Shape", [operand])
    var parts = [batchLengthTensor()]
    if batchAxis > 0 {
      parts.insert(addNode("Slice", [shape, addConstant([0]), addConstant([Int64(batchAxis)])]), at: 0)
    }
    parts.append(addNode("Slice", [shape, addConstant([Int64(batchAxis) + 1]), addConstant([Int64(Int32.max)])]))
    node.input[position] = addNode("Expand", [operand, addNode("Concat", parts, axis: 0)])
    hasChanged = true
  }

  private mutating func batchLengthTensor() -> String {
    if let batchLength { return batchLength }
    guard let (input, axis) = batchInput else { preconditionFailure("no input carries the batch") }
    let length = addNode("Gather", [addNode("Shape", [input]), addConstant([Int64(axis)])], axis: 0)
    batchLength = length
    return length
  }

  private mutating func addNode(_ operatorType: String, _ inputs: [String], axis: Int? = nil) -> String {
    var node = Onnx_NodeProto()
    node.opType = operatorType
    node.input = inputs
    node.output = [freshName()]
    node.name = node.output[0]
    if let axis { node.attribute = [GraphBuilder.Attribute.int(axis).proto(named: "axis")] }
    nodes.append(node)
    return node.output[0]
  }

  private mutating func addConstant(_ values: [Int64]) -> String {
    var tensor = Onnx_TensorProto()
    tensor.name = freshName()
    tensor.dims = [Int64(values.count)]
    tensor.dataType = ElementType.int64.rawValue
    tensor.int64Data = values
    graph.initializer.append(tensor)
    return tensor.name
  }

  private mutating func freshName() -> String {
    repeat { namesGiven += 1 } while index.contains("batch_axis_\(namesGiven)")
    return "batch_axis_\(namesGiven)"
  }

  private func constant(_ name: String?) -> [Int64]? {
    name.flatMap { model.integerConstant($0) }
  }

  private static func forgetShapes(inBodiesOf node: inout Onnx_NodeProto) {
    for place in node.attribute.indices {
      if node.attribute[place].hasG { forgetShapes(in: &node.attribute[place].g) }
      for body in node.attribute[place].graphs.indices { forgetShapes(in: &node.attribute[place].graphs[body]) }
    }
  }

  private static func forgetShapes(in body: inout Onnx_GraphProto) {
    body.valueInfo = []
    for place in body.node.indices { forgetShapes(inBodiesOf: &body.node[place]) }
  }
}
