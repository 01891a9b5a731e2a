/// The parts that a network's tensors play on the way to a tensor that is read.
struct LayerRoles {
  /// A sum of a skip and a branch.
  struct SkipSum {
    let sum: Int
    let skip: Int
    let branch: Int
    /// Whether the skip is brought to the branch's shape by a projection or pooling.
    let isProjected: Bool
    /// The sum, or what normalises or activates it before anything else reads it.
    let stream: Int
  }

  let skipSums: [SkipSum]
  /// Factors, and what only factors are made of.
  let gates: Set<Int>
  /// Tensors of steps that share weights, without those of the last step.
  let steps: Set<Int>
  /// Tensors that lead to a part of the output only, where others lead to all of it.
  let heads: Set<Int>
  let activations: SpelledActivations
  private let groupNormalisations: GroupNormalisations
  private let routers: Routers
  private let model: Model
  private let target: Int
  private let embeddings: Set<Int>
  /// By tensor: the product of whole numbers that it is, scaled and with its bias.
  private let integerProducts: [Int: Int]

  /// Cost: a few passes over the graph, and a few for each of the sums that it holds.
  init(of model: Model, reading target: Int) {
    self.model = model
    self.target = target
    let influences = model.index.influences(on: target)
    gates = Self.gates(model, influences)
    steps = Self.steps(model, influences)
    heads = Self.heads(model, target)
    integerProducts = Self.integerProducts(model)
    skipSums = Self.skipSums(model, influences)
    activations = SpelledActivations(of: model)
    groupNormalisations = GroupNormalisations(of: model)
    routers = Routers(of: model)
    let tables = model.index.order.filter {
      Self.represents(model, $0) && !OperatorTraits.isLearned(model.proto.graph.node[$0], functions: [])
    }.flatMap { model.index.writes[$0] }
    embeddings = Set(tables + tables.flatMap { Self.floats(of: $0, model) })
  }

  /// What quantised numbers stand for, laid out anew at most.
  private static func floats(of tensor: Int, _ model: Model) -> [Int] {
    let index = model.index
    var found: [Int] = []
    var pending = [tensor]
    var seen: Set<Int> = []
    while let numbers = pending.popLast() {
      for reader in index.readers[numbers] where seen.insert(reader).inserted {
        let node = model.proto.graph.node[reader]
        guard node.input(at: 0) == index.names[numbers] else { continue }
        if node.opType == "DequantizeLinear" { found += index.writes[reader] }
        if OperatorTraits.views.contains(node.opType), node.opType != "Cast" { pending += index.writes[reader] }
      }
    }
    return found
  }

  /// Whether a tensor is an activation that stands for a layer.
  func standsAlone(_ tensor: Int) -> Bool {
    !gates.contains(tensor) && !steps.contains(tensor) && !heads.contains(tensor)
  }

  // MARK: Roles

  func role(of tensor: Int) -> LayerRole {
    let index = model.index
    guard let maker = index.maker[tensor] else { return LayerRole(.input, "what the model is given") }
    let node = model.proto.graph.node[maker]
    let label = node.opType
    if gates.contains(tensor) { return LayerRole(.gate, "only scales other activations") }
    if steps.contains(tensor) { return LayerRole(.step, "one of several steps with the same weights") }
    if let sum = skipSums.first(where: { $0.stream == tensor }) {
      return LayerRole(
        .residual,
        "the sum of \"\(index.names[sum.skip])\"\(sum.isProjected ? ", projected," : "") and a branch\(sum.sum == tensor ? "" : ", after \(label)")"
      )
    }
    if let sum = skipSums.first(where: { $0.branch == tensor }) {
      switch contents(of: sum) {
      case .attention: return LayerRole(.attention, "what attention adds to the stream")
      case .mlp: return LayerRole(.mlp, "what a perceptron adds to the stream")
      default: break
      }
    }
    if heads.contains(tensor) { return LayerRole(.head, "leads to a part of the output only") }
    if embeddings.contains(tensor) { return LayerRole(.embedding, "vectors of tokens, by \(label)") }
    if OperatorTraits.recurrent.contains(label) { return LayerRole(.recurrent, "made by \(label)") }
    if activations.parts.contains(tensor) { return LayerRole(.other, "a part of an activation, made by \(label)") }
    if let convolution = convolution(endingIn: tensor) { return LayerRole(.conv, convolution) }
    if model.isActivation(maker) { return LayerRole(.activation, "by \(label)") }
    if activations.isEnd(tensor) { return LayerRole(.activation, "ended by \(label)") }
    return LayerRole(.other, "made by \(label)")
  }

