extension Onnx_NodeProto {
  /// A node of the standard's domain, named after its first output.
  init(
    _ operatorType: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: GraphBuilder.Attribute]
  ) {
    self.init()
    opType = operatorType
    input = inputs
    output = outputs
    name = outputs[0]
    attribute = attributes.sorted { $0.key < $1.key }.map { $1.proto(named: $0) }
  }

  /// The same operator with other inputs and outputs; empty inputs at the end fall away.
  func copied(inputs: [String], outputs: [String]) -> Onnx_NodeProto {
    var copy = self
    copy.input = inputs
    while copy.input.last == "" { copy.input.removeLast() }
    copy.output = outputs
    copy.name = outputs.first { !$0.isEmpty } ?? ""
    return copy
  }

  /// "Conv (conv1)", with the domain where it isn't the standard's.
  var label: String {
    let type = isStandard ? opType : "\(domain).\(opType)"
    return name.isEmpty ? type : "\(type) (\(name))"
  }

  /// Whether it calls a function of the model, or has a body.
  func isComposite(in model: Model) -> Bool {
    !subgraphs.isEmpty || model.proto.functions.contains { $0.name == opType && $0.domain == domain }
  }

  /// Whether the standard or ONNX Runtime itself defines it.
  var isKnown: Bool { isStandard || domain == "com.microsoft" }
}

extension Onnx_TensorProto {
  /// Whole numbers: a vector, or a single one without axes.
  init(_ values: [Int], isScalar: Bool = false, name: String) {
    self.init()
    self.name = name
    dims = isScalar ? [] : [Int64(values.count)]
    dataType = ElementType.int64.rawValue
    int64Data = values.map(Int64.init)
  }
}
