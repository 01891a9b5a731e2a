/// Writes an adjoint graph: the operators of the network, the value, and then, from the end to the beginning, what each
/// operator's rule adds.
///
/// A rule gets the gradients of an operator's outputs and adds to those of its inputs. Gradients of a tensor are
/// summed; one that is the same along an axis may have length 1 there until somebody needs it whole.
struct AdjointRewrite {
  /// The gradient of a tensor.
  struct Gradient {
    var name: String
    /// Whether it has the tensor's shape; otherwise it broadcasts to it.
    var isWhole: Bool
  }

  /// The gradient of a stretch of a tensor along one axis; the rest has none from it.
  struct Stretch {
    var gradient: String
    var axis: Int
    var start: Int
    var length: Int
  }

  /// What is done for an operator.
  struct Rule: Sendable {
    /// Adds to the gradients of the inputs, from those of the outputs, `nil` where none reaches one.
    typealias Body = @Sendable (inout AdjointRewrite, Onnx_NodeProto, [Gradient?]) throws(Undifferentiable) -> Void

    /// The inputs that the rule derives by; `nil` for all.
    let positions: Set<Int>?
    let body: Body
  }

  let cut: Cut
  let model: Model
  var shapes: [String: [Int]]
  var types: [String: ElementType]
  /// The network's operators in order; rules may ask them for further outputs.
  var forward: [Onnx_NodeProto]
  var backward: [Onnx_NodeProto] = []
  var isBackward = false
  var weights: [Onnx_TensorProto] = []
  private var gradients: [String: [Gradient]] = [:]
  /// By tensor: gradients of stretches of it.
  private var stretches: [String: [Stretch]] = [:]
  /// The tensors that change smoothly with the cut tensor.
  var varying: Set<String> = []
  var names: FreshNames
  var integerNames: [[Int]: String] = [:]
  /// Of constants, and of what was observed to follow from weights and shapes.
  var integerValues: [String: [Int]]
  var numberNames: [String: String] = [:]
  var notes: [String] = []
  /// The first operator by which the value may jump.
  var decision: String?
  /// The network's operators that derivatives pass written in ordinary ones.
  let spelled: SpelledOperators
  /// The node whose rule is running, by its place in `forward`, or in `backward` where it is written there again.
  private(set) var place = 0
  private(set) var isPlaceBackward = false
  /// How many rows the shapes were seen at.
  private let rows: Int
  /// The type of the numbers that the running rule works with.
  private(set) var numberType = ElementType.float

  init(_ cut: Cut, observed: ObservedTensors) {
    self.cut = cut
    model = cut.suffix
    shapes = observed.shapes
    types = cut.suffix.elementTypes().merging(observed.types) { $1 }
    spelled = observed.spelled
    weights = spelled.weights
    let fixed = cut.fixedTensors
    integerValues = observed.integers.filter { fixed.contains($0.key) }
    names = FreshNames(in: cut.suffix, stem: "adjoint")
    rows = max(observed.shapes[cut.tensor]?.first ?? 1, 1)
    forward = cut.suffix.index.order.map { cut.suffix.proto.graph.node[$0] }
    for weight in weights {
      shapes[weight.name] = weight.dims.map(Int.init)
      types[weight.name] = ElementType(rawValue: weight.dataType)
      if weight.dataType == ElementType.int64.rawValue { integerValues[weight.name] = weight.int64Data.map(Int.init) }
    }
  }

  var opset: Int { model.opset }

  mutating func run(_ value: AdjointValue) throws(Undifferentiable) -> AdjointNetwork {
    guard opset >= 9 else {
      throw Undifferentiable("the model is of opset \(opset), and its derivative needs operators of opset 9 or newer")
    }
    numberType = types[cut.output] ?? .float
    let target = names.next(wished: "target")
    let result = try appendValue(value, target: target)
    try findVarying(to: result)
    guard varying.contains(result) else {
      throw Undifferentiable("the value depends on the layer through whole numbers and comparisons only")
    }
    isBackward = true
    gradients[result] = [Gradient(name: add("Expand", [number(1), add("Shape", [result])]), isWhole: true)]
    for place in forward.indices.reversed() { try derive(place) }
    guard let total = gradient(of: cut.tensor) else {
      throw Undifferentiable("the value depends on the layer through what is held only")
    }
    numberType = types[cut.tensor] ?? .float
    let (valueName, gradientName) = (names.next(wished: "value"), names.next(wished: "gradient"))
    backward.append(Onnx_NodeProto("Identity", [result], [valueName], [:]))
    backward.append(Onnx_NodeProto("Identity", [try whole(total, like: cut.tensor)], [gradientName], [:]))
    return finished(target: target, value: valueName, gradient: gradientName)
  }

