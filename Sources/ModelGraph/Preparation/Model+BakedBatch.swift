internal import FoundationEssentials

extension Model {
  /// The length of a batch above 1 that was baked in when the model was exported; `nil` if there is none.
  ///
  /// Nothing in such a model tells the batch from a length of the network's own. The stimuli do: an array of N stimuli is as
  /// long as the input along all axes but the first. All inputs must have the same first length, and an output too; states of
  /// recurrent operators have it along their own axis.
  ///
  /// - Parameters:
  ///   - stimuli: by input, one stimulus's shape.
  ///   - count: how many stimuli there are.
  package func bakedBatch(feeding stimuli: [String: [Int]], count: Int = 0) -> Int? {
    let ports = inputs
    let states = ports.filter { $0.fixedStateAxis != nil }
    let others = ports.filter { $0.fixedStateAxis == nil }
    var length: Int?
    for port in others {
      guard let lengths = port.fixedLengths, let first = lengths.first, first > 1, first == length ?? first,
        stimuli[port.name] == Array(lengths.dropFirst()), port.batchAxis == nil || isBakedInFront(of: port, count: count)
      else { return nil }
      length = first
    }
    guard let length else { return nil }
    for port in states {
      guard let lengths = port.fixedLengths, let axis = port.fixedStateAxis, lengths[axis] == length else { return nil }
      var rest = lengths
      rest.remove(at: axis)
      if let given = stimuli[port.name], given != rest { return nil }
    }
    return outputs.contains { $0.dimensions?.first == .fixed(length) } ? length : nil
  }

  /// Whether the first axis of an input holds the batch though another is of length 1, as the channel of grey pictures is.
  /// Where the stimuli are as many as it is long, they may as well be one stimulus, with the batch second.
  private func isBakedInFront(of port: Port, count: Int) -> Bool {
    guard let lengths = port.fixedLengths, let axis = port.batchAxis, axis > 0, lengths[axis] == 1 else { return false }
    return lengths[0] != count || lengths.count > 3
      || index.consumers(of: port.name).contains { proto.graph.node[$0].opType.contains("Conv") }
  }

  /// The model with a batch of 1 where one of `length` was baked in: in declarations, in targets of Reshape, Expand and Resize, and
  /// in constants that repeat the same for each row, such as the states that a recurrent operator starts with. What lies elsewhere
  /// stays, and then the model doesn't run, or doesn't give each row what it gives alone, which a survey finds out.
  package func replacingBakedBatch(_ length: Int) -> Model {
    var rewrite = BakedBatchRewrite(self, length: length)
    return rewrite.run()
  }
}

/// Follows a batch through a graph and leaves one row of it.
private struct BakedBatchRewrite {
  private let model: Model
  private let length: Int
  private var graph: Onnx_GraphProto
  private var axes: BatchAxes
  private var names: FreshNames
  /// How many operators that make constants lie behind one another, and how many are followed.
  private var depth = 0
  private static let longest = 32

  init(_ model: Model, length: Int) {
    self.model = model
    self.length = length
    graph = model.proto.graph
    axes = BatchAxes(in: model, length: length)
    names = FreshNames(in: model, stem: "batch_of_one")
  }

  mutating func run() -> Model {
    for port in model.inputs {
      let axis = port.fixedStateAxis ?? 0
      guard let dimensions = port.dimensions, axis < dimensions.count, dimensions[axis] == .fixed(length),
        let place = graph.input.firstIndex(where: { $0.name == port.name })
      else { continue }
      graph.input[place].type.tensorType.shape.dim[axis].dimValue = 1
      axes.note(port.name, axis: axis, rank: dimensions.count)
    }
    graph.valueInfo = []
    for node in model.index.order {
      if axes.reach(node) {
        shorten(node)
        axes.follow(node)
      } else if graph.node[node].opType == "Reshape" {
        shortenTarget(node, 1, axis: 0)
      }
    }
    for place in graph.output.indices {
      let axis = axes[graph.output[place].name]?.axis ?? 0
      let dimensions = graph.output[place].type.tensorType.shape.dim
      guard axis < dimensions.count, dimensions[axis].dimValue == Int64(length) else { continue }
      graph.output[place].type.tensorType.shape.dim[axis].dimValue = 1
    }
    return model.replacingGraph(graph)
  }

  private mutating func shorten(_ number: Int) {
    let node = model.proto.graph.node[number]
    guard node.isKnown, let batch = axes.first(among: node.input) else { return }
    switch node.opType {
    case "Reshape":
      let follows = node.input(at: 0).flatMap { axes[$0] } != nil
      if !shortenTarget(number, 1, axis: follows ? batch.axis : 0, isMerged: follows) { shortenTarget(number, 1, axis: 0) }
    case "Expand":
      shortenTarget(number, 1, axis: batch.axis)
    case "Resize":
      shortenTarget(number, 3, axis: batch.axis)
    case let name where OperatorTraits.recurrent.contains(name):
      let axis = node.integer("layout") == 1 ? 0 : 1
      shortenConstant(number, 4, axis: 0)
      for state in [5, 6] { shortenConstant(number, state, axis: axis) }
    case "Concat":
      guard node.integer("axis") != batch.axis else { return }
      for position in node.input.indices { shortenConstant(number, position, axis: batch.axis) }
    case "ScatterElements", "ScatterND":
      shortenConstant(number, 0, axis: batch.axis)
    case "GatherElements", "GridSample":
      shortenConstant(number, 1, axis: batch.axis)
    case let name where BatchAxes.elementwise.contains(name):
      let made = axes.place(after: number)
      for (position, name) in node.input.enumerated() {
        let missing = made?.rank.flatMap { rank in model.constantTensor(name).map { rank - $0.dims.count } }
        let axis = missing.map { made!.axis - $0 } ?? batch.axis
        if axis >= 0 { shortenConstant(number, position, axis: axis) }
      }
    default:
      break
    }
  }

