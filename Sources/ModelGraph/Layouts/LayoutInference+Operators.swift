/// What each operator tells of its axes, and which of them it keeps.
extension LayoutInference {
  func tensor(_ name: String?) -> Int? {
    guard let name, let tensor = index.numbers[name], shapes[tensor] != nil else { return nil }
    return tensor
  }

  mutating func add(_ number: Int, in model: Model) {
    let node = model.proto.graph.node[number]
    axes.source = number + 1
    guard let output = tensor(node.output.first) else { return recurrent(node, in: model) }
    let input = tensor(node.input(at: 0))
    let label = node.opType
    switch node.opType {
    case let name where name.contains("Global") && model.poolsForNormalisation(number):
      if let input {
        normalisation(input, label)
        linkAll(input, output)
      }
    case "InstanceNormalization" where normalisedRows.contains(output):
      if let input { linkAll(input, output) }
    case "Conv", "ConvTranspose", "FusedConv", "ConvInteger", "QLinearConv", "DeformConv", "MaxPool", "AveragePool",
      "LpPool", "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "QLinearAveragePool", "QLinearGlobalAveragePool",
      "InstanceNormalization", "GroupNormalization", "LRN", "DepthToSpace", "SpaceToDepth", "GridSample", "MaxUnpool",
      "MaxRoiPool", "RoiAlign":
      let isLast = node.integer("channels_last") == 1
      for tensor in [input, output] { spatial(tensor, channelsLast: isLast, "\(label) has it so") }
      if let input { linkAll(input, output) }
    case "NhwcConv", "NhwcFusedConv", "NhwcMaxPool":
      for tensor in [input, output] { spatial(tensor, channelsLast: true, "\(label) has it so") }
      if let input { linkAll(input, output) }
    case "BatchNormalization":
      if let input { linkAll(input, output) }
      // Rows that Reshapes have made around it are no channels.
      guard normalisedAxes[output] == nil else { return }
      axes.state(output, 1, .channel, cost: 0, "BatchNormalization has one scale for each entry")
    case "LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization", "SkipLayerNormalization",
      "SkipSimplifiedLayerNormalization":
      let axis = node.integer("axis") ?? -1
      if axis == -1 || shapes[output].map({ $0.count - 1 == axis }) ?? false {
        axes.state(output, -1, .feature, cost: 0, "\(label) goes along it")
      }
      for place in 0..<min(2, node.input.count) { tensor(node.input(at: place)).map { linkAll($0, output) } }
      tensor(node.output.count > 3 ? node.output[3] : nil).map { linkAll($0, output) }
    case "MatMul", "Gemm", "FusedGemm", "FusedMatMul", "MatMulInteger", "QLinearMatMul", "MatMulNBits",
      "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "QGemm":
      product(node, output, in: model)
    case "Einsum":
      einsum(node, output)
    case "Gather":
      gather(node, output)
    case "EmbedLayerNormalization", "QEmbedLayerNormalization":
      axes.state(output, 1, .token, cost: 5, "\(label) makes it of tokens")
      axes.state(output, -1, .feature, cost: 0, "\(label) makes it")
    case "Attention", "MultiHeadAttention", "GroupQueryAttention", "PackedAttention", "QAttention":
      attention(node, input, output)
    case "Transpose":
      guard let input, let rank = shapes[input]?.count else { return }
      let order = node.integers("perm") ?? Array((0..<rank).reversed())
      for (to, from) in order.enumerated() { axes.link(input, from, output, to) }
    case "ReorderInput", "ReorderOutput":
      // Into blocks of channels, and out of them; the other side may have channels last.
      guard let input else { return }
      let isLast = node.integer("channels_last") == 1
      let (blocked, plain) = node.opType == "ReorderInput" ? (output, input) : (input, output)
      guard isLast, rank(blocked) == rank(plain), rank(plain) > 2 else { return linkAll(input, output) }
      axes.link(blocked, 0, plain, 0)
      axes.link(blocked, 1, plain, -1)
      for axis in 2..<rank(blocked) { axes.link(blocked, axis, plain, axis - 1) }
    case "Squeeze", "Unsqueeze":
      if let input { squeeze(node, input, output, in: model) }
    case let name where Self.reshapes.contains(name):
      if let input { reshape(input, output) }
    case let name where name.hasPrefix("Reduce") || name == "QLinearReduceMean" || name == "ArgMax" || name == "ArgMin":
      if let input { reduce(node, input, output, in: model) }
    case let name where OperatorTraits.recurrent.contains(name):
      recurrent(node, in: model)
    default:
      elementwise(node, output)
    }
  }

