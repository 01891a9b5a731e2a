/// Writes an operator that is several in one in ordinary operators.
struct OperatorSpelling {
  /// Why an operator isn't written out, as the end of "operator X has …".
  struct Refusal: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
  }

  private(set) var weights: [Onnx_TensorProto] = []
  let model: Model
  let types: [String: ElementType]
  private let shapes: [String: [Int]]
  private var nodes: [Onnx_NodeProto] = []
  private var names: FreshNames
  private var integerNames: [[Int]: String] = [:]
  private var numberNames: [String: String] = [:]
  /// Of what is being written.
  var numberType = ElementType.float

  init(_ model: Model, shapes: [String: [Int]], types: [String: ElementType]) {
    self.model = model
    self.shapes = shapes
    self.types = types
    names = FreshNames(in: model, stem: "spelled")
  }

  static func knows(_ node: Onnx_NodeProto) -> Bool {
    node.isStandard
      ? ["Attention", "GridSample"].contains(node.opType)
      : node.isKnown && ["Attention", "MultiHeadAttention", "GroupQueryAttention"].contains(node.opType)
  }

  mutating func spell(_ node: Onnx_NodeProto) throws(Refusal) -> SpelledOperators.Spelling {
    nodes = []
    defer { nodes = [] }
    guard let first = node.input(at: 0) else { throw Refusal("no input") }
    numberType = types[first] ?? .float
    guard numberType.isFloat else { throw Refusal("a rule for floats only") }
    var results: [String?]
    switch node.opType {
    case "Attention" where node.isStandard: results = try spellAttention(node)
    case "Attention": results = try spellPackedAttention(node)
    case "GridSample": results = try spellGridSample(node)
    case "MultiHeadAttention": results = try spellMultiHeadAttention(node)
    default: results = try spellGroupQueryAttention(node)
    }
    while results.count < node.output.count { results.append(nil) }
    for (result, output) in zip(results, node.output) where result == nil && isRead(output) {
      throw Refusal("no rule for its output \"\(output)\", which is read")
    }
    return SpelledOperators.Spelling(
      nodes: nodes, results: zip(results, node.output).map { $1.isEmpty ? nil : $0 })
  }

  /// Whether anything reads an output of the network's.
  private func isRead(_ output: String) -> Bool {
    !output.isEmpty && (!model.index.consumers(of: output).isEmpty || model.proto.graph.output.contains { $0.name == output })
  }

  /// As it was observed.
  func shape(of tensor: String) throws(Refusal) -> [Int] {
    let known = shapes[tensor] ?? model.constantTensor(tensor)?.dims.map(Int.init)
    guard let known else { throw Refusal("an operand \"\(tensor)\" whose shape isn't known") }
    // What no network has would overflow.
    guard known.allSatisfy({ 0...1 << 24 ~= $0 }) else { throw Refusal("an operand of shape \(known)") }
    return known
  }

  /// How many heads a node names.
  func headCount(_ node: Onnx_NodeProto, _ name: String) throws(Refusal) -> Int {
    guard let count = node.integer(name), 1...1 << 16 ~= count else { throw Refusal("no number of heads") }
    return count
  }

  // MARK: Nodes

  mutating func add(
    _ operatorType: String, _ inputs: [String], _ attributes: [String: GraphBuilder.Attribute] = [:], domain: String = ""
  ) -> String {
    let output = names.next()
    var node = Onnx_NodeProto(operatorType, inputs, [output], attributes)
    node.domain = domain
    nodes.append(node)
    return output
  }

  mutating func integers(_ values: [Int]) -> String {
    if let known = integerNames[values] { return known }
    let tensor = Onnx_TensorProto(values, name: names.next())
    weights.append(tensor)
    integerNames[values] = tensor.name
    return tensor.name
  }

  /// A number of the operator's type, without axes.
  mutating func number(_ value: Double) -> String {
    let key = "\(numberType.rawValue) \(value)"
    if let known = numberNames[key] { return known }
    var tensor = Onnx_TensorProto([value], shape: [], type: numberType)
    tensor.name = names.next()
    weights.append(tensor)
    numberNames[key] = tensor.name
    return tensor.name
  }

  /// The lowest number of single precision: what it stands for has no weight in a softmax.
  mutating func lowest() -> String {
    number(-Double(Float.greatestFiniteMagnitude))
  }

  /// 0 copies a length, -1 leaves it open.
  mutating func reshape(_ tensor: String, _ shape: [Int]) -> String { add("Reshape", [tensor, integers(shape)]) }

  mutating func transpose(_ tensor: String, _ order: [Int]) -> String { add("Transpose", [tensor], ["perm": .ints(order)]) }

  mutating func concatenate(_ parts: [String], axis: Int) -> String { add("Concat", parts, ["axis": .int(axis)]) }

  mutating func split(_ tensor: String, _ lengths: [Int], axis: Int) -> [String] {
    let outputs = lengths.map { _ in names.next() }
    nodes.append(
      model.opset < 13
        ? Onnx_NodeProto("Split", [tensor], outputs, ["axis": .int(axis), "split": .ints(lengths)])
        : Onnx_NodeProto("Split", [tensor, integers(lengths)], outputs, ["axis": .int(axis)]))
    return outputs
  }

  mutating func wholeNumbers(_ tensor: String) -> String {
    add("Cast", [tensor], ["to": .int(Int(ElementType.int64.rawValue))])
  }
}