  /// Attention or a perceptron between a skip and its branch; `other` for anything else.
  private func contents(of sum: SkipSum) -> LayerKind {
    let index = model.index
    let nodes = Self.nodes(from: sum.skip, to: sum.branch, model)
    let protos = nodes.map { model.proto.graph.node[$0] }
    let multipliesData = nodes.contains { node in
      !routers.mixtures.contains(node)
        && index.multipliesData(node, model.proto.graph.node[node]) {
          index.dependence[$0] == .data && !model.holdsChosenWeights($0)
        }
    }
    let convolvesOrRecurs = protos.contains { $0.opType.contains("Conv") || OperatorTraits.recurrent.contains($0.opType) }
    // A state space layer reads its state by a product too, after a convolution; attention over convolved features has a softmax.
    let weighsPositions = multipliesData && (!convolvesOrRecurs || protos.contains { $0.opType.hasSuffix("Softmax") })
    // A router has a softmax, too, by which it weighs experts or chooses their weights.
    let chooses = nodes.contains { index.reads[$0].contains(where: model.holdsChosenWeights) }
    let attends = nodes.contains { node in
      let proto = model.proto.graph.node[node]
      let routes = routers.softmaxes.contains(node) || chooses && proto.opType.hasSuffix("Softmax")
      return OperatorTraits.isAttention(proto) && !routes
    }
    if weighsPositions || attends { return .attention }
    if convolvesOrRecurs { return .other }
    return protos.contains { OperatorTraits.isLearned($0, functions: []) } ? .mlp : .other
  }

  /// Why a tensor is the end of a convolution: its own output, or what normalises and activates that alone.
  private func convolution(endingIn tensor: Int) -> String? {
    let index = model.index
    var words: [String] = []
    var current = tensor
    let behind = bridged(behind: tensor)
    let readers = readersOfValues(behind)
    if readers.count == 1, continues(readers[0]), !index.writes[readers[0]].contains(target) { return nil }
    let isOnlyGated = readers.allSatisfy { reader in
      index.writes[reader].allSatisfy { activations.parts.contains($0) || activations.products[$0] == behind }
    }
    if isOnlyGated, !readers.isEmpty { return nil }
    while let made = index.maker[current] {
      if let gated = activations.products[current] {
        words.append("a product with a function of itself")
        current = gated
        continue
      }
      if let grouped = groupNormalisations.sources[current] {
        words.append("a normalisation of groups")
        current = grouped
        continue
      }
      let maker = integerProducts[current] ?? made
      let node = model.proto.graph.node[maker]
      if current != tensor, bridges(maker), let source = index.reads[maker].first {
        current = source
        continue
      }
      if node.opType.contains("Conv") { return (["made by \(node.opType)"] + words.reversed()).joined(separator: ", after ") }
      guard continues(maker), !groupNormalisations.openings.contains(maker),
        let source = index.reads[maker].first(where: { index.dependence[$0] == .data })
      else { return nil }
      // What scales one of several readers' copies is none of the convolution.
      if isAffineByChannel(node), readersOfValues(source).count > 1 { return nil }
      words.append(node.opType)
      current = source
    }
    return nil
  }

