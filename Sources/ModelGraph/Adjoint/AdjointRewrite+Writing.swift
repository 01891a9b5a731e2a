/// What rules write: nodes, constants and notes.
extension AdjointRewrite {
  /// Adds a node with one output and returns that.
  mutating func add(
    _ operatorType: String, _ inputs: [String], _ attributes: [String: GraphBuilder.Attribute] = [:], domain: String = ""
  ) -> String {
    let output = freshName()
    var node = Onnx_NodeProto(operatorType, inputs, [output], attributes)
    node.domain = domain
    append(node)
    return output
  }

  /// Adds an operator of the network again, with other inputs; returns its first output.
  mutating func add(copying node: Onnx_NodeProto, inputs: [String]) -> String {
    let output = freshName()
    append(node.copied(inputs: inputs, outputs: [output]))
    return output
  }

  private mutating func append(_ node: Onnx_NodeProto) {
    if isBackward { backward.append(node) } else { forward.append(node) }
  }

  /// Adds a node to the network's own side, its output of a known shape and of the running rule's type.
  mutating func observe(
    _ operatorType: String, _ inputs: [String], _ attributes: [String: GraphBuilder.Attribute] = [:], shape: [Int],
    type: ElementType? = nil
  ) -> String {
    precondition(!isBackward, "the network is complete before it is derived")
    let output = add(operatorType, inputs, attributes)
    shapes[output] = shape
    types[output] = type ?? numberType
    return output
  }

  /// Asks the operator whose rule is running for an output that it doesn't give yet.
  mutating func further(output position: Int) -> String {
    var node = isPlaceBackward ? backward[place] : forward[place]
    while node.output.count <= position { node.output.append("") }
    if node.output[position].isEmpty { node.output[position] = freshName() }
    if isPlaceBackward { backward[place] = node } else { forward[place] = node }
    return node.output[position]
  }

  /// A vector of whole numbers.
  mutating func integers(_ values: [Int]) -> String {
    if let name = integerNames[values] { return name }
    let name = freshName()
    weights.append(Onnx_TensorProto(values, name: name))
    integerNames[values] = name
    integerValues[name] = values
    return name
  }

  /// A whole number, without axes.
  mutating func integer(_ value: Int) -> String {
    let name = freshName()
    weights.append(Onnx_TensorProto([value], isScalar: true, name: name))
    return name
  }

  /// The values of a constant of whole numbers, the network's or one from `integers(_:)`, or of what follows from
  /// shapes; `nil` for anything else.
  func wholeNumbers(_ name: String) -> [Int]? {
    integerValues[name] ?? model.integerConstant(name)?.map(Int.init)
  }

  /// A number of the running rule's type, without axes.
  mutating func number(_ value: Double) -> String {
    let key = "\(numberType.rawValue) \(value)"
    if let name = numberNames[key] { return name }
    let name = numbers([value], shape: [])
    numberNames[key] = name
    return name
  }

  /// A tensor of numbers, of the running rule's type unless told otherwise.
  mutating func numbers(_ values: [Double], shape: [Int], type: ElementType? = nil) -> String {
    var tensor = Onnx_TensorProto(values, shape: shape, type: type ?? numberType)
    tensor.name = freshName()
    weights.append(tensor)
    return tensor.name
  }

  mutating func note(_ text: String) {
    if !notes.contains(text) { notes.append(text) }
  }

  mutating func freshName() -> String { names.next() }

  /// "operator Conv (conv1) has …".
  func refusal(_ node: Onnx_NodeProto, _ text: String) -> Undifferentiable {
    Undifferentiable("operator \(node.label) has \(text)", operation: node.label)
  }
}