  func rank(_ tensor: Int) -> Int { shapes[tensor]!.count }

  /// N, C and the axes of space, or N, the axes of space and C.
  private mutating func spatial(_ tensor: Int?, channelsLast: Bool, _ reason: String) {
    guard let tensor, (3...5).contains(rank(tensor)) else { return }
    let space: [AxisRole] =
      switch rank(tensor) {
      case 3: [.time]
      case 4: [.height, .width]
      default: [.depth, .height, .width]
      }
    let roles = channelsLast ? [.batch] + space + [.channel] : [.batch, .channel] + space
    for (axis, role) in roles.enumerated() { axes.state(tensor, axis, role, cost: 0, reason) }
  }

  /// What a pool over the last axes hints at where it is a step of a normalisation: of three axes the last holds features, as
  /// those of a LayerNormalization; of more they are space.
  private mutating func normalisation(_ input: Int, _ label: String) {
    switch rank(input) {
    case 3:
      axes.state(input, -1, .feature, cost: 20, "\(label) goes along it")
    case 4:
      axes.state(input, 1, .channel, cost: 20, "\(label) leaves it")
      for (axis, role) in zip([2, 3], [AxisRole.height, .width]) {
        axes.state(input, axis, role, cost: 20, "\(label) goes over it")
      }
    default:
      break
    }
  }

  mutating func linkAll(_ a: Int, _ b: Int, chosen: Range<Int> = 0..<0) {
    guard rank(a) == rank(b) else { return }
    for axis in 0..<rank(a) { axes.link(a, axis, b, axis, isChosen: chosen.contains(axis)) }
  }

  /// The axes along which an operator takes entries of an operand, or puts them, where it is told which as the network runs.
  private func chosenAxes(_ node: Onnx_NodeProto, operand: Int, rank: Int) -> Range<Int> {
    let isChosen =
      switch node.opType {
      case "TopK", "Compress", "GatherND", "GatherElements": operand == 0
      // What was there stays where it was.
      case "ScatterElements", "ScatterND", "Scatter": operand > 0
      default: false
      }
    guard isChosen, node.opType == "TopK" || index.dependence(of: node.input(at: 1) ?? "") == .data else { return 0..<0 }
    if node.opType.hasSuffix("ND") { return 0..<rank }
    let axis = node.integer("axis") ?? (node.opType == "TopK" ? -1 : 0)
    let place = axis < 0 ? axis + rank : axis
    return (0..<rank).contains(place) ? place..<place + 1 : 0..<0
  }

  private mutating func product(_ node: Onnx_NodeProto, _ output: Int, in model: Model) {
    guard let factors = OperatorTraits.factors(node) else { return }
    let reason = "\(node.opType) with weights goes along it"
    switch (tensor(node.input(at: factors.first)), tensor(node.input(at: factors.second))) {
    case (let a?, let b?):
      guard rank(a) == rank(b), rank(a) == rank(output), rank(a) >= 2 else { return }
      for axis in 0..<rank(a) - 2 {
        axes.link(a, axis, output, axis)
        axes.link(b, axis, output, axis)
      }
      axes.link(a, -2, output, -2)
      axes.link(b, -1, output, -1)
      axes.link(a, -1, b, -2)
      // Each row has weights of its own.
      if model.holdsChosenWeights(a) {
        axes.state(b, -2, .feature, cost: 3, reason)
        axes.state(output, -2, .feature, cost: 3, reason)
      } else if model.holdsChosenWeights(b) {
        axes.state(a, -1, .feature, cost: 3, reason)
        axes.state(output, -1, .feature, cost: 3, reason)
      }
    case (let a?, nil):
      axes.state(a, -1, .feature, cost: 3, reason)
      axes.state(output, -1, .feature, cost: 3, reason)
      guard rank(a) == rank(output) else { return }
      for axis in 0..<rank(a) - 1 { axes.link(a, axis, output, axis) }
    case (nil, let b?):
      guard rank(b) == rank(output) else { return }
      for axis in 0..<rank(b) where axis != rank(b) - 2 { axes.link(b, axis, output, axis) }
    default:
      break
    }
  }