  /// Products of whole numbers, by the last tensor of what follows each: a cast, a scale, and a bias if there is one.
  private static func integerProducts(_ model: Model) -> [Int: Int] {
    let index = model.index
    func next(_ tensor: Int, _ label: String, with other: GraphIndex.Dependence? = nil) -> Int? {
      guard index.readers[tensor].count == 1, let reader = index.readers[tensor].first,
        model.proto.graph.node[reader].opType == label
      else { return nil }
      if let other, index.reads[reader].contains(where: { $0 != tensor && index.dependence[$0] != other }) { return nil }
      return index.writes[reader].first
    }
    var products: [Int: Int] = [:]
    for node in index.order where ["ConvInteger", "MatMulInteger"].contains(model.proto.graph.node[node].opType) {
      guard let product = index.writes[node].first, let floats = next(product, "Cast"), let scaled = next(floats, "Mul") else {
        continue
      }
      products[next(scaled, "Add", with: .constant) ?? scaled] = node
    }
    return products
  }

  private func readersOfValues(_ tensor: Int) -> [Int] {
    model.index.readers[tensor].filter { !model.index.readsOnlyShape[$0] }
  }

  /// Whether an operator lies between the steps of a layer: exporters turn axes and casts around each, as Keras's does with PyTorch, and
  /// causal convolutions drop the places that they have padded.
  private func bridges(_ node: Int) -> Bool {
    let proto = model.proto.graph.node[node]
    // As many groups as channels: exporters keep the first of two Reshapes that change nothing.
    if proto.opType == "Reshape", let output = model.index.writes[node].first, let reader = model.index.readers[output].first {
      let isNormalised = model.proto.graph.node[reader].opType == "InstanceNormalization"
      return isNormalised && model.index.readers[output].count == 1 && !groupNormalisations.openings.contains(node)
    }
    guard proto.opType == "Slice" else { return ["Transpose", "Cast", "Identity"].contains(proto.opType) }
    // One place that is chosen is no sequence.
    func numbers(_ attribute: String, _ place: Int) -> [Int64]? {
      proto.integers(attribute)?.map(Int64.init) ?? proto.input(at: place).flatMap(model.integerConstant)
    }
    guard let starts = numbers("starts", 1), starts.allSatisfy({ $0 >= 0 }), let data = proto.input(at: 0) else { return false }
    guard let ends = numbers("ends", 2) else { return model.index.dependence(of: data) == .data }
    return !zip(starts, ends).contains { $1 == $0 + 1 }
  }

  /// What lies behind such bridges, as long as nothing else reads a tensor.
  private func bridged(behind tensor: Int) -> Int {
    var current = tensor
    while case let readers = readersOfValues(current), readers.count == 1, bridges(readers[0]),
      let turned = model.index.writes[readers[0]].first, turned != target
    { current = turned }
    return current
  }

  private static let normalisations: Set<String> = ["BatchNormalization", "InstanceNormalization", "GroupNormalization"]

  /// Whether an operator normalises, shifts or activates what a convolution makes; some exporters drop an axis of length 1 between.
  private func continues(_ node: Int) -> Bool {
    let proto = model.proto.graph.node[node]
    return Self.normalisations.contains(proto.opType) || proto.opType == "Squeeze" || model.isActivation(node)
      || groupNormalisations.openings.contains(node) || isAffineByChannel(proto)
  }

  /// Whether an operator scales or shifts by a constant, or by one a channel.
  private func isAffineByChannel(_ node: Onnx_NodeProto) -> Bool {
    guard ["Mul", "Div", "Add", "Sub"].contains(node.opType) else { return false }
    let constants = node.input.compactMap(weight)
    return constants.count == 1 && constants[0].dims.count { $0 != 1 } <= 1
  }

  /// A constant, perhaps laid out anew to meet channels.
  private func weight(_ name: String) -> Onnx_TensorProto? {
    if let tensor = model.constantTensor(name) { return tensor }
    guard let maker = model.index.producer(of: name), case let node = model.proto.graph.node[maker],
      ["Reshape", "Unsqueeze"].contains(node.opType), model.index.dependence(of: name) != .data
    else { return nil }
    return node.input(at: 0).flatMap(weight)
  }

  // MARK: Analysis

  /// Whether an operator learns, or looks up what was learned.
  static func represents(_ model: Model, _ node: Int) -> Bool {
    let proto = model.proto.graph.node[node]
    return OperatorTraits.isLearned(proto, functions: []) || proto.opType.hasSuffix("EmbedLayerNormalization")
      || proto.opType == "Gather" && proto.input(at: 0).map { model.index.dependence(of: $0) == .constant } ?? false
  }

