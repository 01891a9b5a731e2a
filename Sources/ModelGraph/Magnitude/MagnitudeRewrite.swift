/// Writes a magnitude network operator by operator: each has a rule, which says what magnitude its outputs get from
/// the magnitudes of its inputs.
///
/// Two graphs grow: the *flow*, which maps magnitudes and is linear in them, and the *observation*, the network itself
/// with nodes added that compute what the flow holds fixed, such as derivatives. The network keeps its types; all that is
/// added, and all of the flow, is of float32, so that sums of magnitudes don't leave the range of a float16.
struct MagnitudeRewrite {
  /// What an operator's rule does: looks up the magnitudes of its inputs and notes those of its outputs.
  typealias Rule = @Sendable (inout MagnitudeRewrite, Onnx_NodeProto) throws(Untraceable) -> Void

  /// What is known of a tensor that follows from the source.
  private enum Flow {
    /// Its magnitude, by its name in the flow graph.
    case carried(String)
    /// None reaches it: all that could is held.
    case none
    /// Why its magnitude isn't known.
    case blocked(Untraceable)
  }

  let model: Model
  let batch: Int
  private(set) var types: [String: ElementType]
  let source: String
  private let shapes: ObservedShapes
  private var flows: [String: Flow] = [:]
  /// By tensor: what it is a function of, element by element; filled as it is asked for.
  var roots: [String: String] = [:]
  private var flowGraph = Onnx_GraphProto()
  private var observedGraph: Onnx_GraphProto
  /// By tensor of the observation: the flow's input that it is fed to.
  private var heldInputs: [String: String] = [:]
  private var observedOfHeld: [String: String] = [:]
  private var constants: [[Int]: String] = [:]
  /// By tensor of another floating-point type: the same in float32.
  private var widenedOfObservation: [String: String] = [:]
  private var widenedOfFlow: [String: String] = [:]
  private var names: FreshNames
  private let sourceInput = "source_magnitude"

  init(_ model: Model, source: String, shapes: ObservedShapes, batch: Int, types: [String: ElementType]) {
    self.model = model
    self.source = source
    self.shapes = shapes
    self.batch = batch
    self.types = model.elementTypes().merging(types) { $1 }
    names = FreshNames(in: model, stem: "magnitude")
    observedGraph = model.proto.graph
    flowGraph.name = model.proto.graph.name
    // What weights are made of; what isn't needed falls away at the end.
    flowGraph.node = model.index.order
      .filter { node in model.index.writes[node].allSatisfy { model.index.dependence[$0] == .constant } }
      .map { model.proto.graph.node[$0] }
    flowGraph.initializer = model.proto.graph.initializer
    flowGraph.sparseInitializer = model.proto.graph.sparseInitializer
  }

  mutating func run(_ nodes: [Int], to target: String) throws(Untraceable) -> MagnitudeNetwork {
    guard types[source] ?? .float == .float else { throw Untraceable("\"\(source)\" is of \(types[source]!)") }
    flowGraph.input.append(
      Onnx_ValueInfoProto(
        name: sourceInput, elementType: .float, dimensions: try batchedShape(of: source).map(Dimension.fixed)))
    flows[source] = .carried(sourceInput)
    for number in nodes {
      let node = model.proto.graph.node[number]
      do throws(Untraceable) {
        guard let rule = Self.rule(for: node, in: model) else {
          throw Untraceable(OperatorTraits.lackOfRule(node))
        }
        try rule(&self, node)
      } catch {
        for name in node.output where !name.isEmpty { flows[name] = .blocked(error) }
      }
    }
    let result = try magnitude(target)
    guard let result else {
      throw Untraceable("all that flows from \"\(source)\" to \"\(target)\" passes through gates, which are held")
    }
    let output = addFlow("Identity", [result])
    var declaration = Onnx_ValueInfoProto()
    declaration.name = output
    flowGraph.output = [declaration]
    let flow = model.replacingGraph(flowGraph).exposing([output])
    let held = flow.inputs.dropFirst().map { (input: $0.name, output: observedOfHeld[$0.name]!) }
    var seen: Set<String> = [source]
    let exposed = [source] + held.map(\.output).filter { seen.insert($0).inserted }
    return MagnitudeNetwork(
      observation: model.replacingGraph(observedGraph).exposing(exposed), flow: flow, source: sourceInput, held: held,
      batch: batch)
  }