  /// A shape with one row where it has the batch. - Parameter isMerged: whether the axis may hold the batch times something else.
  @discardableResult
  private mutating func shortenTarget(_ number: Int, _ position: Int, axis: Int, isMerged: Bool = false) -> Bool {
    let length = Int64(length)
    guard let name = graph.node[number].input(at: position), axis >= 0 else { return false }
    guard let target = model.integerConstant(name) else { return shortenParts(of: name, axis: axis) }
    guard axis < target.count else { return false }
    func isMultiple(_ axis: Int) -> Bool { target[axis] > 0 && target[axis] % length == 0 }
    // Where the axis in front could hold the batch too, nothing tells which of them does.
    guard target[axis] == length || isMerged && isMultiple(axis) && (axis == 0 || !isMultiple(axis - 1)) else { return false }
    var short = target
    short[axis] /= length
    graph.initializer.append(Onnx_TensorProto(short.map(Int.init), name: names.next()))
    graph.node[number].input[position] = graph.initializer[graph.initializer.count - 1].name
    return true
  }

  /// The same of a target that is put together of constants: of entries, or by a choice between what is asked for and what was there.
  private mutating func shortenParts(of target: String, axis: Int) -> Bool {
    guard let maker = model.index.producer(of: target), model.index.dependence(of: target) != .data, depth < Self.longest else {
      return false
    }
    depth += 1
    defer { depth -= 1 }
    let node = model.proto.graph.node[maker]
    switch node.opType {
    case "Where" where node.isStandard:
      let (first, second) = (shortenTarget(maker, 1, axis: axis), shortenTarget(maker, 2, axis: axis))
      return first || second
    case "Concat" where node.isStandard:
      // Parts before it have one entry each.
      return node.input.indices.contains(axis) && shortenTarget(maker, axis, axis: 0)
    default:
      return false
    }
  }

  /// An operand that doesn't follow from data, with one row of several equal ones.
  private mutating func shortenConstant(_ number: Int, _ position: Int, axis: Int) {
    guard let name = graph.node[number].input(at: position), let dependence = model.index.dependence(of: name),
      dependence != .data, axis >= 0
    else { return }
    if let tensor = model.constantTensor(name) {
      guard var row = tensor.row(of: length, along: axis) else { return }
      row.name = names.next()
      graph.initializer.append(row)
      graph.node[number].input[position] = row.name
      return
    }
    guard let maker = model.index.producer(of: name), depth < Self.longest else { return }
    depth += 1
    defer { depth -= 1 }
    let node = model.proto.graph.node[maker]
    guard node.isStandard else { return }
    switch node.opType {
    case "Identity", "Cast", "Slice":
      shortenConstant(maker, 0, axis: axis)
    case "Expand":
      shortenConstant(maker, 0, axis: axis)
      shortenTarget(maker, 1, axis: axis)
    case "ConstantOfShape":
      shortenTarget(maker, 0, axis: axis)
    case "Transpose":
      guard let order = node.integers("perm"), order.indices.contains(axis) else { return }
      shortenConstant(maker, 0, axis: order[axis])
    default:
      break
    }
  }
}

extension Onnx_TensorProto {
  /// The first of equal entries along an axis; `nil` where they differ, or the axis has another length.
  fileprivate func row(of length: Int, along axis: Int) -> Onnx_TensorProto? {
    guard axis < dims.count, dims[axis] == Int64(length), dataLocation != .external else { return nil }
    var row = self
    row.dims[axis] = 1
    func first<Values: RandomAccessCollection>(of values: Values) -> [Values.Element]?
    where Values.Element: Equatable, Values.Index == Int {
      guard length <= values.count else { return nil }
      var outer = 1
      for length in dims[..<axis] {
        guard length > 0, length <= Int64(values.count / outer) else { return nil }
        outer *= Int(length)
      }
      guard values.count % (outer * length) == 0 else { return nil }
      let inner = values.count / (outer * length)
      var kept: [Values.Element] = []
      for start in stride(from: values.startIndex, to: values.endIndex, by: inner * length) {
        let entry = values[start..<start + inner]
        for other in 1..<length {
          guard values[start + other * inner..<start + (other + 1) * inner].elementsEqual(entry) else { return nil }
        }
        kept += entry
      }
      return kept
    }
    if !rawData.isEmpty {
      guard let kept = first(of: rawData) else { return nil }
      row.rawData = Data(kept)
    } else if !floatData.isEmpty {
      guard let kept = first(of: floatData) else { return nil }
      row.floatData = kept
    } else if !int64Data.isEmpty {
      guard let kept = first(of: int64Data) else { return nil }
      row.int64Data = kept
    } else if !int32Data.isEmpty {
      guard let kept = first(of: int32Data) else { return nil }
      row.int32Data = kept
    } else if !doubleData.isEmpty {
      guard let kept = first(of: doubleData) else { return nil }
      row.doubleData = kept
    } else {
      return nil
    }
    return row
  }
}

extension Port {
  /// All lengths, where all are fixed.
  fileprivate var fixedLengths: [Int]? {
    guard let dimensions else { return nil }
    let lengths = dimensions.compactMap { if case .fixed(let length) = $0 { length } else { nil } }
    return lengths.count == dimensions.count ? lengths : nil
  }

  /// The batch axis of a recurrent operator's state whose batch is fixed to more than one row.
  fileprivate var fixedStateAxis: Int? {
    guard let dimensions, let batchAxis, isState, case .fixed(let length) = dimensions[batchAxis], length > 1 else { return nil }
    return batchAxis
  }
}