  private static let quantisation: Set<String> = ["QuantizeLinear", "DequantizeLinear"]

  /// Squashed factors of products with something that they aren't made of directly, and what leads only to such.
  private static func gates(_ model: Model, _ influences: [Bool]) -> Set<Int> {
    let index = model.index
    var gates: Set<Int> = []
    for node in index.order.reversed() {
      for tensor in index.writes[node] where influences[tensor] && index.dependence[tensor] == .data {
        let readers = index.readers[tensor].filter { index.writes[$0].contains { influences[$0] } }
        guard !readers.isEmpty else { continue }
        // Factors are often laid out anew, or quantised, before they are multiplied.
        let made = index.maker[source(of: tensor, model, through: OperatorTraits.views.union(quantisation))] ?? node
        let arguments = squashed(by: made, in: model)?.map { source(of: $0, model, through: quantisation) }
        let isFactor =
          arguments.map { arguments in
            readers.allSatisfy { reader in
              let operands = index.reads[reader].filter { index.dependence[$0] == .data }
              // x·sigmoid(x) is an activation.
              return model.proto.graph.node[reader].opType == "Mul" && operands.count == 2
                && !operands.contains { arguments.contains(source(of: $0, model, through: quantisation)) }
            }
          } ?? false
        let feedsGates = readers.allSatisfy { reader in
          index.writes[reader].filter { influences[$0] }.allSatisfy(gates.contains)
        }
        if isFactor || feedsGates { gates.insert(tensor) }
      }
    }
    return gates
  }

  /// What a node squashes into a range that has no two signs; nil where it does no such thing.
  ///
  /// Some files spell a hard sigmoid, as r(x + 3)/6, r the rectifier that ends at 6. A hyperbolic tangent has a sign, so it is what a gate
  /// lets through.
  private static func squashed(by made: Int, in model: Model) -> [Int]? {
    let (index, nodes) = (model.index, model.proto.graph.node)
    if ["Sigmoid", "HardSigmoid", "Softmax"].contains(nodes[made].opType) { return index.reads[made] }
    // A convolution with its activation, as ONNX Runtime joins them.
    let joined = nodes[made].attribute("activation").map { String(decoding: $0.s, as: UTF8.self) }
    if nodes[made].opType.contains("Fused"), let joined, ["Sigmoid", "HardSigmoid"].contains(joined) { return [] }
    func onlyData(_ node: Int) -> Int? {
      let data = index.reads[node].filter { index.dependence[$0] == .data }
      return data.count == 1 ? data[0] : nil
    }
    guard ["Mul", "Div"].contains(nodes[made].opType), let clipped = onlyData(made), let clip = index.maker[clipped],
      let term = model.boundedTensor(by: clip), let sum = index.maker[term], ["Add", "Sub"].contains(nodes[sum].opType)
    else { return nil }
    return [term] + index.reads[sum]
  }

  /// Where the tensor that is read joins several branches: what leads to some of them only.
  private static func heads(_ model: Model, _ target: Int) -> Set<Int> {
    let index = model.index
    var tensor = target
    while let maker = index.maker[tensor] {
      let node = model.proto.graph.node[maker]
      let operands = index.reads[maker].filter { index.dependence[$0] == .data }
      if node.opType == "Concat", operands.count > 1 {
        let upstream = operands.map { operand in index.ancestors(of: [operand]) }
        var heads: Set<Int> = []
        var common = 0
        for number in index.order {
          let count = upstream.count { $0[number] }
          if count == operands.count, index.writes[number].contains(where: { index.dependence[$0] == .data }) { common += 1 }
          if count > 0, count < operands.count { heads.formUnion(index.writes[number]) }
        }
        return common > 0 ? heads : []
      }
      guard OperatorTraits.views.contains(node.opType) || model.isActivation(maker),
        operands.count == 1
      else { return [] }
      tensor = operands[0]
    }
    return []
  }
}
