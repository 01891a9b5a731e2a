/// On which axis a graph's tensors carry the batch, as far as it can be followed from the inputs.
struct BatchAxes {
  /// Where a tensor carries the batch.
  struct Place {
    var axis: Int
    /// Whether the axis holds the batch alone, not merged with heads or positions.
    var isAlone: Bool
    /// How many axes the tensor has; `nil` where that isn't known.
    var rank: Int?
  }

  private let model: Model
  private let index: GraphIndex
  private let length: Int
  private var places: [String: Place] = [:]

  /// - Parameter length: how long the batch is that targets of Reshape have baked in.
  init(in model: Model, length: Int) {
    self.model = model
    self.length = length
    index = model.index
  }

  subscript(tensor: String) -> Place? { places[tensor] }

  /// An input whose axis counts stimuli.
  mutating func note(_ input: String, axis: Int, rank: Int?) {
    places[input] = Place(axis: axis, isAlone: true, rank: rank)
  }

  func first(among tensors: [String]) -> Place? { tensors.lazy.compactMap { places[$0] }.first }

  /// Whether the batch reaches what a node gives by more than its shape.
  func reach(_ node: Int) -> Bool {
    !index.readsOnlyShape[node] && index.reads[node].contains { places[index.names[$0]] != nil }
  }

  /// Notes on which axis the node's outputs carry the batch. Nodes are followed in order.
  mutating func follow(_ number: Int) {
    let node = model.proto.graph.node[number]
    let outputs = node.output
    if node.isKnown && OperatorTraits.recurrent.contains(node.opType) {
      let axes = node.integer("layout") == 1 ? [0, 0, 0] : [2, 1, 1]
      for (position, name) in outputs.enumerated().prefix(3) where !name.isEmpty {
        places[name] = Place(axis: axes[position], isAlone: true, rank: position == 0 ? 4 : 3)
      }
      return
    }
    guard let batch = place(after: number) else { return }
    // Scale and zero point of a dynamic quantisation are the whole batch's.
    let carriers = node.opType == "DynamicQuantizeLinear" ? outputs.prefix(1) : outputs[...]
    for name in carriers where !name.isEmpty { places[name] = batch }
  }

  /// Where an operator that is no recurrent one gives the batch; `nil` where it is lost sight of.
  func place(after number: Int) -> Place? {
    let node = model.proto.graph.node[number]
    guard var batch = first(among: index.reads[number].map({ index.names[$0] })) else { return nil }
    guard node.isStandard else { return batch }
    switch node.opType {
    case "Transpose":
      guard let axis = node.integers("perm")?.firstIndex(of: batch.axis) else { return nil }
      batch.axis = axis
    case "Reshape":
      // Only targets of which the batch's place is known are followed.
      guard let target = constant(node.input(at: 1)) else {
        return batch.axis == 0 ? Place(axis: 0, isAlone: false, rank: nil) : nil
      }
      guard batch.axis < target.count else { return nil }
      batch.rank = target.count
      let length = target[batch.axis]
      batch.isAlone = length == Int64(self.length) || length == 0 && batch.isAlone
    case "Flatten":
      guard batch.axis == 0, node.integer("axis") ?? 1 > 0 else { return nil }
      batch.isAlone = batch.isAlone && node.integer("axis") ?? 1 == 1
      batch.rank = 2
    case "Squeeze":
      guard let removed = axesArgument(node, rank: batch.rank) else { return nil }
      if removed.contains(batch.axis) { return nil }
      batch.axis -= removed.count { $0 >= 0 && $0 < batch.axis }
      batch.rank = batch.rank.map { $0 - removed.count }
    case "Unsqueeze":
      guard let count = axesArgument(node, rank: nil)?.count else { return nil }
      batch.rank = batch.rank.map { $0 + count }
      for axis in axesArgument(node, rank: batch.rank)!.sorted() where axis >= 0 && axis <= batch.axis { batch.axis += 1 }
    case "Gather":
      let axis = node.integer("axis") ?? 0
      guard node.input(at: 0).map({ places[$0] != nil }) ?? false else {
        guard axis < 64 else { return nil }
        batch.axis += max(axis, 0)
        let table = node.input(at: 0).flatMap(rank)
        batch.rank = batch.rank.flatMap { own in table.map { own + $0 - 1 } }
        return batch
      }
      if axis == batch.axis { return nil }
      let indices = node.input(at: 1).flatMap(rank)
      if axis >= 0 && axis < batch.axis && indices == 0 { batch.axis -= 1 }
      batch.rank = batch.rank.flatMap { own in indices.map { own + $0 - 1 } }
    case let name where name.hasPrefix("Reduce") || name == "ArgMax" || name == "ArgMin":
      let removed = name.hasPrefix("Arg") ? [node.integer("axis") ?? 0] : axesArgument(node, rank: batch.rank) ?? []
      if removed.isEmpty || removed.contains(batch.axis) { return nil }
      if node.integer("keepdims") ?? 1 == 0 {
        batch.axis -= removed.count { $0 >= 0 && $0 < batch.axis }
        batch.rank = batch.rank.map { $0 - removed.count }
      }
    case "MatMul":
      align(&batch, node)
    case let name where Self.elementwise.contains(name):
      align(&batch, node)
    default:
      break
    }
    return batch
  }

  /// Operators that pair the entries of their operands, as broadcasting has it.
  static let elementwise: Set<String> = [
    "Add", "Sub", "Mul", "Div", "Sum", "Mean", "Pow", "Min", "Max", "Where", "Equal", "Greater", "Less", "And", "Or",
  ]

  /// Operands meet at their last axes: one with more of them moves the batch behind its first.
  private func align(_ batch: inout Place, _ node: Onnx_NodeProto) {
    guard let own = batch.rank else { return }
    let ranks = node.input.map { rank($0) }
    let longest = ranks.reduce(own) { max($0, $1 ?? 0) }
    batch.axis += longest - own
    // A product with a vector has an axis less.
    batch.rank = ranks.contains(nil) || node.opType == "MatMul" && ranks.contains(1) ? nil : longest
  }

  /// Of what carries the batch, and of constants.
  private func rank(_ tensor: String) -> Int? { places[tensor].map(\.rank) ?? model.constantTensor(tensor)?.dims.count }

  /// Axes are an attribute up to version 12 and an input after that. - Parameter rank: what negative ones are counted back from.
  private func axesArgument(_ node: Onnx_NodeProto, rank: Int?) -> [Int]? {
    let given = node.integers("axes") ?? constant(node.input(at: 1))?.map { Int(clamping: $0) }
    return given.map { axes in Array(Set(axes.map { axis in axis < 0 ? axis + (rank ?? 0) : axis })) }
  }

  private func constant(_ name: String?) -> [Int64]? { name.flatMap { model.integerConstant($0) } }
}