  private mutating func einsum(_ node: Onnx_NodeProto, _ output: Int) {
    let equation = node.attribute("equation").map { String(decoding: $0.s, as: UTF8.self) } ?? ""
    let sides = equation.filter { $0 != " " }.split(separator: "->", omittingEmptySubsequences: false)
    guard sides.count == 2, !equation.contains(".") else { return }
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
    var places: [Character: (tensor: Int, axis: Int)] = [:]
    for (axis, letter) in Array(sides[1]).enumerated() { places[letter] = (output, axis) }
    for (position, letters) in terms.enumerated() {
      guard let name = node.input(at: position) else { continue }
      guard let operand = tensor(name), letters.count == rank(operand) else {
        if index.dependence(of: name) == .constant { einsumFeatures(node, terms, Array(sides[1]), weight: position) }
        continue
      }
      for (axis, letter) in letters.enumerated() {
        if let place = places[letter] {
          axes.link(operand, axis, place.tensor, place.axis)
        } else {
          places[letter] = (operand, axis)
        }
      }
    }
  }

  /// What weights sum over and what they make are features: of two such axes the first counts heads.
  private mutating func einsumFeatures(
    _ node: Onnx_NodeProto, _ terms: [[Character]], _ result: [Character], weight: Int
  ) {
    func name(_ letters: [Character], of tensor: Int?, where isOne: (Character) -> Bool) {
      guard let tensor, letters.count == rank(tensor) else { return }
      let places = letters.indices.filter { terms[weight].contains(letters[$0]) && isOne(letters[$0]) }
      for place in places {
        let role: AxisRole = places.count == 2 && place == places[0] ? .head : .feature
        axes.state(tensor, place, role, cost: 3, "Einsum with weights goes along it")
      }
    }
    let others = terms.indices.filter { $0 != weight }
    name(result, of: tensor(node.output.first)) { letter in !others.contains { terms[$0].contains(letter) } }
    for other in others { name(terms[other], of: tensor(node.input(at: other))) { !result.contains($0) } }
  }

  private mutating func gather(_ node: Onnx_NodeProto, _ output: Int) {
    let data = tensor(node.input(at: 0))
    let indices = tensor(node.input(at: 1))
    if data == nil {
      // Rows of a table, one for each token.
      guard node.integer("axis") ?? 0 == 0, rank(output) >= 2 else { return }
      axes.state(output, -1, .feature, cost: 0, "an embedding makes it")
      for axis in 1..<rank(output) - 1 { axes.state(output, axis, .token, cost: 5, "an embedding has one entry a token") }
      if let indices { for axis in 0..<min(rank(indices), rank(output)) { axes.link(indices, axis, output, axis) } }
      return
    }
    guard let data else { return }
    let given = node.integer("axis") ?? 0
    let axis = given < 0 ? given + rank(data) : given
    let added = rank(output) - rank(data) + 1
    for place in 0..<rank(data) where place != axis {
      axes.link(data, place, output, place < axis ? place : place + added - 1)
    }
    if added == 1 { axes.link(data, axis, output, axis, isChosen: index.dependence(of: node.input(at: 1) ?? "") == .data) }
  }

  private mutating func attention(_ node: Onnx_NodeProto, _ input: Int?, _ output: Int) {
    guard let input, rank(input) == rank(output) else { return }
    let reason = "\(node.opType) has it so"
    for tensor in [input, output] {
      if rank(tensor) == 3 { axes.state(tensor, 1, .token, cost: 1, reason) }
      if rank(tensor) == 4 {
        axes.state(tensor, 1, .head, cost: 0, reason)
        axes.state(tensor, 2, .token, cost: 0, reason)
      }
      axes.state(tensor, -1, .feature, cost: 0, reason)
    }
  }

