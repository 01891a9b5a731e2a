internal import FoundationEssentials
import ModelGraph

extension Mutator {
  /// Operators whose attributes and inputs are looked at.
  private static let operators = [
    "Relu", "Add", "Conv", "ConvTranspose", "MatMul", "Gemm", "Reshape", "Transpose", "Concat", "Split", "Slice", "Gather",
    "GatherND", "Squeeze", "Unsqueeze", "Flatten", "Expand", "Tile", "Pad", "ReduceMean", "Softmax", "ArgMax", "TopK", "LSTM",
    "GRU", "RNN", "If", "Loop", "Scan", "Constant", "ConstantOfShape", "Shape", "Cast", "QuantizeLinear", "DequantizeLinear",
    "DynamicQuantizeLinear", "MatMulInteger", "Identity", "Dropout", "Einsum", "DepthToSpace", "Resize", "MaxPool",
    "LayerNormalization", "ZipMap", "Where", "Range", "",
  ]

  /// One to six changes of a network's messages.
  mutating func change(_ model: inout Onnx_ModelProto) {
    for _ in 0...below(6) {
      switch below(16) {
      case 0: model.irVersion = Int64(bitPattern: edge())
      case 1:
        if !model.opsetImport.isEmpty { model.opsetImport[0].version = Int64(bitPattern: edge()) }
      case 2: nest(&model)
      case 3: addFunction(to: &model)
      default: change(&model.graph, depth: 0)
      }
    }
  }

  private mutating func change(_ graph: inout Onnx_GraphProto, depth: Int) {
    let names = graph.node.flatMap { $0.input + $0.output } + graph.initializer.map(\.name) + ["", "x"]
    switch below(12) {
    case 0 where !graph.node.isEmpty: graph.node.remove(at: below(graph.node.count))
    case 1 where !graph.node.isEmpty: graph.node.insert(element(of: graph.node), at: below(graph.node.count))
    case 2 where !graph.node.isEmpty: graph.node.swapAt(below(graph.node.count), below(graph.node.count))
    case 3 where !graph.initializer.isEmpty: change(&graph.initializer[below(graph.initializer.count)], names)
    case 4 where !graph.initializer.isEmpty: graph.initializer.remove(at: below(graph.initializer.count))
    case 5 where !graph.input.isEmpty: change(&graph.input[below(graph.input.count)], names)
    case 6 where !graph.output.isEmpty: change(&graph.output[below(graph.output.count)], names)
    case 7 where !graph.output.isEmpty: graph.output.append(element(of: graph.output))
    default:
      guard !graph.node.isEmpty else { return }
      change(&graph.node[below(graph.node.count)], names, depth: depth)
    }
  }

  private mutating func change(_ node: inout Onnx_NodeProto, _ names: [String], depth: Int) {
    switch below(9) {
    // Names of others, its own among them, make cycles and tensors that are made twice.
    case 0, 1:
      if !node.input.isEmpty { node.input[below(node.input.count)] = element(of: names) }
    case 2:
      if !node.output.isEmpty { node.output[below(node.output.count)] = element(of: names) }
    case 3: node.input.append(element(of: names))
    case 4:
      if !node.input.isEmpty { node.input.removeLast() }
    case 5: node.opType = element(of: Self.operators)
    case 6: node.domain = element(of: ["", "ai.onnx", "ai.onnx.ml", "com.microsoft", "local"])
    case 7:
      if !node.attribute.isEmpty { node.attribute.remove(at: below(node.attribute.count)) }
    default:
      guard !node.attribute.isEmpty else {
        var attribute = Onnx_AttributeProto()
        attribute.name = element(of: ["axis", "axes", "perm", "pads", "group", "to", "value", "kernel_shape", "hidden_size"])
        change(&attribute, names, depth: depth)
        return node.attribute.append(attribute)
      }
      change(&node.attribute[below(node.attribute.count)], names, depth: depth)
    }
  }

