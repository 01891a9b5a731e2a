import ModelGraph
import OnnxRuntime
import TestSupport
import Testing

/// Operators that add and normalise and give the sum, too, as ONNX Runtime's optimiser writes streams that are normalised before each block.
@Suite struct `Normalised sums that are read` {
  private static let opsets = [13, 17, 20]

  /// y = x + f(norm(x + s)) and what the operator gives otherwise.
  private func proto(_ kind: String, opset: Int, hasBias: Bool, epsilon: Float?) -> Onnx_ModelProto {
    var random = WeightGenerator(seed: 3)
    var net = GraphBuilder(name: "skips", opset: opset)
    net.input("x", [nil, 3, 4])
    net.weight("w", [4, 4], random.floats(16))
    net.weight("v", [4, 4], random.floats(16))
    net.weight("scale", [4], random.floats(4))
    net.weight("shift", [4], random.floats(4))
    net.weight("bias", [4], random.floats(4))
    net.node("Relu", [net.node("MatMul", ["x", "w"], ["product"])], ["branch"])
    let inputs = ["x", "branch", "scale"] + (kind.contains("Simplified") ? [] : ["shift"]) + (hasBias ? ["bias"] : [])
    net.node(
      kind, inputs, ["normal", "", "", "sum"], epsilon.map { ["epsilon": .float($0)] } ?? [:], domain: "com.microsoft")
    net.node("Add", ["sum", net.node("MatMul", ["normal", "v"], ["inner"])], ["y"])
    net.output("y", [nil, 3, 4])
    net.output("normal", [nil, 3, 4])
    var proto = net.model
    var domain = Onnx_OperatorSetIdProto()
    (domain.domain, domain.version) = ("com.microsoft", 1)
    if !proto.opsetImport.contains(where: { $0.domain == domain.domain }) { proto.opsetImport.append(domain) }
    return proto
  }

  @Test(arguments: ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"], opsets)
  func `are a sum and a normalisation of it, with the same numbers`(_ kind: String, _ opset: Int) throws {
    let runtime = try TestRuntime.make()
    var random = WeightGenerator(seed: 4)
    for (hasBias, epsilon) in [(true, Float(0.1)), (false, nil), (true, nil)] {
      let proto = proto(kind, opset: opset, hasBias: hasBias, epsilon: epsilon)
      let bytes = try Model(proto: proto).serialized()
      let model = try Model(bytes: bytes, folder: nil)
      let operators = model.proto.graph.node.map(\.opType)
      #expect(operators.count { $0 == "Add" } == (hasBias ? 3 : 2) && !operators.contains(kind), "\(operators)")
      let input = try Tensor(runtime: runtime, shape: [2, 3, 4])
      for (place, value) in random.floats(24).enumerated() { input.floats[place] = value }
      let outputs = try [bytes, model.serialized()].map { bytes in
        try Session(runtime: runtime, model: bytes).run([input]).map { tensor in tensor.withFloats { Array($0) } }
      }
      for (joined, parted) in zip(outputs[0], outputs[1]) {
        for (a, b) in zip(joined, parted) { #expect(abs(a - b) <= 1e-5 * max(1, abs(a)), "\(kind) \(hasBias)") }
      }
      // What is lesioned in the sum is normalised, too.
      let cut = try model.cut(at: "sum", reading: "y")
      #expect(cut.sideInputs.isEmpty, "\(cut.sideInputs)")
    }
  }

  /// The sum of word and place, which streams begin with.
  @Test func `of embeddings are normalised from the sum`() throws {
    let runtime = try TestRuntime.make()
    var random = WeightGenerator(seed: 5)
    var net = GraphBuilder(name: "embedding", opset: 17)
    net.input("ids", [nil, 3], type: .int32)
    for (name, shape) in [("words", [7, 4]), ("places", [3, 4]), ("scale", [4]), ("shift", [4])] {
      net.weight(name, shape, random.floats(shape.reduce(1, *)))
    }
    net.node(
      "EmbedLayerNormalization", ["ids", "", "words", "places", "", "scale", "shift"], ["normal", "lengths", "sum"],
      domain: "com.microsoft")
    net.node("Add", ["sum", "normal"], ["y"])
    net.output("y", [nil, 3, 4])
    var proto = net.model
    var domain = Onnx_OperatorSetIdProto()
    (domain.domain, domain.version) = ("com.microsoft", 1)
    if !proto.opsetImport.contains(where: { $0.domain == domain.domain }) { proto.opsetImport.append(domain) }
    let bytes = try Model(proto: proto).serialized()
    let model = try Model(bytes: bytes, folder: nil)
    #expect(model.proto.graph.node.map(\.opType) == ["EmbedLayerNormalization", "LayerNormalization", "Add"])
    #expect(try model.cut(at: "sum", reading: "y").sideInputs.isEmpty)
    let ids = try Tensor(runtime: runtime, shape: [2, 3], elementType: ElementType.int32.rawValue)
    ids.bytes.withMemoryRebound(to: Int32.self) { numbers in
      for (place, id) in [Int32](arrayLiteral: 1, 6, 0, 3, 3, 5).enumerated() { numbers[place] = id }
    }
    let outputs = try [bytes, model.serialized()].map { bytes in
      try Session(runtime: runtime, model: bytes).run([ids])[0].withFloats { Array($0) }
    }
    for (a, b) in zip(outputs[0], outputs[1]) { #expect(abs(a - b) <= 1e-5 * max(1, abs(a))) }
  }

  @Test func `stay where nothing reads the sum`() throws {
    var proto = proto("SkipLayerNormalization", opset: 17, hasBias: true, epsilon: nil)
    let place = try #require(proto.graph.node.firstIndex { $0.opType == "SkipLayerNormalization" })
    proto.graph.node[place].output = ["normal"]
    for node in proto.graph.node.indices where proto.graph.node[node].opType == "Add" {
      proto.graph.node[node].input[0] = "normal"
    }
    let model = try Model(bytes: Model(proto: proto).serialized(), folder: nil)
    #expect(model.proto.graph.node.contains { $0.opType == "SkipLayerNormalization" })
  }
}
