import ModelGraph
import Testing

extension Onnx_GraphProto {
  fileprivate var inputNames: [String] { input.map(\.name) }
  fileprivate var outputNames: [String] { output.map(\.name) }
  fileprivate var made: Set<String> { Set(node.flatMap(\.output)) }

  /// Names that are read and neither fed, nor stored, nor made.
  fileprivate var unresolved: Set<String> {
    let defined = made.union(inputNames).union(initializer.map(\.name))
    return Set(node.flatMap(\.input)).union(outputNames).subtracting(defined).subtracting([""])
  }
}

@Suite struct `Cutting a graph` {
  @Test func `splits its operators between prefix and suffix, and shares nothing but constants`() throws {
    let model = Networks.residual(blocks: 2)
    for candidate in model.layerCandidates() {
      let cut = try model.cut(at: candidate.tensor, reading: "logits")
      let prefix = cut.prefix.proto.graph
      let suffix = cut.suffix.proto.graph
      #expect(prefix.made.isDisjoint(with: suffix.made), "\(candidate.tensor)")
      #expect(prefix.node.count + suffix.node.count == model.proto.graph.node.count, "\(candidate.tensor)")
      #expect(suffix.inputNames == [candidate.tensor] + cut.sideInputs.map(\.name))
      #expect(prefix.outputNames == suffix.inputNames)
      #expect(suffix.outputNames == ["logits"])
      #expect(prefix.unresolved.isEmpty && suffix.unresolved.isEmpty, "\(candidate.tensor)")
    }
  }

  @Test func `at a block's end leaves no side input, inside a block the skip`() throws {
    let model = Networks.residual(blocks: 2)
    #expect(try model.cut(at: "b0_out", reading: "logits").sideInputs.isEmpty)
    #expect(
      try model.cut(at: "b0_inner", reading: "logits").sideInputs
        == [SideInput(name: "stem_relu", elementType: .float, dependsOnData: true)])
  }

  @Test func `keeps only the weights that each half reads`() throws {
    let cut = try Networks.residual(blocks: 2).cut(at: "b1_out", reading: "logits")
    #expect(cut.suffix.proto.graph.initializer.count == 2)
    #expect(
      cut.prefix.proto.graph.initializer.count + 2 == Networks.residual(blocks: 2).proto.graph.initializer.count)
  }

  @Test func `declares inputs of any shape, and shapes where they are given`() throws {
    let model = Networks.residual(blocks: 1)
    let free = try model.cut(at: "b0_inner", reading: "logits").suffix
    #expect(free.inputs.map(\.dimensions) == [nil, nil])
    let shaped = try model.cut(
      at: "b0_inner", reading: "logits", shapes: ["b0_inner": [.named("N"), .fixed(8), .fixed(8), .fixed(8)]]
    ).suffix
    #expect(shaped.inputs[0].dimensions?.count == 4)
  }

  /// Constants made by nodes feed both sides; a shape of the input feeds the suffix.
  private func constantsAndShapes() -> Model {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.builder.weight("dims", [1], [Int64(4)])
    net.add("ConstantOfShape", "dims", to: "made")
    net.add("Neg", "made", to: "made_negative")
    net.add("Mul", "x", "made_negative", to: "h")
    net.add("Relu", "h", to: "t")
    net.add("Shape", "x", to: "shape")
    net.add("Add", "t", "made_negative", to: "sum")
    net.add("Reshape", "sum", "shape", to: "y")
    net.builder.output("y", [nil, 4])
    return net.model
  }

  @Test func `copies constants made by operators into the suffix and hands shapes over as such`() throws {
    let cut = try constantsAndShapes().cut(at: "t", reading: "y")
    #expect(cut.sideInputs == [SideInput(name: "shape", elementType: .int64, dependsOnData: false)])
    #expect(cut.suffix.proto.graph.made.isSuperset(of: ["made", "made_negative"]))
    #expect(cut.suffix.proto.graph.unresolved.isEmpty)
  }

  @Test func `counts what bodies read outside as read by their operator`() throws {
    var then = GraphBuilder(name: "then")
    then.node("Mul", ["h", "skip"], ["then_y"])
    then.output("then_y", [nil, 4])
    var otherwise = GraphBuilder(name: "otherwise")
    otherwise.node("Add", ["h", "constant"], ["else_y"])
    otherwise.output("else_y", [nil, 4])
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.builder.input("flag", [], type: .bool)
    net.builder.weight("constant", [1], [Float(1)])
    net.add("Neg", "x", to: "h")
    net.add("Relu", "x", to: "skip")
    net.add(
      "If", "flag", to: "y", ["then_branch": .graph(then.graph), "else_branch": .graph(otherwise.graph)])
    net.builder.output("y", [nil, 4])

    let cut = try net.model.cut(at: "h", reading: "y")
    #expect(
      cut.sideInputs == [
        SideInput(name: "flag", elementType: .bool, dependsOnData: true),
        SideInput(name: "skip", elementType: .float, dependsOnData: true),
      ])
    #expect(cut.suffix.proto.graph.initializer.map(\.name) == ["constant"])
    #expect(cut.prefix.inputs.map(\.name) == ["x", "flag"])
  }

  @Test func `works at a tensor that is an output itself, and at the one that is read`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.add("Relu", "x", to: "features")
    net.add("MatMul", "features", net.weight(), to: "y")
    net.builder.output("features", [nil, 4])
    net.builder.output("y", [nil, 2])
    let cut = try net.model.cut(at: "features", reading: "y")
    #expect(cut.suffix.proto.graph.outputNames == ["y"])
    #expect(cut.suffix.proto.graph.inputNames == ["features"])

    let nothing = try net.model.cut(at: "y", reading: "y")
    #expect(nothing.suffix.proto.graph.node.isEmpty)
    #expect(nothing.isAffine)
  }

  @Test func `lifts old formats so that weights need not be inputs`() throws {
    var net = Networks.Writer(opset: 7, irVersion: 3)
    net.builder.input("data:0", [1, 4])
    net.builder.input("w1", [1])
    net.add("Mul", "data:0", net.weight(), to: "a/b c:0")
    net.add("Relu", "a/b c:0", to: "y")
    net.builder.output("y", [1, 4])
    let cut = try net.model.cut(at: "a/b c:0", reading: "y")
    #expect(cut.suffix.proto.irVersion == 4)
    #expect(cut.suffix.proto.opsetImport == net.model.proto.opsetImport)
    #expect(cut.prefix.inputs.map(\.name) == ["data:0"])
    #expect(cut.prefix.proto.graph.inputNames == ["data:0"])
  }

  @Test func `takes probed element types over its own`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.builder.node("Strange", ["x"], ["side"], domain: "vendor")
    net.add("Relu", "x", to: "t")
    net.builder.node("Mix", ["t", "side"], ["y"], domain: "vendor")
    net.builder.output("y", [nil, 4])
    #expect(try net.model.cut(at: "t", reading: "y").sideInputs[0].elementType == .float)
    #expect(
      try net.model.cut(at: "t", reading: "y", types: ["side": .int32]).sideInputs[0].elementType == .int32)
  }

  @Test func `refuses constants, strangers and tensors beside the way`() {
    let model = constantsAndShapes()
    let attempts: [(tensor: String, reason: String)] = [
      ("made", "does not depend on the model's inputs"), ("nowhere", "not found"), ("shape", "does not depend on"),
    ]
    for attempt in attempts {
      #expect {
        try model.cut(at: attempt.tensor, reading: "y")
      } throws: { error in
        "\(error)".contains(attempt.reason)
      }
    }
    #expect(throws: ModelGraphError.self) { try Networks.residual(blocks: 1).cut(at: "logits", reading: "b0_out") }
  }

  @Test func `exposing drops the inputs that are not needed`() {
    let model = Networks.transformer(layers: 1, normalisesFirst: true)
    #expect(model.exposing(["stream"]).inputs.map(\.name) == ["tokens"])
    #expect(model.exposing(["bias", "stream"]).inputs.map(\.name) == ["tokens", "mask"])
    #expect(model.exposing(["bias", "stream"]).outputs.map(\.name) == ["bias", "stream"])
  }
}

