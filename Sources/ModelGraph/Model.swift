/// An ONNX model: a graph of operators, its weights, and the folder where external weight files lie.
///
/// A value: rewrites return new models that share the weights' memory with the old one.
package struct Model: Sendable {
  package let proto: Onnx_ModelProto

  /// Where external weight files lie; `nil` for a model without a place on disk.
  package let folder: String?

  /// What messages call the model: its file's name.
  package let label: String

  /// Where the model's own file lies, from `folder`: its name, unless links led elsewhere.
  let ownLocation: String

  /// Who makes and who reads each tensor.
  package let index: GraphIndex

  /// Cost: one pass over the graph; weights are not copied.
  package init(proto: Onnx_ModelProto, folder: String? = nil, label: String = "model") {
    self.init(proto: proto, folder: folder, label: label, ownLocation: label)
  }

  init(proto: Onnx_ModelProto, folder: String?, label: String, ownLocation: String) {
    self.proto = proto
    self.folder = folder
    self.label = label
    self.ownLocation = ownLocation
    index = GraphIndex(proto.graph)
  }

  /// What the user feeds: the graph's inputs without the weights that formats older than IR 4, or models with
  /// replaceable weights, list among them.
  package var inputs: [Port] { inputPorts(reading: nil) }

  /// The same, where one tensor is read; `nil` for all outputs. An input that it doesn't depend on isn't read.
  ///
  /// Cost: a walk over the graph, and over its recurrent operators.
  package func inputPorts(reading tensor: String?) -> [Port] {
    let read = tensor.map { [$0] } ?? proto.graph.output.map(\.name)
    let needed = read.isEmpty ? nil : tensorsNeeded(for: read)
    let ports = proto.graph.input.filter { !index.isWeight($0.name) }.map(Port.init)
    let axes = InputAxes(ports, of: self)
    let channels = InputChannels(model: self)
    return ports.map { port in
      var port = port
      port.batchAxis = axes.batchAxis(of: port)
      port.isBatchCertain = axes.isBatchCertain(of: port)
      port.axisTakenForTime = axes.axisTakenForTime(of: port)
      port.isState = axes.isState(port)
      port.isFlag = InputAxes.isFlag(port)
      port.channelAxis = channels.axis(of: port)
      port.isRead = needed?.contains(port.name) ?? true
      return port
    }
  }

  /// The tensors and all that they are made from.
  private func tensorsNeeded(for tensors: [String]) -> Set<String> {
    var needed = Set(tensors)
    for (node, isNeeded) in index.ancestors(of: tensors.compactMap { index.numbers[$0] }).enumerated() where isNeeded {
      for tensor in index.reads[node] { needed.insert(index.names[tensor]) }
    }
    return needed
  }

  package var outputs: [Port] {
    proto.graph.output.map(Port.init)
  }

  /// The version of the default operator set; 1 where none is declared.
  package var opset: Int {
    Int(proto.opsetImport.first { $0.domain.isEmpty || $0.domain == "ai.onnx" }?.version ?? 1)
  }

  /// The same model around another graph. Operator sets stay; functions stay where the graph still calls them.
  ///
  /// Formats older than IR 4 demand that weights be listed as inputs; the copy is lifted to IR 4, which does not.
  ///
  /// - Parameter opsets: the operator sets that it needs; `nil` for the model's.
  func replacingGraph(_ graph: Onnx_GraphProto, opsets: [Onnx_OperatorSetIdProto]? = nil) -> Model {
    var copy = Onnx_ModelProto()
    copy.irVersion = max(proto.irVersion, 4)
    copy.producerName = proto.producerName
    copy.producerVersion = proto.producerVersion
    copy.opsetImport = opsets ?? proto.opsetImport
    copy.functions = Self.functions(proto.functions, calledFrom: graph)
    copy.graph = graph
    return Model(proto: copy, folder: folder, label: label, ownLocation: ownLocation)
  }

  private static func functions(
    _ functions: [Onnx_FunctionProto], calledFrom graph: Onnx_GraphProto
  ) -> [Onnx_FunctionProto] {
    guard !functions.isEmpty else { return [] }
    var called: Set<String> = []
    func visit(_ nodes: [Onnx_NodeProto]) {
      for node in nodes {
        for function in functions
        where function.name == node.opType && function.domain == node.domain
          && called.insert("\(function.domain)/\(function.name)/\(function.overload)").inserted
        {
          visit(function.node)
        }
        for body in node.subgraphs { visit(body.node) }
      }
    }
    visit(graph.node)
    return functions.filter { called.contains("\($0.domain)/\($0.name)/\($0.overload)") }
  }
}

extension Onnx_NodeProto {
  /// The bodies of If, Loop and Scan.
  var subgraphs: [Onnx_GraphProto] {
    attribute.flatMap { ($0.hasG ? [$0.g] : []) + $0.graphs }
  }

  /// Whether the operator is one of the standard, whose meaning is known here.
  var isStandard: Bool { domain.isEmpty || domain == "ai.onnx" }

  func attribute(_ name: String) -> Onnx_AttributeProto? {
    attribute.first { $0.name == name }
  }

  func integer(_ name: String) -> Int? {
    attribute(name).map { Int($0.i) }
  }

  /// The element type that an attribute names by its number; none that is known where the number is out of range.
  func elementType(_ name: String) -> ElementType? {
    integer(name).map { ElementType(rawValue: Int32(clamping: $0)) }
  }

  func integers(_ name: String) -> [Int]? {
    attribute(name).map { $0.ints.map(Int.init) }
  }

  /// The name of the input in a position, `nil` where it is left out.
  func input(at position: Int) -> String? {
    position < input.count && !input[position].isEmpty ? input[position] : nil
  }
}
