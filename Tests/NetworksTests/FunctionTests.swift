import ModelGraph
import OnnxRuntime
import TestSupport
import Testing

@Suite struct `Functions that a model brings` {
  /// y = twice(x) @ o, where twice is a residual block whose branch calls another function two times, with a slope of its own, the
  /// default one, and an input that may be absent.
  private static func model(_ change: (inout Onnx_ModelProto) -> Void = { _ in }) throws -> Model {
    var slope = Onnx_AttributeProto()
    (slope.name, slope.refAttrName, slope.type) = ("alpha", "slope", .float)
    var leaky = node("LeakyRelu", ["a"], ["b"], name: "leaky")
    leaky.attribute = [slope]
    var standard = Onnx_AttributeProto()
    (standard.name, standard.f, standard.type) = ("slope", 0.25, .float)
    var inner = function(
      "Inner", ["X", "W", "B"], ["Y"],
      [node("MatMul", ["X", "W"], ["a"]), leaky, node("Identity", ["b"], ["Y"])])
    inner.attributeProto = [standard]

    var own = node("Inner", ["X", "W"], ["h"], domain: "my", name: "first")
    var given = Onnx_AttributeProto()
    (given.name, given.f, given.type) = ("slope", 0.5, .float)
    own.attribute = [given]
    let twice = function(
      "Twice", ["X", "W"], ["Y"],
      [
        own, node("Inner", ["h", "W", ""], ["k"], domain: "my", name: "second"), node("Add", ["X", "k"], ["Y"]),
      ])

    var net = GraphBuilder(name: "functions", opset: 17, irVersion: 10)
    net.input("x", [nil, 2])
    net.weight("w", [2, 2], [Float](arrayLiteral: 1, -2, 3, 0.5))
    net.weight("o", [2, 2], [Float](arrayLiteral: 1, 2, 3, 4))
    net.node("MatMul", ["h", "o"], ["y"])
    net.output("y", [nil, 2])
    var proto = net.model
    proto.graph.node.insert(node("Twice", ["x", "w"], ["h"], domain: "my", name: "block"), at: 0)
    proto.opsetImport.append(opset("my", 1))
    proto.functions = [inner, twice]
    change(&proto)
    return try Model(bytes: Model(proto: proto).serialized(), folder: nil)
  }

  private static func node(
    _ type: String, _ inputs: [String], _ outputs: [String], domain: String = "", name: String = ""
  ) -> Onnx_NodeProto {
    var node = Onnx_NodeProto()
    (node.opType, node.input, node.output, node.domain, node.name) = (type, inputs, outputs, domain, name)
    return node
  }

  private static func function(
    _ name: String, _ inputs: [String], _ outputs: [String], _ nodes: [Onnx_NodeProto]
  ) -> Onnx_FunctionProto {
    var function = Onnx_FunctionProto()
    (function.name, function.domain, function.input, function.output) = (name, "my", inputs, outputs)
    function.node = nodes
    function.opsetImport = [opset("", 17), opset("my", 1)]
    return function
  }

  private static func opset(_ domain: String, _ version: Int64) -> Onnx_OperatorSetIdProto {
    var opset = Onnx_OperatorSetIdProto()
    (opset.domain, opset.version) = (domain, version)
    return opset
  }

  @Test func `are scanned inside, under the names of their calls`() throws {
    let model = try Self.model()
    #expect(model.proto.functions.isEmpty)
    #expect(
      model.layerCandidates().map(\.tensor) == [
        "block/first/a", "block/first/b", "block/h", "block/second/a", "block/second/b", "block/k", "h",
      ])
    let slopes = model.proto.graph.node.filter { $0.opType == "LeakyRelu" }.map { $0.attribute.map(\.f) }
    #expect(slopes == [[0.5], [0.25]])
  }

  @Test func `compute what ONNX Runtime makes of the calls`() throws {
    let runtime = try TestRuntime.make()
    var called = try Self.model().proto
    let inlined = try Session(runtime: runtime, model: Model(proto: called).serialized())
    called = try Self.model { $0.functions[1].opsetImport[0].version -= 1 }.proto
    #expect(called.functions.count == 2)
    let session = try Session(runtime: runtime, model: Model(proto: called).serialized())
    let x = try Tensor(runtime: runtime, shape: [3, 2])
    for (place, value) in [Float(1), -2, 0.5, 3, -1, -4].enumerated() { x.floats[place] = value }
    #expect(try Array(inlined.run([x])[0].floats) == Array(session.run([x])[0].floats))
  }

  @Test func `stay calls where they are without end or of another version`() throws {
    let endless = try Self.model { model in
      for place in 0..<2 { model.functions[0].node[place] = Self.node("Inner", ["X", "W"], ["n\(place)"], domain: "my") }
    }
    #expect(endless.proto.graph.node.contains { $0.opType == "Inner" })
    let other = try Self.model { $0.functions[1].opsetImport[0].version -= 1 }
    #expect(other.layerCandidates().map(\.tensor) == ["h"])
  }
}
