import Testing

@testable import ModelGraph

@Suite struct `The axes of inputs` {
  /// `nil` is a free axis without a name.
  private func ports(_ inputs: [(String, [String?])]) -> [Port] {
    var graph = Onnx_GraphProto()
    graph.input = inputs.map { name, shape in
      Onnx_ValueInfoProto(
        name: name, elementType: .float,
        dimensions: shape.map { length in
          guard let length else { return .unknown }
          return Int(length).map(Dimension.fixed) ?? .named(length)
        })
    }
    var proto = Onnx_ModelProto()
    proto.graph = graph
    return Model(proto: proto).inputs
  }

  @Test(
    arguments: [
      ([("x", ["N", "3"])], [0]), ([("x", ["T", "batch", "40"])], [1]),
      ([("x", ["seq", "N"]), ("mask", ["N", "seq"])], [1, 0]),
      ([("x", ["b", "5"]), ("state", ["2", "b", "8"])], [0, 1]),
      ([("x", ["items", "5"]), ("state", ["1", "items", "8"])], [0, 1]),
      ([("x", ["1", "16000"]), ("sr", [])], [0, nil]), ([("x", ["1", "16000"]), ("flag", ["1"])], [0, nil]),
      ([("x", ["2", nil, "3"])], [1]), ([("x", ["3", "4"])], [nil]), ([("x", ["1", "T"])], [0]),
    ] as [([(String, [String?])], [Int?])])
  func `count stimuli where the declaration says so`(inputs: [(String, [String?])], axes: [Int?]) {
    #expect(ports(inputs).map(\.batchAxis) == axes)
  }

  /// A recurrent operator behind what is declared, and the batch axis.
  @Test(
    arguments: [
      (["s77", "s27", "3"], [], nil, 1), (["seq_len", "samples", "3"], [], nil, 1), (["n", "m", "3"], [], nil, 1),
      (["?", "?", "3"], [], nil, 1), (["T", "batch", "3"], [], nil, 1), (["batch", "seq", "3"], [], nil, 0),
      (["s77", "s27", "3"], [], [1, 0, 2], 0), (["s77", "s27", "3"], ["MatMul", "Add", "Relu"], nil, 1),
      (["s77", "s27", "3"], ["Relu", "MatMul"], [1, 0, 2], 0), (["s77", "s27"], ["Gather"], nil, 1),
      (["1", "5", "3"], [], nil, 0), (["5", "1", "3"], [], nil, 1), (["s77", "s27", "3"], ["Softmax"], nil, 0),
    ] as [([String], [String], [Int]?, Int)])
  func `are those of the recurrent operator that runs along an input`(
    shape: [String], operators: [String], order: [Int]?, axis: Int
  ) {
    var net = GraphBuilder(name: "sequence")
    net.input("x", shape.map { _ in nil })
    func weight(_ name: String, _ shape: [Int]) -> String {
      net.weight(name, shape, [Float](repeating: 0.5, count: shape.reduce(1, *)))
      return name
    }
    var tensor = "x"
    for (number, name) in operators.enumerated() {
      let weights = weight("w\(number)", name == "Add" ? [3] : [3, 3])
      let inputs = ["MatMul", "Add"].contains(name) ? [tensor, weights] : name == "Gather" ? [weights, tensor] : [tensor]
      tensor = net.node(name, inputs, ["t\(number)"])
    }
    if let order { tensor = net.node("Transpose", [tensor], ["turned"], ["perm": .ints(order)]) }
    net.node("LSTM", [tensor, weight("w", [1, 16, 3]), weight("r", [1, 16, 4])], ["y"], ["hidden_size": .int(4)])
    net.output("y", [nil, 1, nil, 4])
    var proto = net.model
    proto.graph.input[0] = Onnx_ValueInfoProto(
      name: "x", elementType: .float,
      dimensions: shape.map { $0 == "?" ? .unknown : Int($0).map(Dimension.fixed) ?? .named($0) })
    let port = Model(proto: proto).inputs[0]
    #expect(port.batchAxis == axis)
    #expect(port.axisTakenForTime == (shape[0] == "batch" ? 0 : nil))
    #expect(!port.isState)
  }

  @Test(
    arguments: [
      ("past_key_values.0.key", ["batch", "2", "past", "8"], true), ("cache_len", ["batch"], true),
      ("state", ["2", "1", "64"], true), ("decoder.h0", ["2", "batch", "64"], true), ("h", ["2", "batch", "64"], true),
      ("state", ["batch", "4"], false), ("c", ["batch", "10"], false), ("encoder_hidden_states", ["batch", "T", "8"], false),
      ("state", ["2", "batch", "T"], false), ("image", ["batch", "3", "8", "8"], false), ("search", ["2", "batch", "4"], false),
    ] as [(String, [String?], Bool)])
  func `start as zeros only where they are states or caches`(name: String, shape: [String?], isState: Bool) {
    #expect(ports([("x", ["batch", "3"]), (name, shape)])[1].isState == isState)
  }
}