  private func finished(target: String, value: String, gradient: String) -> AdjointNetwork {
    var graph = model.proto.graph
    graph.node = forward + backward
    graph.initializer += weights
    graph.valueInfo = []
    graph.input.append(Onnx_ValueInfoProto(name: target, elementType: .int64, dimensions: [.named("targets")]))
    graph.output += [value, gradient].map { name in
      var declaration = Onnx_ValueInfoProto()
      declaration.name = name
      return declaration
    }
    // The inputs are all there, whatever the value needs of them.
    var exposed = model.replacingGraph(graph).exposing([cut.output, value, gradient]).proto
    exposed.graph.input = graph.input
    return AdjointNetwork(
      model: Model(proto: exposed, folder: model.folder, label: model.label),
      target: target, output: cut.output, value: value, gradient: gradient, notes: notes,
      decision: decision)
  }

  // MARK: Deriving

  private mutating func derive(_ place: Int) throws(Undifferentiable) {
    let node = forward[place]
    guard node.input.contains(where: varying.contains) else { return }
    let outputs = node.output.map { $0.isEmpty || !varying.contains($0) ? nil : gradient(of: $0) }
    guard outputs.contains(where: { $0 != nil }) else { return }
    (self.place, isPlaceBackward) = (place, false)
    guard let spelling = spelling(of: node) else { return try derive(node, outputs) }
    // Written out again, its inner results live for as long as they are needed here, and the network's own stay what they are
    // (as in memory-saving attention, Dao et al. 2022).
    let start = backward.count
    backward += spelling.nodes
    for (result, output) in zip(spelling.results, outputs) {
      if let result, let output { contribute(output.name, to: result, isWhole: output.isWhole) }
    }
    for (offset, inner) in spelling.nodes.enumerated().reversed() {
      let outputs = inner.output.map { varying.contains($0) ? gradient(of: $0) : nil }
      guard inner.input.contains(where: varying.contains), outputs.contains(where: { $0 != nil }) else { continue }
      (self.place, isPlaceBackward) = (start + offset, true)
      try derive(inner, outputs)
    }
  }

  private mutating func derive(_ node: Onnx_NodeProto, _ outputs: [Gradient?]) throws(Undifferentiable) {
    guard let rule = Self.rule(for: node, in: model) else { return }
    // What makes whole numbers works in the type of what it makes them of.
    numberType = [node.output.first, node.input.first].compactMap { $0.flatMap { types[$0] } }.first(where: \.isFloat) ?? .float
    try rule.body(&self, node, outputs)
  }

  /// The sum of all that was contributed; `nil` where nothing was.
  mutating func gradient(of tensor: String) -> Gradient? {
    for joined in joinStretches(of: tensor) { contribute(joined, to: tensor) }
    guard let parts = gradients[tensor], var total = parts.first else { return nil }
    for part in parts.dropFirst() {
      total = Gradient(name: add("Add", [total.name, part.name]), isWhole: total.isWhole || part.isWhole)
    }
    gradients[tensor] = [total]
    return total
  }

  /// Adds to the gradient of a tensor, if it varies.
  mutating func contribute(_ gradient: String, to tensor: String, isWhole: Bool = true) {
    guard varying.contains(tensor) else { return }
    gradients[tensor, default: []].append(Gradient(name: gradient, isWhole: isWhole))
  }

  /// Adds to the gradient of a stretch of a tensor, if it varies.
  mutating func contribute(_ stretch: Stretch, to tensor: String) {
    guard varying.contains(tensor) else { return }
    stretches[tensor, default: []].append(stretch)
  }

