/// Tells which axis of an input counts channels, or the features of a sequence: the one that the first operators behind it take for
/// that.
///
/// Axes are followed through operators that keep or move them. What multiplies by weights along the last axis says nothing, since it
/// may as well mix places.
struct InputChannels {
  /// How many tensors are looked at behind an input.
  private static let mostTensors = 256
  /// What changes elements, or lengths, and keeps the axes of its first input.
  private static let keeping: Set<String> = [
    "Identity", "Cast", "Dropout", "QuantizeLinear", "DequantizeLinear", "Round", "Floor", "Ceil", "Abs", "Neg", "Sqrt", "Exp",
    "Log",
    "Pad", "Slice", "Resize", "Upsample", "Split",
  ]
  /// What joins inputs of as many axes, or of fewer that are fitted to the last ones.
  private static let joining: Set<String> = ["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Concat"]

  let model: Model

  /// - Returns: `nil` where nothing tells, or operators differ.
  func axis(of port: Port) -> Int? {
    guard let rank = port.dimensions?.count, rank > 1, let input = model.index.numbers[port.name] else { return nil }
    var found: Set<Int> = []
    var seen: Set<Int> = [input]
    var pending: [(tensor: Int, axes: [Int?])] = [(input, Array(0..<rank))]
    while let here = pending.popLast(), seen.count <= Self.mostTensors {
      for reader in model.index.readers[here.tensor] {
        let node = model.proto.graph.node[reader]
        let isFirst = node.input(at: 0) == model.index.names[here.tensor]
        if isFirst, let place = channels(of: reader, rank: here.axes.count) {
          if let axis = here.axes[place] { found.insert(axis) }
        } else if let axes = behind(node, here.axes, isFirst: isFirst) {
          for output in model.index.writes[reader] where seen.insert(output).inserted { pending.append((output, axes)) }
        }
      }
    }
    return found.count == 1 ? found.first : nil
  }

  /// Which axis of its first input an operator takes for channels or features; `nil` where it takes none for that.
  private func channels(of number: Int, rank: Int) -> Int? {
    let node = model.proto.graph.node[number]
    switch node.opType {
    case "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "QLinearGlobalAveragePool":
      return (3...5).contains(rank) && !model.poolsForNormalisation(number)
        ? node.integer("channels_last") == 1 ? rank - 1 : 1 : nil
    case "Conv", "ConvTranspose", "FusedConv", "ConvInteger", "QLinearConv", "DeformConv", "MaxPool", "AveragePool", "LpPool",
      "QLinearAveragePool", "GroupNormalization", "InstanceNormalization", "LRN", "DepthToSpace", "SpaceToDepth":
      return (3...5).contains(rank) ? node.integer("channels_last") == 1 ? rank - 1 : 1 : nil
    case "NhwcConv", "NhwcFusedConv", "NhwcMaxPool": return rank == 4 ? 3 : nil
    case "BatchNormalization": return 1
    case let name where OperatorTraits.recurrent.contains(name): return rank == 3 ? 2 : nil
    default: return nil
    }
  }

  /// The axes of what a node makes, as axes of the input; `nil` where they are lost sight of.
  private func behind(_ node: Onnx_NodeProto, _ axes: [Int?], isFirst: Bool) -> [Int?]? {
    if Self.joining.contains(node.opType) { return joins(node, rank: axes.count) ? axes : nil }
    guard isFirst else { return nil }
    if Self.keeping.contains(node.opType) || OperatorTraits.activations.contains(node.opType) { return axes }
    switch node.opType {
    case "Transpose":
      let order = node.integers("perm") ?? Array(axes.indices.reversed())
      guard order.sorted() == Array(axes.indices) else { return nil }
      return order.map { axes[$0] }
    case "Unsqueeze":
      guard let added = moved(node, rank: nil) else { return nil }
      let rank = axes.count + added.count
      let places = Set(added.map { $0 < 0 ? $0 + rank : $0 })
      guard places.count == added.count, places.allSatisfy((0..<rank).contains) else { return nil }
      var rest = axes.makeIterator()
      return (0..<rank).map { places.contains($0) ? nil : rest.next()! }
    case "Squeeze":
      guard let dropped = moved(node, rank: axes.count) else { return nil }
      return axes.indices.filter { !dropped.contains($0) }.map { axes[$0] }
    default:
      return nil
    }
  }

  /// The axes that an operator adds or takes away, where the graph says so; counted from the front where the rank is known.
  private func moved(_ node: Onnx_NodeProto, rank: Int?) -> [Int]? {
    let given = node.integers("axes") ?? node.input(at: 1).flatMap(model.integerConstant)?.map { Int(clamping: $0) }
    return given?.map { axis in rank.map { axis < 0 ? axis + $0 : axis } ?? axis }
  }

  /// Whether the other inputs of arithmetic have no more axes, as far as they are weights.
  private func joins(_ node: Onnx_NodeProto, rank: Int) -> Bool {
    node.input.allSatisfy { name in
      switch model.index.dependence(of: name) {
      case .data: true
      case .constant: model.constantTensor(name).map { $0.dims.count <= rank } ?? false
      case .shapes, nil: false
      }
    }
  }
}
