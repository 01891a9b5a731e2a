internal import FoundationEssentials

/// Writes an ONNX model node by node: for phantoms, rewrites and tests.
///
/// Names are the caller's; the builder does not check that the graph is well formed, which is the runtime's work.
package struct GraphBuilder: Sendable {
  package private(set) var graph = Onnx_GraphProto()
  private let opset: Int64
  private let irVersion: Int64

  /// - Parameters:
  ///   - opset: version of the default operator set.
  ///   - irVersion: version of the ONNX format itself; 8 is read by every runtime since 2021.
  package init(name: String, opset: Int = 17, irVersion: Int = 8) {
    graph.name = name
    self.opset = Int64(opset)
    self.irVersion = Int64(irVersion)
  }

  /// Declares a graph input; a `nil` dimension is free and named `first` on axis 0 and `dimN` elsewhere.
  package mutating func input(_ name: String, _ dimensions: [Int?], type: ElementType = .float, first: String = "N") {
    graph.input.append(Self.valueInfo(name, dimensions, type, first: first))
  }

  /// Declares a graph output.
  package mutating func output(_ name: String, _ dimensions: [Int?], type: ElementType = .float) {
    graph.output.append(Self.valueInfo(name, dimensions, type))
  }

  /// Adds a float weight with its values in row-major order.
  package mutating func weight(_ name: String, _ dimensions: [Int], _ values: [Float]) {
    precondition(values.count == dimensions.reduce(1, *), "weight \(name): \(values.count) values for \(dimensions)")
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = dimensions.map(Int64.init)
    tensor.dataType = ElementType.float.rawValue
    tensor.rawData = unsafe values.withUnsafeBytes { unsafe Data($0) }
    graph.initializer.append(tensor)
  }

  /// Adds an int64 weight, as shapes and axes are given.
  package mutating func weight(_ name: String, _ dimensions: [Int], _ values: [Int64]) {
    precondition(values.count == dimensions.reduce(1, *), "weight \(name): \(values.count) values for \(dimensions)")
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = dimensions.map(Int64.init)
    tensor.dataType = ElementType.int64.rawValue
    tensor.rawData = unsafe values.withUnsafeBytes { unsafe Data($0) }
    graph.initializer.append(tensor)
  }

  /// Appends a node and returns its first output's name.
  @discardableResult
  package mutating func node(
    _ operatorType: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: Attribute] = [:],
    domain: String = "", name: String? = nil
  ) -> String {
    var node = Onnx_NodeProto()
    node.opType = operatorType
    node.input = inputs
    node.output = outputs
    node.name = name ?? outputs[0]
    node.domain = domain
    node.attribute = attributes.sorted { $0.key < $1.key }.map { $1.proto(named: $0) }
    graph.node.append(node)
    return outputs[0]
  }

  /// The finished model.
  package var model: Onnx_ModelProto {
    var operatorSet = Onnx_OperatorSetIdProto()
    operatorSet.version = opset
    var model = Onnx_ModelProto()
    model.irVersion = irVersion
    model.producerName = "nn-fmri"
    model.opsetImport = [operatorSet]
    model.graph = graph
    return model
  }

  /// A node attribute's value.
  package enum Attribute: Sendable {
    case int(Int)
    case ints([Int])
    case float(Float)
    case floats([Float])
    case string(String)
    case strings([String])
    case graph(Onnx_GraphProto)

    func proto(named name: String) -> Onnx_AttributeProto {
      var attribute = Onnx_AttributeProto()
      attribute.name = name
      switch self {
      case .int(let value):
        attribute.type = .int
        attribute.i = Int64(value)
      case .ints(let values):
        attribute.type = .ints
        attribute.ints = values.map(Int64.init)
      case .float(let value):
        attribute.type = .float
        attribute.f = value
      case .floats(let values):
        attribute.type = .floats
        attribute.floats = values
      case .string(let value):
        attribute.type = .string
        attribute.s = Data(value.utf8)
      case .strings(let values):
        attribute.type = .strings
        attribute.strings = values.map { Data($0.utf8) }
      case .graph(let value):
        attribute.type = .graph
        attribute.g = value
      }
      return attribute
    }
  }

  private static func valueInfo(
    _ name: String, _ dimensions: [Int?], _ type: ElementType, first: String = "N"
  ) -> Onnx_ValueInfoProto {
    var info = Onnx_ValueInfoProto()
    info.name = name
    info.type.tensorType.elemType = type.rawValue
    info.type.tensorType.shape.dim = dimensions.enumerated().map { axis, length in
      var dimension = Onnx_TensorShapeProto.Dimension()
      if let length {
        dimension.dimValue = Int64(length)
      } else {
        dimension.dimParam = axis == 0 ? first : "dim\(axis)"
      }
      return dimension
    }
    return info
  }
}