  // MARK: Magnitudes

  /// The magnitude of a tensor in the flow graph; `nil` where none reaches it.
  func magnitude(_ tensor: String) throws(Untraceable) -> String? {
    switch flows[tensor] {
    case .carried(let name): return name
    case .blocked(let reason): throw reason
    case .some(.none), nil: return nil
    }
  }

  /// Whether a tensor follows from the source, so that its magnitude has to be asked for or held on purpose.
  func follows(_ tensor: String) -> Bool { flows[tensor] != nil }

  /// Notes the magnitude of an output; `nil` where none reaches it.
  mutating func carry(_ magnitude: String?, to output: String) {
    guard !output.isEmpty else { return }
    flows[output] = magnitude.map(Flow.carried) ?? Flow.none
  }

  /// The same, where the magnitude may lack length along axes over which the operator repeats values.
  mutating func carry(_ magnitude: String?, shapedLike input: String, to output: String) throws(Untraceable) {
    guard let magnitude else { return carry(nil, to: output) }
    let isWhole = try shape(of: input) == shape(of: output)
    carry(isWhole ? magnitude : addFlow("Expand", [magnitude, constant(try batchedShape(of: output))]), to: output)
  }

  /// The sum of magnitudes, as far as there are any.
  mutating func sum(_ terms: [String?]) -> String? {
    let terms = terms.compactMap(\.self)
    guard var total = terms.first else { return nil }
    for term in terms.dropFirst() { total = addFlow("Add", [total, term]) }
    return total
  }

  // MARK: Shapes

  /// For one stimulus.
  func shape(of tensor: String) throws(Untraceable) -> [Int] {
    if let shape = shapes.shapes[tensor] { return shape }
    if let weight = model.constantTensor(tensor) { return weight.dims.map(Int.init) }
    throw Untraceable("the shape of \"\(tensor)\" isn't known")
  }

  /// Of a tensor that follows from the source, in a batch of the flow.
  func batchedShape(of tensor: String) throws(Untraceable) -> [Int] {
    var shape = try shape(of: tensor)
    guard batch > 1 else { return shape }
    guard let axis = shapes.batchAxes[tensor] else {
      throw Untraceable("\"\(tensor)\" of shape \(shape) doesn't show on which axis stimuli lie")
    }
    shape[axis] *= batch
    return shape
  }

  /// The axis that counts stimuli; 0 where the flow has a single row.
  func batchAxis(of tensor: String) -> Int? { batch == 1 ? 0 : shapes.batchAxes[tensor] }

  // MARK: What is held

  /// A tensor as the flow may read it: a weight as it is, anything else as observed.
  mutating func held(_ tensor: String) throws(Untraceable) -> String {
    if tensor.isEmpty || model.index.dependence(of: tensor) == .constant { return tensor }
    return try hold(observed: tensor, type: types[tensor])
  }

  /// The magnitude of a tensor that is held.
  mutating func heldMagnitude(_ tensor: String) throws(Untraceable) -> String {
    if model.index.dependence(of: tensor) == .constant { return addFlow("Abs", [tensor]) }
    return try hold(observed: observe("Abs", [tensor]), type: .float)
  }

  /// The flow's input for a tensor of the observation.
  mutating func hold(observed tensor: String, type: ElementType? = .float) throws(Untraceable) -> String {
    if isOfOtherFloat(tensor) { return try hold(observed: widenedInObservation(tensor)) }
    if let input = heldInputs[tensor] { return input }
    guard let type, type != .noTensor else { throw Untraceable("the element type of \"\(tensor)\" isn't known") }
    let input = freshName()
    flowGraph.input.append(Onnx_ValueInfoProto(name: input, elementType: type))
    heldInputs[tensor] = input
    observedOfHeld[input] = tensor
    return input
  }

  // MARK: Nodes

  /// Adds a node with one output to the flow and returns that. Weights are read as float32.
  mutating func addFlow(
    _ operatorType: String, _ inputs: [String], _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) -> String {
    let inputs = inputs.map { widenedInFlow($0) }
    let output = freshName()
    flowGraph.node.append(Onnx_NodeProto(operatorType, inputs, [output], attributes))
    return output
  }

