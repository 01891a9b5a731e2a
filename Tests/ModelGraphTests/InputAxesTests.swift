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
