/// What a Reshape does to axes.
extension LayoutInference {
  /// Matches stretches of axes that hold equally many elements.
  mutating func reshape(_ input: Int, _ output: Int) {
    let (a, b) = (shapes[input]!, shapes[output]!)
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      if a[i] == b[j] {
        axes.link(input, i, output, j)
        (i, j) = (i + 1, j + 1)
      } else if a[i] == 1 {
        i += 1
      } else if b[j] == 1 {
        j += 1
      } else {
        let (startA, startB) = (i, j)
        var (sizeA, sizeB) = (a[i], b[j])
        (i, j) = (i + 1, j + 1)
        while sizeA != sizeB {
          if sizeA < sizeB {
            guard i < a.count else { return }
            sizeA *= a[i]
            i += 1
          } else {
            guard j < b.count else { return }
            sizeB *= b[j]
            j += 1
          }
        }
        if j - startB == 1, normalisedAxes[output]?.contains(startB) != true {
          axes.merge(
            input, Array(startA..<i), into: output, startB, isWhole: b.count == 2 && startB == 1 && startA == 1 && i == a.count)
        }
        if i - startA == 1, normalisedAxes[input]?.contains(startA) != true {
          axes.merge(output, Array(startB..<j), into: input, startA, isSplit: true)
        }
      }
    }
  }

  /// Matches the axes that a Squeeze or Unsqueeze leaves, of which several may be 1 long, as a batch of one is.
  mutating func squeeze(_ node: Onnx_NodeProto, _ input: Int, _ output: Int, in model: Model) {
    let (long, short) = node.opType == "Squeeze" ? (input, output) : (output, input)
    let rank = shapes[long]!.count
    let named = node.integers("axes") ?? node.input(at: 1).flatMap { model.integerConstant($0) }?.map(Int.init)
    guard let named, rank == shapes[short]!.count + named.count else { return reshape(input, output) }
    let gone = Set(named.map { $0 < 0 ? $0 + rank : $0 })
    for (place, axis) in (0..<rank).filter({ !gone.contains($0) }).enumerated() {
      if node.opType == "Squeeze" { axes.link(long, axis, short, place) } else { axes.link(short, place, long, axis) }
    }
  }

  /// Links what a Reshape gives to what another one before it took, where nothing but a normalisation lies between: torch writes
  /// GroupNormalization as an InstanceNormalization of [N, groups, the rest], which tells nothing of what the rest is made of. tf2onnx
  /// writes LayerNormalization as a BatchNormalization of [1, rows, features, 1] with the mean and variance of each row.
  mutating func linkEnds(aroundNormalisation number: Int, in model: Model) {
    let nodes = model.proto.graph.node
    guard Self.reshapes.contains(nodes[number].opType), let end = tensor(nodes[number].output.first),
      let inside = tensor(nodes[number].input(at: 0)), let shape = shapes[inside]
    else { return }
    var normalised: Set<Int> = []
    var between: [Int] = []
    var rowsLabel: String?
    var groupsLabel: String?
    var current = inside
    while between.count < 8, shapes[current] == shape, let maker = index.maker[current] {
      let node = nodes[maker]
      // Mean and variance of what is normalised lead back to it.
      let isOfRows = normalisesRows(node, shape)
      let operands = isOfRows ? tensor(node.input(at: 0)).map { [$0] } ?? [] : index.reads[maker]
      let sources = operands.filter { index.dependence[$0] == .data }
      guard sources.count == 1, let source = sources.first else { return }
      between.append(current)
      if Self.reshapes.contains(node.opType) {
        guard !normalised.isEmpty, shapes[source] == shapes[end] else { return }
        for tensor in between { normalisedAxes[tensor] = normalised }
        // Groups of rows of features have no places.
        if shapes[end]?.count == 2, shape.count == 3, let label = groupsLabel {
          normalisedRows.formUnion(between)
          axes.source = number + 1
          axes.state(end, -1, .feature, cost: 3, "\(label) goes over parts of it")
        }
        if let label = rowsLabel, shapes[end]?.last == normalised.reduce(1, { $0 * shape[$1] }) {
          axes.source = number + 1
          axes.state(end, -1, .feature, cost: 10, "\(label) goes along it")
        }
        return linkAll(source, end)
      }
      switch node.opType {
      case "InstanceNormalization", "GroupNormalization":
        normalised.formUnion(2..<max(2, shape.count))
        groupsLabel = node.opType
      case "LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization":
        let axis = node.integer("axis") ?? -1
        normalised.formUnion(max(0, axis < 0 ? axis + shape.count : axis)..<shape.count)
      case "BatchNormalization" where isOfRows:
        normalised.formUnion(2..<shape.count)
        rowsLabel = node.opType
      case "Add", "Sub", "Mul", "Div": break
      default: guard OperatorTraits.keepsShape(node) else { return }
      }
      current = source
    }
  }

  /// Whether a BatchNormalization takes mean and variance from what it normalises, one of each for every row of a single batch.
  private func normalisesRows(_ node: Onnx_NodeProto, _ shape: [Int]) -> Bool {
    guard node.opType == "BatchNormalization", shape.count > 2, shape[0] == 1, shape[2...].contains(where: { $0 > 1 }) else {
      return false
    }
    let isOfData = [3, 4].allSatisfy { index.dependence(of: node.input(at: $0) ?? "") == .data }
    return isOfData || node.integer("training_mode") == 1
  }

  static let reshapes: Set<String> = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"]
}