  /// Adds an operator to the flow as it is in the model, with other inputs; its outputs get names of their own.
  mutating func addFlow(copying node: Onnx_NodeProto, inputs: [String]) -> [String] {
    let inputs = inputs.map { widenedInFlow($0) }
    let outputs = node.output.map { $0.isEmpty ? "" : freshName() }
    flowGraph.node.append(node.copied(inputs: inputs, outputs: outputs))
    return outputs
  }

  /// Adds a node with one output to the observation and returns that. The network's tensors are read as float32.
  mutating func observe(
    _ operatorType: String, _ inputs: [String], _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) -> String {
    let inputs = inputs.map { widenedInObservation($0) }
    let output = freshName()
    observedGraph.node.append(Onnx_NodeProto(operatorType, inputs, [output], attributes))
    return output
  }

  /// Adds an operator to the observation as it is in the model, with the outputs asked for.
  mutating func observe(copying node: Onnx_NodeProto, outputs count: Int) -> [String] {
    let outputs = (0..<count).map { _ in freshName() }
    observedGraph.node.append(node.copied(inputs: node.input, outputs: outputs))
    for (output, own) in zip(outputs, node.output) { types[output] = types[own] }
    return outputs
  }

  private func isOfOtherFloat(_ tensor: String) -> Bool { types[tensor].map { $0.isFloat && $0 != .float } ?? false }

  private mutating func widenedInObservation(_ tensor: String) -> String {
    guard isOfOtherFloat(tensor) else { return tensor }
    if let known = widenedOfObservation[tensor] { return known }
    let output = freshName()
    observedGraph.node.append(Self.widening(tensor, as: output))
    widenedOfObservation[tensor] = output
    return output
  }

  private mutating func widenedInFlow(_ tensor: String) -> String {
    guard isOfOtherFloat(tensor) else { return tensor }
    if let known = widenedOfFlow[tensor] { return known }
    let output = freshName()
    flowGraph.node.append(Self.widening(tensor, as: output))
    widenedOfFlow[tensor] = output
    return output
  }

  private static func widening(_ tensor: String, as output: String) -> Onnx_NodeProto {
    Onnx_NodeProto("Cast", [tensor], [output], ["to": .int(Int(ElementType.float.rawValue))])
  }

  /// A vector of whole numbers, in both graphs.
  mutating func constant(_ values: [Int]) -> String {
    if let name = constants[values] { return name }
    let tensor = Onnx_TensorProto(values, name: freshName())
    flowGraph.initializer.append(tensor)
    observedGraph.initializer.append(tensor)
    constants[values] = tensor.name
    return tensor.name
  }

  /// A number, or a vector of them, in both graphs.
  mutating func constant(_ values: [Double], isScalar: Bool = false) -> String {
    var tensor = Onnx_TensorProto()
    tensor.name = freshName()
    tensor.dims = isScalar ? [] : [Int64(values.count)]
    tensor.dataType = ElementType.float.rawValue
    tensor.floatData = values.map(Float.init)
    flowGraph.initializer.append(tensor)
    observedGraph.initializer.append(tensor)
    return tensor.name
  }

  private mutating func freshName() -> String { names.next() }
}

extension MagnitudeRewrite {
  /// The rule of an operator; `nil` where there is none. Calls of functions and operators with bodies have none.
  static func rule(for node: Onnx_NodeProto, in model: Model) -> Rule? {
    node.isKnown && !node.isComposite(in: model) ? rules[node.opType] : nil
  }

  /// One rule for several operators.
  static func rule(for operators: [String], _ rule: @escaping Rule) -> [String: Rule] {
    Dictionary(uniqueKeysWithValues: operators.map { ($0, rule) })
  }

  /// By operator. Where the standard and ONNX Runtime's own domain share a name they share a meaning here.
  private static let rules: [String: Rule] = {
    var all: [String: Rule] = [:]
    for family in [
      layoutRules, linearRules, sumRules, productRules, poolingRules, normalisationRules, activationRules,
      fusedRules,
    ] {
      all.merge(family) { _, _ in preconditionFailure("two rules for one operator") }
    }
    return all
  }()
}