  /// Stretches side by side are joined, with zeros where there are none, so that a tensor that is taken apart is put
  /// together in one step. Those that overlap make several gradients.
  private mutating func joinStretches(of tensor: String) -> [String] {
    guard let all = stretches.removeValue(forKey: tensor), let shape = shapes[tensor] else { return [] }
    var rows: [[Stretch]] = []
    for stretch in all.enumerated().sorted(by: { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }).map(\.element) {
      let fits = rows.firstIndex { row in
        row[0].axis == stretch.axis && row[row.count - 1].start + row[row.count - 1].length <= stretch.start
      }
      if let fits { rows[fits].append(stretch) } else { rows.append([stretch]) }
    }
    return rows.map { row in
      let axis = row[0].axis
      let padded = row.indices.map { place in
        var (before, after) = ([Int](repeating: 0, count: shape.count), [Int](repeating: 0, count: shape.count))
        if place == 0 { before[axis] = row[place].start }
        after[axis] = (place + 1 < row.count ? row[place + 1].start : shape[axis]) - row[place].start - row[place].length
        return pad(row[place].gradient, before: before, after: after)
      }
      return concatenate(padded, axis: axis)
    }
  }

  /// The gradient with the shape of the tensor that it belongs to.
  mutating func whole(_ gradient: Gradient, like tensor: String) throws(Undifferentiable) -> String {
    if gradient.isWhole { return gradient.name }
    let shape = try shape(of: tensor)
    // Where an axis may count rows, it is asked for when the graph runs.
    let target = rows > 1 && shape.contains { $0 % rows == 0 } ? add("Shape", [tensor]) : integers(shape)
    return add("Expand", [gradient.name, target])
  }

  /// A gradient of a broadcast operand: summed over the axes along which it was repeated.
  mutating func contribute(
    _ gradient: Gradient, broadcastFrom operand: String, to output: String
  ) throws(Undifferentiable) {
    guard varying.contains(operand) else { return }
    let (from, to) = (try shape(of: operand), try shape(of: output))
    if from == to { return contribute(gradient.name, to: operand, isWhole: gradient.isWhole) }
    let missing = to.count - from.count
    let axes = to.indices.filter { $0 < missing || from[$0 - missing] == 1 && to[$0] != 1 }
    var result = try whole(gradient, like: output)
    if !axes.isEmpty { result = reduceSum(result, axes) }
    if missing > 0 { result = add("Reshape", [result, target(from)]) }
    contribute(result, to: operand)
  }

  // MARK: Shapes

  /// As it was observed.
  func shape(of tensor: String) throws(Undifferentiable) -> [Int] {
    if let shape = shapes[tensor] { return shape }
    if let weight = model.constantTensor(tensor) { return weight.dims.map(Int.init) }
    throw Undifferentiable("the shape of \"\(tensor)\" isn't known")
  }

  /// A Reshape's target for a tensor of this shape, with an axis left open that may count rows.
  mutating func target(_ shape: [Int]) -> String {
    guard !shape.isEmpty, !shape.contains(0) else { return integers(shape) }
    var open = shape
    open[shape.firstIndex { $0 % rows == 0 } ?? 0] = -1
    return integers(open)
  }
}

extension AdjointRewrite {
  /// The rule of an operator; `nil` where there is none. Calls of functions and operators with bodies have none.
  static func rule(for node: Onnx_NodeProto, in model: Model) -> Rule? {
    node.isKnown && !node.isComposite(in: model) ? rules[node.opType] : nil
  }

  /// One rule for several operators.
  static func rule(for operators: [String], by positions: Set<Int>? = nil, _ body: @escaping Rule.Body) -> [String: Rule] {
    Dictionary(uniqueKeysWithValues: operators.map { ($0, Rule(positions: positions, body: body)) })
  }

  /// By operator. Where the standard and ONNX Runtime's own domain share a name they share a meaning here, or the rule
  /// tells them apart.
  private static let rules: [String: Rule] = {
    var all: [String: Rule] = [:]
    for family in [
      linearRules, activationRules, arithmeticRules, reductionRules, poolingRules, normalisationRules, layoutRules,
      choiceRules, interpolationRules, rotationRules, scatteringRules, fusedRules, quantizedRules,
    ] {
      all.merge(family) { _, _ in preconditionFailure("two rules for one operator") }
    }
    return all
  }()
}