  private mutating func change(_ attribute: inout Onnx_AttributeProto, _ names: [String], depth: Int) {
    if attribute.hasG, depth < 8, !isDrawn(oneIn: 4) { return change(&attribute.g, depth: depth + 1) }
    switch below(6) {
    case 0, 1: attribute.i = Int64(bitPattern: edge())
    case 2: attribute.ints = (0..<below(6)).map { _ in Int64(bitPattern: edge()) }
    case 3:
      if attribute.ints.isEmpty { attribute.ints = [1] }
      attribute.ints[below(attribute.ints.count)] = Int64(bitPattern: edge())
    case 4: attribute.type = element(of: [.int, .ints, .float, .string, .graph, .tensor, .undefined])
    default: change(&attribute.t, names)
    }
  }

  /// Shapes that are huge or negative, types that don't fit, weights elsewhere.
  private mutating func change(_ tensor: inout Onnx_TensorProto, _ names: [String]) {
    switch below(7) {
    case 0:
      if tensor.dims.isEmpty { tensor.dims = [1] }
      tensor.dims[below(tensor.dims.count)] = Int64(bitPattern: edge())
    case 1: tensor.dims.append(Int64(bitPattern: edge()))
    case 2: tensor.dataType = Int32(truncatingIfNeeded: isDrawn(oneIn: 2) ? UInt64(below(24)) : edge())
    case 3: tensor.name = element(of: names)
    case 4: tensor.rawData = isDrawn(oneIn: 2) ? tensor.rawData.prefix(below(16)) : tensor.rawData + tensor.rawData
    case 5: tensor.int64Data = (0..<below(4)).map { _ in Int64(bitPattern: edge()) }
    default:
      tensor.dataLocation = .external
      let places = ["nnfmri-fuzz-weights.bin", "../w.bin", "/dev/zero", "/dev/null", ".", "", "/dev/shm", "a\0b"]
      let numbers = ["\(Int64(bitPattern: edge()))", "\(edge())", "-1", "0", "1e9", "", "99999999999999999999999"]
      tensor.externalData = [("location", places), ("offset", numbers), ("length", numbers)].map { key, values in
        var entry = Onnx_StringStringEntryProto()
        (entry.key, entry.value) = (key, element(of: values))
        return entry
      }
    }
  }

  private mutating func change(_ info: inout Onnx_ValueInfoProto, _ names: [String]) {
    switch below(5) {
    case 0: info.name = element(of: names)
    case 1: info.type.tensorType.elemType = Int32(below(24))
    case 2: info.type.tensorType.shape.dim.removeAll()
    case 3:
      var dimension = Onnx_TensorShapeProto.Dimension()
      dimension.dimParam = element(of: ["", "batch", "N", "seq"])
      info.type.tensorType.shape.dim.append(dimension)
    default:
      let rank = info.type.tensorType.shape.dim.count
      if rank > 0 { info.type.tensorType.shape.dim[below(rank)].dimValue = Int64(bitPattern: edge()) }
    }
  }

  /// Puts the graph into itself, up to some dozens deep.
  private mutating func nest(_ model: inout Onnx_ModelProto) {
    let whole = model.graph
    guard let output = whole.node.last?.output.first else { return }
    for _ in 0...below(isDrawn(oneIn: 8) ? 60 : 3) {
      var node = Onnx_NodeProto()
      (node.opType, node.input, node.output) = ("If", [element(of: whole.node.flatMap(\.output))], [output])
      node.attribute = ["then_branch", "else_branch"].prefix(1 + below(2)).map { name in
        var attribute = Onnx_AttributeProto()
        (attribute.name, attribute.type) = (name, .graph)
        attribute.g = name == "then_branch" ? model.graph : whole
        return attribute
      }
      model.graph = whole
      model.graph.node[whole.node.count - 1] = node
    }
  }

  /// A function that calls itself, or another that calls it.
  private mutating func addFunction(to model: inout Onnx_ModelProto) {
    var call = Onnx_NodeProto()
    (call.opType, call.domain, call.input, call.output) = (element(of: ["F", "G"]), "local", ["i"], ["o"])
    var function = Onnx_FunctionProto()
    (function.name, function.domain, function.input, function.output) = (element(of: ["F", "G"]), "local", ["i"], ["o"])
    function.node = [call]
    model.functions.append(function)
    guard !model.graph.node.isEmpty else { return }
    let place = below(model.graph.node.count)
    (model.graph.node[place].opType, model.graph.node[place].domain) = (call.opType, "local")
  }
}
