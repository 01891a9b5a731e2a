internal import FoundationEssentials
import ModelGraph

/// Small networks of many kinds, as messages of the ONNX format.
enum ModelSeeds {
  static let all: [Onnx_ModelProto] = [convolutions, attention, recurrent, branches, quantized, labels, external]

  private static func weights(_ count: Int) -> [Float] { (0..<count).map { Float($0 * 37 % 19 - 9) / 10 } }

  private static func add(_ net: inout GraphBuilder, _ name: String, _ shape: Int...) -> String {
    net.weight(name, shape, weights(shape.reduce(1, *)))
    return name
  }

  private static func whole(_ net: inout GraphBuilder, _ name: String, _ values: Int64...) -> String {
    net.weight(name, [values.count], values)
    return name
  }

  /// With a skip, a normalisation and a batch of 1 baked into its input and a Reshape.
  private static let convolutions: Onnx_ModelProto = {
    var net = GraphBuilder(name: "convolutions")
    net.input("x", [1, 2, 6, 6])
    let pads: [String: GraphBuilder.Attribute] = ["pads": .ints([1, 1, 1, 1])]
    net.node("Conv", ["x", add(&net, "w", 4, 2, 3, 3)], ["a"], pads)
    net.node(
      "BatchNormalization", ["a", add(&net, "g", 4), add(&net, "b", 4), add(&net, "m", 4), add(&net, "one", 4)], ["n"])
    net.node("Relu", ["n"], ["r"])
    net.node("Conv", ["r", add(&net, "v", 4, 4, 3, 3)], ["c"], pads)
    net.node("Add", ["c", "r"], ["s"])
    net.node("GlobalAveragePool", ["s"], ["p"])
    net.node("Reshape", ["p", whole(&net, "to", 1, 4)], ["f"])
    net.node("Gemm", ["f", add(&net, "u", 4, 3)], ["l"])
    net.node("Softmax", ["l"], ["y"], ["axis": .int(-1)])
    net.output("y", [1, 3])
    return net.model
  }()

