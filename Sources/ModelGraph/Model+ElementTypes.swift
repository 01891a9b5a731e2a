extension Model {
  /// The element types that follow from declarations and from the operators' rules.
  ///
  /// Tensors of operators outside the standard are taken to have the type of their first input; a caller that has run
  /// the model knows better. Cost: one pass over the graph.
  package func elementTypes() -> [String: ElementType] {
    var inference = ElementTypeInference(functions: proto.functions)
    inference.visit(proto.graph, order: index.order)
    return inference.types
  }
}

private struct ElementTypeInference {
  var types: [String: ElementType] = [:]
  /// By sequence or optional value: the type of the tensors that it holds.
  private var contents: [String: ElementType] = [:]
  let functions: [Onnx_FunctionProto]

  init(functions: [Onnx_FunctionProto]) { self.functions = functions }

  mutating func visit(_ graph: Onnx_GraphProto, order: [Int]? = nil) {
    for weight in graph.initializer { types[weight.name] = ElementType(rawValue: weight.dataType) }
    for weight in graph.sparseInitializer { types[weight.values.name] = ElementType(rawValue: weight.values.dataType) }
    declare(graph.input)
    declare(graph.valueInfo)
    declare(graph.output)
    for place in order ?? Array(graph.node.indices) {
      let node = graph.node[place]
      for (name, type) in zip(node.output, outputTypes(of: node)) where !name.isEmpty && types[name] == nil {
        types[name] = type
      }
      let held = node.input.compactMap { contents[$0] ?? types[$0] }.first { $0 != .noTensor }
      for name in node.output where types[name] == .noTensor { contents[name] = held ?? node.elementType("dtype") }
    }
  }

  private mutating func declare(_ ports: [Onnx_ValueInfoProto]) {
    for port in ports where port.type.tensorType.elemType != 0 {
      types[port.name] = ElementType(rawValue: port.type.tensorType.elemType)
    }
  }

  private func type(_ node: Onnx_NodeProto, _ position: Int) -> ElementType? {
    node.input(at: position).flatMap { types[$0] }
  }

  private func declared(_ node: Onnx_NodeProto, _ attribute: String) -> ElementType? {
    node.elementType(attribute)
  }

  /// One type an output.
  private func outputTypes(of node: Onnx_NodeProto) -> [ElementType?] {
    let first = node.input.indices.lazy.compactMap { self.type(node, $0) }.first
    let all = { (type: ElementType?) in [ElementType?](repeating: type, count: node.output.count) }

    if let function = functions.first(where: { $0.name == node.opType && $0.domain == node.domain }) {
      return outputTypes(of: function, calledBy: node)
    }
    if node.domain == "ai.onnx.ml" { return learnedTypes(of: node, first: first) }
    switch node.opType {
    case "Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression", "SequenceLength":
      return all(.int64)
    case "Cast":
      return all(declared(node, "to"))
    case "CastLike":
      return all(type(node, 1))
    case "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf",
      "OptionalHasElement":
      return all(.bool)
    case let name where OperatorTraits.containers.contains(name):
      return all(.noTensor)
    case "SequenceAt", "ConcatFromSequence", "OptionalGetElement":
      return all(first == .noTensor ? node.input.first.flatMap { contents[$0] } : first)
    case "Constant":
      return all(constantType(node))
    case "ConstantOfShape":
      return all(node.attribute("value").map { ElementType(rawValue: $0.t.dataType) } ?? .float)
    case "RandomNormal", "RandomUniform", "HannWindow", "HammingWindow", "BlackmanWindow":
      return all(declared(node, "dtype") ?? declared(node, "output_datatype") ?? .float)
    case "EyeLike", "RandomNormalLike", "RandomUniformLike", "Bernoulli":
      return all(declared(node, "dtype") ?? first)
    case "Multinomial":
      return all(declared(node, "dtype") ?? .int32)
    case "Where", "MelWeightMatrix":
      return all(type(node, 1) ?? type(node, 2))
    case "OneHot", "EmbedLayerNormalization", "GatherBlockQuantized":
      return all(type(node, 2))
    case "TfIdfVectorizer":
      return all(.float)
    case "MaxPool", "TopK":
      return [type(node, 0), .int64]
    case "Unique":
      return [type(node, 0), .int64, .int64, .int64]
    case "Dropout":
      return [type(node, 0), .bool]
    case "ConvInteger", "MatMulInteger":
      return all(.int32)
    case "QuantizeLinear":
      return all(type(node, 2) ?? declared(node, "output_dtype") ?? .uint8)
    case "DequantizeLinear":
      return all(type(node, 1))
    case "DynamicQuantizeLinear":
      return [.uint8, .float, .uint8]
    case "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "DynamicQuantizeLSTM":
      return all(.float)
    case "QAttention":
      return all(type(node, 3) ?? .float)
    case "QEmbedLayerNormalization":
      return [.float, .int32]
    case "QLinearConcat":
      return all(type(node, 1))
    case "QGemm":
      return all(type(node, 8) ?? .float)
    case "QLinearConv", "QLinearMatMul":
      return all(type(node, 7) ?? type(node, 0))
    case "If":
      return bodyTypes(node, "then_branch", skipping: 0)
    case "Loop":
      return bodyTypes(node, "body", skipping: 1)
    case "Scan":
      return bodyTypes(node, "body", skipping: 0)
    default:
      return all(first)
    }
  }