  private mutating func reduce(_ node: Onnx_NodeProto, _ input: Int, _ output: Int, in model: Model) {
    let rank = rank(input)
    let given =
      node.integers("axes") ?? node.input(at: 1).flatMap { model.integerConstant($0) }?.map(Int.init)
      ?? node.integer("axis").map { [$0] } ?? (node.opType.hasPrefix("Arg") ? [0] : [])
    let reduced = Set(given.map { $0 < 0 ? $0 + rank : $0 })
    let keeps = node.integer("keepdims") ?? 1 == 1
    var place = 0
    for axis in 0..<rank {
      if keeps || !reduced.contains(axis) {
        if !reduced.contains(axis) { axes.link(input, axis, output, place) }
        place += 1
      }
    }
    let label = node.opType
    if rank == 4, reduced == [2, 3] || reduced == [1, 2] {
      let channel = reduced == [2, 3] ? 1 : 3
      axes.state(input, channel, .channel, cost: 8, "\(label) leaves it")
      for (axis, role) in zip(reduced.sorted(), [AxisRole.height, .width]) {
        axes.state(input, axis, role, cost: 8, "\(label) goes over it")
      }
    } else if keeps, reduced == [rank - 1], label == "ReduceMean" {
      // The mean of a normalisation that is spelled out.
      axes.state(input, rank - 1, .feature, cost: 10, "\(label) goes along it")
    } else if keeps, rank == 4, reduced == [1], label == "ReduceMean" {
      axes.state(input, 1, .channel, cost: 10, "\(label) goes along it")
    } else if !keeps, rank == 3, reduced.count == 1, let axis = reduced.first, axis > 0, !isTruth(input, in: model) {
      axes.state(input, axis, .position, cost: 12, "\(label) goes over it")
      axes.state(input, 3 - axis, .channel, cost: 12, "\(label) leaves it")
    }
  }

  /// Whether a tensor holds yes or no: what is counted of those, as Keras asks whether any feature differs, is no mean over positions.
  private func isTruth(_ tensor: Int, in model: Model) -> Bool {
    var current = tensor
    while let maker = index.maker[current] {
      let label = model.proto.graph.node[maker].opType
      if ["Not", "And", "Or", "Xor", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "IsNaN"].contains(label) {
        return true
      }
      guard ["Cast", "Identity"].contains(label), let source = index.reads[maker].first else { return false }
      current = source
    }
    return false
  }

  private mutating func recurrent(_ node: Onnx_NodeProto, in model: Model) {
    guard OperatorTraits.recurrent.contains(node.opType) else { return }
    let reason = "\(node.opType) has it so"
    let isBatchFirst = node.integer("layout") == 1
    func state(_ tensor: Int?, _ roles: [AxisRole]) {
      guard let tensor, rank(tensor) == roles.count else { return }
      for (axis, role) in roles.enumerated() { axes.state(tensor, axis, role, cost: 0, reason) }
    }
    state(tensor(node.input(at: 0)), isBatchFirst ? [.batch, .time, .feature] : [.time, .batch, .feature])
    state(
      tensor(node.output.first),
      isBatchFirst ? [.batch, .time, .direction, .feature] : [.time, .direction, .batch, .feature])
    for output in node.output.dropFirst() {
      state(tensor(output), isBatchFirst ? [.batch, .direction, .feature] : [.direction, .batch, .feature])
    }
  }

  /// Operands are aligned at their last axes, as broadcasting has it; operators that aren't known are taken for such where
  /// shapes agree.
  private mutating func elementwise(_ node: Onnx_NodeProto, _ output: Int) {
    let lengths = shapes[output]!
    for name in node.output.dropFirst() { tensor(name).map { linkAll($0, output) } }
    for (place, name) in node.input.enumerated() where !name.isEmpty {
      if let operand = tensor(name) {
        let shape = shapes[operand]!
        // Slices, joins, padding and the like keep the axes and change lengths.
        if shape.count == lengths.count {
          let chosen = chosenAxes(node, operand: place, rank: shape.count)
          let repeats = node.opType != "Concat" && node.opType != "Pad"
          for axis in shape.indices {
            if repeats, shape[axis] == 1, lengths[axis] > 1 {
              axes.repeated(operand, axis, along: output, axis)
            } else {
              axes.link(operand, axis, output, axis, isChosen: chosen.contains(axis))
            }
          }
        }
        guard shape.count < lengths.count else { continue }
        for axis in 1...max(shape.count, 1)
        where axis <= shape.count && shape[shape.count - axis] == lengths[lengths.count - axis] {
          axes.link(operand, -axis, output, -axis)
        }
      } else if let number = index.numbers[name], let shape = weightShapes[number], shape.count <= lengths.count,
        ["Add", "Sub", "Mul", "Div", "PRelu", "BiasGelu", "FastGelu"].contains(node.opType)
      {
        // A bias or a scale for each channel.
        let long = shape.indices.filter { shape[$0] > 1 }
        guard long.count == 1, let axis = long.first else { continue }
        let place = axis - shape.count
        guard shape[axis] == lengths[lengths.count + place] else { continue }
        axes.state(
          output, place, place == -1 ? .feature : .channel, cost: place == -1 ? 30 : 20,
          "\(node.opType) has one weight for each entry")
      }
    }
  }
}
