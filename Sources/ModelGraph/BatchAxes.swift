/// On which axis a graph's tensors carry the batch, as far as it can be followed from the inputs.
struct BatchAxes {
  /// Where a tensor carries the batch.
  struct Place {
    var axis: Int
    /// Whether the axis holds the batch alone, not merged with heads or positions.
    var isAlone: Bool
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
  mutating func note(_ input: String, axis: Int) { places[input] = Place(axis: axis, isAlone: true) }

  func first(among tensors: [String]) -> Place? { tensors.lazy.compactMap { places[$0] }.first }

  /// Whether the batch reaches what a node gives by more than its shape.
  func reach(_ node: Int) -> Bool {
    !index.readsOnlyShape[node] && index.reads[node].contains { places[index.names[$0]] != nil }
  }

  /// Notes on which axis the node's outputs carry the batch. Nodes are followed in order.
  mutating func follow(_ number: Int) {
    guard let source = first(among: index.reads[number].map { index.names[$0] }) else { return }
    let node = model.proto.graph.node[number]
    let outputs = node.output
    if node.isKnown && OperatorTraits.recurrent.contains(node.opType) {
      for (name, axis) in zip(outputs, node.integer("layout") == 1 ? [0, 0, 0] : [2, 1, 1]) where !name.isEmpty {
        places[name] = Place(axis: axis, isAlone: true)
      }
      return
    }
    guard let batch = axis(after: node, source) else { return }
    // Scale and zero point of a dynamic quantisation are the whole batch's.
    let carriers = node.opType == "DynamicQuantizeLinear" ? outputs.prefix(1) : outputs[...]
    for name in carriers where !name.isEmpty { places[name] = batch }
  }

  private func axis(after node: Onnx_NodeProto, _ batch: Place) -> Place? {
    guard node.isStandard else { return batch }
    var batch = batch
    switch node.opType {
    case "Transpose":
      guard let axis = node.integers("perm")?.firstIndex(of: batch.axis) else { return nil }
      batch.axis = axis
    case "Reshape":
      // Only targets of which the batch's place is known are followed.
      guard let target = constant(node.input(at: 1)) else {
        return batch.axis == 0 ? Place(axis: 0, isAlone: false) : nil
      }
      guard batch.axis < target.count else { return nil }
      let length = target[batch.axis]
      batch.isAlone = length == Int64(self.length) || length == 0 && batch.isAlone
    case "Flatten":
      guard batch.axis == 0, node.integer("axis") ?? 1 > 0 else { return nil }
      batch.isAlone = batch.isAlone && node.integer("axis") ?? 1 == 1
    case "Squeeze":
      guard let removed = axesArgument(node) else { return nil }
      if removed.contains(batch.axis) { return nil }
      batch.axis -= removed.count { $0 >= 0 && $0 < batch.axis }
    case "Unsqueeze":
      guard let added = axesArgument(node) else { return nil }
      for axis in added.sorted() where axis >= 0 && axis <= batch.axis { batch.axis += 1 }
    case "Gather":
      let axis = node.integer("axis") ?? 0
      guard node.input(at: 0).map({ places[$0] != nil }) ?? false else {
        batch.axis += max(axis, 0)
        return batch
      }
      if axis == batch.axis { return nil }
      if axis >= 0 && axis < batch.axis && node.input(at: 1).map(isScalar) ?? false { batch.axis -= 1 }
    case let name where name.hasPrefix("Reduce") || name == "ArgMax" || name == "ArgMin":
      let removed = name.hasPrefix("Arg") ? [node.integer("axis") ?? 0] : axesArgument(node) ?? []
      if removed.isEmpty || removed.contains(batch.axis) { return nil }
      if node.integer("keepdims") ?? 1 == 0 { batch.axis -= removed.count { $0 >= 0 && $0 < batch.axis } }
    default:
      break
    }
    return batch
  }

  /// Axes are an attribute up to version 12 and an input after that.
  private func axesArgument(_ node: Onnx_NodeProto) -> [Int]? {
    node.integers("axes") ?? constant(node.input(at: 1))?.map(Int.init)
  }

  private func isScalar(_ name: String) -> Bool {
    model.constantTensor(name).map { $0.dims.isEmpty } ?? false
  }

  private func constant(_ name: String?) -> [Int64]? { name.flatMap { model.integerConstant($0) } }
}