  /// One type an output of an operator of ONNX's domain of classical models.
  ///
  /// Source: the operators' type constraints in ONNX's Operators-ml.md.
  private func learnedTypes(of node: Onnx_NodeProto, first: ElementType?) -> [ElementType?] {
    func has(_ attributes: String...) -> Bool { attributes.contains { node.attribute($0) != nil } }
    switch node.opType {
    case "OneHotEncoder", "Scaler", "Normalizer", "FeatureVectorizer", "LinearRegressor", "SVMRegressor", "TreeEnsembleRegressor":
      return [.float]
    case "LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier":
      return [node.attribute("classlabels_strings").map { !$0.strings.isEmpty } ?? false ? .string : .int64, .float]
    case "LabelEncoder":
      if let table = node.attribute("values_tensor") { return [ElementType(rawValue: table.t.dataType)] }
      if has("values_floats") { return [.float] }
      if has("values_int64s") { return [.int64] }
      return [has("values_strings") || first == .int64 ? .string : .int64]
    case "CategoryMapper":
      return [first == .string ? .int64 : .string]
    case "CastMap":
      guard let type = node.attribute("cast_to").map({ String(decoding: $0.s, as: UTF8.self) }) else { return [.float] }
      return [type == "TO_STRING" ? .string : type == "TO_INT64" ? .int64 : .float]
    case "ZipMap":
      return [.noTensor]
    default:
      return [ElementType?](repeating: first, count: node.output.count)
    }
  }

  private func constantType(_ node: Onnx_NodeProto) -> ElementType? {
    guard let attribute = node.attribute.first else { return nil }
    return switch attribute.name {
    case "value": ElementType(rawValue: attribute.t.dataType)
    case "value_float", "value_floats": .float
    case "value_int", "value_ints": .int64
    case "value_string", "value_strings": .string
    default: nil
    }
  }

  private func bodyTypes(_ node: Onnx_NodeProto, _ attribute: String, skipping skipped: Int) -> [ElementType?] {
    guard let body = node.attribute(attribute)?.g else { return [] }
    var inner = self
    inner.visit(body)
    return body.output.dropFirst(skipped).map { inner.types[$0.name] }
  }

  private func outputTypes(of function: Onnx_FunctionProto, calledBy node: Onnx_NodeProto) -> [ElementType?] {
    var inner = ElementTypeInference(functions: functions.filter { $0.name != function.name })
    for (position, name) in function.input.enumerated() { inner.types[name] = type(node, position) }
    var body = Onnx_GraphProto()
    body.node = function.node
    inner.visit(body)
    return function.output.map { inner.types[$0] }
  }
}