  private static let attention: Onnx_ModelProto = {
    var net = GraphBuilder(name: "attention")
    net.input("ids", [nil, 5], type: .int64)
    net.node("Gather", [add(&net, "table", 7, 8), "ids"], ["e"])
    var heads: [String] = []
    for (name, order) in [("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])] {
      net.node("MatMul", ["e", add(&net, "w" + name, 8, 8)], [name])
      net.node("Reshape", [name, whole(&net, "to" + name, 0, 5, 2, 4)], [name + "s"])
      heads.append(net.node("Transpose", [name + "s"], [name + "h"], ["perm": .ints(order)]))
    }
    net.node("MatMul", [heads[0], heads[1]], ["scores"])
    net.node("Softmax", ["scores"], ["weights"], ["axis": .int(-1)])
    net.node("MatMul", ["weights", heads[2]], ["mixed"])
    net.node("Transpose", ["mixed"], ["merged"], ["perm": .ints([0, 2, 1, 3])])
    net.node("Shape", ["e"], ["shape"])
    net.node("Reshape", ["merged", "shape"], ["joined"])
    net.node("Add", ["joined", "e"], ["sum"])
    net.node("LayerNormalization", ["sum", add(&net, "scale", 8)], ["normal"])
    net.node("MatMul", ["normal", add(&net, "head", 8, 3)], ["logits"])
    net.output("logits", [nil, 5, 3])
    return net.model
  }()

  private static let recurrent: Onnx_ModelProto = {
    var net = GraphBuilder(name: "recurrent")
    net.input("x", [nil, 4, 3])
    net.input("h0", [1, nil, 2])
    net.node("Transpose", ["x"], ["t"], ["perm": .ints([1, 0, 2])])
    net.node("GRU", ["t", add(&net, "w", 1, 6, 3), add(&net, "r", 1, 6, 2), "", "", "h0"], ["y", "h"], ["hidden_size": .int(2)])
    net.node("Squeeze", ["h", whole(&net, "axis", 0)], ["s"])
    net.node("Tanh", ["s"], ["a"])
    net.node("MatMul", ["a", add(&net, "u", 2, 3)], ["logits"])
    net.output("logits", [nil, 3])
    net.output("y", [4, 1, nil, 2])
    return net.model
  }()

  /// An If in an If, and a Loop that captures.
  private static let branches: Onnx_ModelProto = {
    func branch(_ name: String, _ operatorType: String, inner: Onnx_GraphProto? = nil) -> Onnx_GraphProto {
      var body = GraphBuilder(name: name)
      body.node(operatorType, ["a"], [name + "_a"])
      if let inner {
        body.node("If", ["c"], [name + "_o"], ["then_branch": .graph(inner), "else_branch": .graph(inner)])
      } else {
        body.node("Identity", [name + "_a"], [name + "_o"])
      }
      body.output(name + "_o", [nil, 4])
      return body.graph
    }
    var net = GraphBuilder(name: "branches")
    net.input("x", [nil, 4])
    net.node("Relu", ["x"], ["a"])
    net.node("Shape", ["x"], ["shape"])
    net.node("Gather", ["shape", whole(&net, "second", 1)], ["width"])
    net.node("Equal", ["width", whole(&net, "four", 4)], ["c"])
    let inner = branch("inner", "Neg")
    net.node(
      "If", ["c"], ["b"],
      ["then_branch": .graph(branch("then", "Sigmoid", inner: inner)), "else_branch": .graph(branch("else", "Tanh"))])
    var body = GraphBuilder(name: "body")
    body.input("i", [], type: .int64)
    body.input("go", [], type: .bool)
    body.input("state", [nil, 4])
    body.node("Identity", ["go"], ["on"])
    body.node("Add", ["state", "a"], ["next"])
    body.output("on", [], type: .bool)
    body.output("next", [nil, 4])
    net.node("Loop", [whole(&net, "three", 3), "", "b"], ["looped"], ["body": .graph(body.graph)])
    net.node("MatMul", ["looped", add(&net, "u", 4, 3)], ["logits"])
    net.output("logits", [nil, 3])
    return net.model
  }()

  private static let quantized: Onnx_ModelProto = {
    var net = GraphBuilder(name: "quantized")
    net.input("x", [nil, 6])
    net.weight("scale", [], [Float(0.1)])
    net.node("Cast", [whole(&net, "zero_wide", 3)], ["zeros"], ["to": .int(2)])
    net.node("Squeeze", ["zeros"], ["zero"])
    net.node("QuantizeLinear", ["x", "scale", "zero"], ["q"])
    net.node("QuantizeLinear", [add(&net, "w", 6, 4), "scale", "zero"], ["qw"])
    net.node("QLinearMatMul", ["q", "scale", "zero", "qw", "scale", "zero", "scale", "zero"], ["m"])
    net.node("DequantizeLinear", ["m", "scale", "zero"], ["d"])
    net.node("Cast", ["d"], ["h"], ["to": .int(10)])
    net.node("Relu", ["h"], ["r"])
    net.node("Cast", ["r"], ["logits"], ["to": .int(1)])
    net.output("logits", [nil, 4])
    return net.model
  }()

  /// A decision first, then probabilities.
  private static let labels: Onnx_ModelProto = {
    var net = GraphBuilder(name: "labels")
    net.input("x", [nil, 4])
    net.node("MatMul", ["x", add(&net, "w", 4, 6)], ["a"])
    net.node("Relu", ["a"], ["b"])
    net.node("Split", ["b"], ["left", "right"], ["axis": .int(1)])
    net.node("Concat", ["right", "left"], ["turned"], ["axis": .int(1)])
    net.node("Slice", ["turned", whole(&net, "from", 0), whole(&net, "till", 3), whole(&net, "along", 1)], ["scores"])
    net.node("Softmax", ["scores"], ["probabilities"])
    net.node("ArgMax", ["probabilities"], ["label"], ["axis": .int(1), "keepdims": .int(0)])
    net.output("label", [nil], type: .int64)
    net.output("probabilities", [nil, 3])
    return net.model
  }()

  /// Weights in a file of their own, which isn't there.
  private static let external: Onnx_ModelProto = {
    var model = labels
    var location = Onnx_StringStringEntryProto()
    (location.key, location.value) = ("location", "nnfmri-fuzz-weights.bin")
    var offset = Onnx_StringStringEntryProto()
    (offset.key, offset.value) = ("offset", "0")
    var length = Onnx_StringStringEntryProto()
    (length.key, length.value) = ("length", "96")
    model.graph.initializer[0].rawData = Data()
    model.graph.initializer[0].dataLocation = .external
    model.graph.initializer[0].externalData = [location, offset, length]
    return model
  }()
}