@Suite struct `A suffix` {
  @Test func `is affine from the last activation on`() throws {
    let model = Networks.residual(blocks: 1)
    #expect(try model.cut(at: "b0_out", reading: "logits").isAffine)
    #expect(try model.cut(at: "b0_sum", reading: "logits").firstNonlinearOperator == "Relu b0_out")
  }

  /// The operator between t and y; `t`, `t2` follow from t, `s` does not.
  @Test(arguments: [
    ("Mul", ["t", "s"], true), ("Mul", ["t", "t2"], false), ("Mul", ["t", "t"], false), ("Div", ["t", "s"], true),
    ("Div", ["s", "t"], false), ("MatMul", ["t", "s"], true), ("MatMul", ["t", "t2"], false),
    ("Sub", ["s", "t"], true),
    ("Add", ["t", "t2"], true), ("Gather", ["t", "s"], true), ("Gather", ["s", "t"], false),
    ("Where", ["s", "t", "t2"], true), ("Where", ["t", "s", "s"], false), ("MaxPool", ["t"], false),
    ("AveragePool", ["t"], true), ("Reshape", ["t", "s"], true), ("Reshape", ["s", "t"], false),
    ("LayerNormalization", ["t", "s"], false), ("Concat", ["t", "s", "t2"], true), ("Conv", ["t", "s"], true),
    ("Gemm", ["t", "s", "t2"], true), ("Gemm", ["t", "t2", "s"], false),
  ])
  func `knows which operators are affine in which inputs`(type: String, inputs: [String], isAffine: Bool) throws {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.add("Relu", "x", to: "t")
    net.add("Neg", "x", to: "s")
    net.add("Neg", "t", to: "t2")
    net.builder.node(type, inputs, ["z"])
    net.add("Add", "z", "t2", to: "y")
    net.builder.output("y", [nil, 4])
    #expect(try net.model.cut(at: "t", reading: "y").isAffine == isAffine)
  }

  @Test func `may read shapes of the tensor and stay affine`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.add("Relu", "x", to: "t")
    net.add("Shape", "t", to: "shape")
    net.add("Reshape", "t", "shape", to: "y")
    net.builder.output("y", [nil, 4])
    #expect(try net.model.cut(at: "t", reading: "y").isAffine)
  }
}
