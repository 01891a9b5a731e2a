import Testing

@testable import ModelGraph

@Suite("Heads of attention")
struct AttentionHeadsTests {
  /// Attention weights times values, and what becomes of the product.
  private static func graph(
    _ heads: [Int], values: [Int]? = nil, _ steps: (inout GraphBuilder, inout [String: [Int]]) -> Void
  ) -> AttentionHeads {
    var graph = GraphBuilder(name: "attention")
    var shapes = ["scores": heads + [5, 5], "values": (values ?? heads) + [5, 3]]
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) { graph.input(name, [nil] + shape.dropFirst().map { $0 }) }
    graph.node("Softmax", ["scores"], ["weights"], ["axis": .int(-1)])
    graph.node("Dropout", ["weights"], ["kept"])
    graph.node("MatMul", ["kept", "values"], ["mixed"])
    shapes["mixed"] = heads + [5, 3]
    steps(&graph, &shapes)
    return AttentionHeads(of: Model(proto: graph.model, label: "attention"), shapes: shapes)
  }

  /// The head of every entry of an axis.
  private static func heads(_ finding: AttentionHeads.Finding?, along axis: Int) -> [Int]? {
    finding.map { finding in (0..<finding.shape[axis]).map { finding.head(ofEntry: $0, along: axis) } }
  }

  @Test("are followed from the product of weights and values to where they are joined")
  func joined() {
    let found = Self.graph([1, 4]) { graph, shapes in
      graph.node("Transpose", ["mixed"], ["turned"], ["perm": .ints([0, 2, 1, 3])])
      graph.weight("join", [3], [1, 5, 12] as [Int64])
      graph.node("Reshape", ["turned", "join"], ["joined"])
      graph.weight("output", [12, 12], [Float](repeating: 0, count: 144))
      graph.node("MatMul", ["joined", "output"], ["projected"])
      graph.output("projected", [nil, 5, 12])
      shapes.merge(["turned": [1, 5, 4, 3], "joined": [1, 5, 12], "projected": [1, 5, 12]]) { $1 }
    }
    #expect(found[tensor: "mixed"]?.headCount == 4)
    #expect(found[tensor: "mixed"]?.headAxes == [1])
    #expect(found[tensor: "turned"]?.headAxes == [2])
    #expect(Self.heads(found[tensor: "joined"], along: 2) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    #expect(found[tensor: "projected"] == nil)
    #expect(found.chains == [["mixed", "turned", "joined"]])
  }

  @Test("are found where they are folded into the batch, and joined with their features later")
  func foldedIntoTheBatch() {
    func follow(joining: Bool) -> AttentionHeads {
      Self.graph([4]) { graph, shapes in
        graph.weight("unfold", [4], [1, 4, 5, 3] as [Int64])
        graph.node("Reshape", ["mixed", "unfold"], ["apart"])
        graph.node("Transpose", ["apart"], ["turned"], ["perm": .ints(joining ? [0, 2, 1, 3] : [0, 1, 2, 3])])
        graph.weight("join", [3], (joining ? [1, 5, 12] : [1, 20, 3]) as [Int64])
        graph.node("Reshape", ["turned", "join"], ["joined"])
        graph.output("joined", [nil, nil, nil])
        shapes.merge(["apart": [1, 4, 5, 3], "turned": joining ? [1, 5, 4, 3] : [1, 4, 5, 3]]) { $1 }
        shapes["joined"] = joining ? [1, 5, 12] : [1, 20, 3]
      }
    }
    let heads = follow(joining: true)
    #expect(heads[tensor: "mixed"]?.headCount == 4)
    #expect(Self.heads(heads[tensor: "joined"], along: 2) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    #expect(heads.chains == [["mixed", "apart", "turned", "joined"]])
    // Rows of a picture go back among its places.
    let rows = follow(joining: false)
    #expect(rows[tensor: "mixed"] == nil && rows.chains.isEmpty)
  }

  @Test("are none where windows are folded in with them")
  func foldedWindows() {
    // 4 windows of 2 heads, which are joined with their features.
    let found = Self.graph([8]) { graph, shapes in
      graph.weight("unfold", [4], [4, 2, 5, 3] as [Int64])
      graph.node("Reshape", ["mixed", "unfold"], ["apart"])
      graph.node("Transpose", ["apart"], ["turned"], ["perm": .ints([0, 2, 1, 3])])
      graph.weight("join", [3], [4, 5, 6] as [Int64])
      graph.node("Reshape", ["turned", "join"], ["joined"])
      graph.output("joined", [nil, nil, nil])
      shapes.merge(["apart": [4, 2, 5, 3], "turned": [4, 5, 2, 3], "joined": [4, 5, 6]]) { $1 }
    }
    #expect(found[tensor: "mixed"] == nil && found.chains.isEmpty && found.unrecognised == ["weights"])
  }

  @Test("are found where the weights get axes and are folded before the product, as tf2onnx writes an Einsum of Keras")
  func foldedWeights() {
    var graph = GraphBuilder(name: "keras")
    graph.input("scores", [nil, 4, 5, 5])
    graph.input("values", [nil, 5, 3])
    graph.node("Softmax", ["scores"], ["weights"], ["axis": .int(-1)])
    for (name, shape) in [
      ("axis", [3]), ("fold", [4, 5, 5]), ("unfold", [1, 4, 5, 1, 3]), ("join", [1, 5, 12]),
    ] as [(String, [Int64])] { graph.weight(name, [shape.count], shape) }
    graph.node("Unsqueeze", ["weights", "axis"], ["apart"])
    graph.node("Reshape", ["apart", "fold"], ["folded"])
    graph.node("MatMul", ["folded", "values"], ["product"])
    graph.node("Reshape", ["product", "unfold"], ["unfolded"])
    graph.node("Squeeze", ["unfolded", "axis"], ["mixed"])
    graph.node("Transpose", ["mixed"], ["turned"], ["perm": .ints([0, 2, 1, 3])])
    graph.node("Reshape", ["turned", "join"], ["joined"])
    graph.output("joined", [nil, 5, 12])
    let shapes = [
      "scores": [1, 4, 5, 5], "values": [4, 5, 3], "weights": [1, 4, 5, 5], "apart": [1, 4, 5, 1, 5], "folded": [4, 5, 5],
      "product": [4, 5, 3], "unfolded": [1, 4, 5, 1, 3], "mixed": [1, 4, 5, 3], "turned": [1, 5, 4, 3], "joined": [1, 5, 12],
    ]
    let model = Model(proto: graph.model, label: "keras")
    let found = AttentionHeads(of: model, shapes: shapes)
    #expect(found.chains == [["product", "unfolded", "mixed", "turned", "joined"]])
    #expect(found[tensor: "mixed"]?.headAxes == [1])
    #expect(Self.heads(found[tensor: "joined"], along: 2) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    // As the network is scanned, with stimuli apart from the heads that are folded in with them.
    let views = ["folded", "product"].map { tensor in
      TensorView(
        tensor: tensor, elementType: .float, batch: .folded(axis: 0, count: 4, isOuter: true), shape: shapes[tensor]!)
    }
    var presented = shapes
    for view in views {
      (presented[view.tensor], presented[view.nameAsMade], presented[view.nameAsRead]) = (
        view.scannedShape, view.shape, view.shape
      )
    }
    let scanned = AttentionHeads(of: model.presenting(views), shapes: presented)
    #expect(scanned[tensor: "product"]?.headAxes == [1])
    #expect(Self.heads(scanned[tensor: "joined"], along: 2) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
  }

  /// `second`: weights are the second factor of an Einsum, as TransformerLens writes it. `turned`: the same with positions behind features. `sink`: a column of weights is cut off.
  /// `mixed`: heads' weights are mixed before they weigh.
  @Test(
    "are found where weights come second or lose a column, and what isn't is named",
    arguments: ["second", "turned", "sink", "mixed"])
  func otherForms(_ kind: String) {
    var graph = GraphBuilder(name: kind)
    graph.input("scores", [nil, 4, 5, 5])
    graph.input("values", [nil, 5, 4, 3])
    graph.node("Softmax", ["scores"], ["weights"], ["axis": .int(-1)])
    var shapes = ["scores": [1, 4, 5, 5], "weights": [1, 4, 5, 5], "values": [1, 5, 4, 3], "mixed": [1, 5, 4, 3]]
    if kind == "second" || kind == "turned" {
      let equation = "bkhd,bhqk->" + (kind == "second" ? "bqhd" : "bhdq")
      graph.node("Einsum", ["values", "weights"], ["mixed"], ["equation": .string(equation)])
      if kind == "turned" { shapes["mixed"] = [1, 4, 3, 5] }
    } else {
      for (name, value) in [("start", 0), ("end", 4), ("axis", 3)] as [(String, Int64)] { graph.weight(name, [1], [value]) }
      graph.node("Slice", ["weights", "start", "end", "axis"], ["cut"])
      graph.node("Transpose", ["values"], ["turned"], ["perm": .ints([0, 2, 1, 3])])
      graph.node("Slice", ["turned", "start", "end", "axis"], ["shorter"])
      let isMixed = kind == "mixed"
      if isMixed { graph.weight("mixer", [4, 4], [Float](repeating: 0, count: 16)) }
      if isMixed { graph.node("MatMul", ["cut", "mixer"], ["talking"]) }
      graph.node("MatMul", [isMixed ? "talking" : "cut", "shorter"], ["mixed"])
      shapes.merge(["cut": [1, 4, 5, 4], "talking": [1, 4, 5, 4], "turned": [1, 4, 5, 3], "shorter": [1, 4, 4, 3]]) { $1 }
      shapes["mixed"] = [1, 4, 5, 3]
    }
    graph.output("mixed", [nil, nil, nil, nil])
    let found = AttentionHeads(of: Model(proto: graph.model, label: kind), shapes: shapes)
    #expect(found[tensor: "mixed"]?.headAxes == ["second": [2], "sink": [1]][kind])
    #expect(found.unrecognised == (["turned", "mixed"].contains(kind) ? ["weights"] : []))
  }

  /// `exponentials`: a softmax in ordinary operators. `again`: masked weights that are made to sum to 1 again, as JAX's softmax over a
  /// mask is written. `scaled`: no weights.
  @Test(
    "are found where a softmax is spelled out or its weights are normalised again",
    arguments: ["exponentials", "again", "scaled"])
  func spelledOut(_ kind: String) {
    var graph = GraphBuilder(name: kind)
    graph.input("scores", [nil, 4, 5, 5])
    graph.input("values", [nil, 4, 5, 3])
    graph.input("mask", [nil, 1, 5, 5])
    graph.input("is seen", [nil, 1, 5, 5], type: .bool)
    graph.weight("axis", [1], [-1] as [Int64])
    graph.weight("zero", [], [0] as [Float])
    if kind == "again" {
      graph.node("Softmax", ["scores"], ["weights"], ["axis": .int(-1)])
    } else {
      graph.node(kind == "scaled" ? "Abs" : "Exp", ["scores"], ["weights"])
    }
    graph.node("Mul", ["weights", "mask"], ["masked"])
    graph.node("ReduceSum", ["masked", "axis"], ["sum"], ["keepdims": .int(1)])
    graph.node("Div", ["masked", "sum"], ["normalised"])
    graph.node("Where", ["is seen", "normalised", "zero"], ["kept"])
    graph.node("MatMul", ["kept", "values"], ["mixed"])
    graph.output("mixed", [nil, 4, 5, 3])
    let scores = [1, 4, 5, 5]
    let found = AttentionHeads(
      of: Model(proto: graph.model, label: kind),
      shapes: [
        "scores": scores, "values": [1, 4, 5, 3], "mask": [1, 1, 5, 5], "is seen": [1, 1, 5, 5], "weights": scores,
        "masked": scores, "sum": [1, 4, 5, 1], "normalised": scores, "kept": scores, "mixed": [1, 4, 5, 3],
      ])
    #expect(found[tensor: "mixed"]?.headAxes == (kind == "scaled" ? nil : [1]))
  }

  @Test("of grouped queries are counted through all groups")
  func groupedQueries() {
    let found = Self.graph([1, 2, 3], values: [1, 2, 1]) { graph, shapes in
      graph.weight("flat", [4], [1, 6, 5, 3] as [Int64])
      graph.node("Reshape", ["mixed", "flat"], ["all"])
      graph.output("all", [nil, 6, 5, 3])
      shapes["all"] = [1, 6, 5, 3]
    }
    let grouped = found[tensor: "mixed"]
    #expect(grouped?.headCount == 6)
    #expect(grouped?.headAxes == [1, 2])
    #expect(Self.heads(grouped, along: 1) == [0, 3])
    #expect(Self.heads(grouped, along: 2) == [0, 1, 2])
    #expect(Self.heads(found[tensor: "all"], along: 1) == [0, 1, 2, 3, 4, 5])
  }

  @Test("are those of an operator that is attention by itself")
  func fused() {
    var graph = GraphBuilder(name: "fused")
    graph.input("stream", [nil, 5, 8])
    graph.node(
      "GroupQueryAttention", ["stream", "stream", "stream"], ["attended"], ["num_heads": .int(4), "kv_num_heads": .int(2)],
      domain: "com.microsoft")
    graph.output("attended", [nil, 5, 8])
    let found = AttentionHeads(
      of: Model(proto: graph.model, label: "fused"), shapes: ["stream": [1, 5, 8], "attended": [1, 5, 8]])
    #expect(Self.heads(found[tensor: "attended"], along: 2) == [0, 0, 1, 1, 2, 2, 3, 3])
  }

  /// Attention on maps of a picture: values are [heads, features, places], and the product is joined to channels.
  @Test("are found where values come first, and followed into the channels of a picture")
  func featuresFirst() {
    var graph = GraphBuilder(name: "maps")
    graph.input("scores", [nil, 2, 6, 6])
    graph.input("values", [nil, 2, 4, 6])
    graph.node("Softmax", ["scores"], ["weights"], ["axis": .int(-1)])
    graph.node("Transpose", ["weights"], ["turned"], ["perm": .ints([0, 1, 3, 2])])
    graph.node("MatMul", ["values", "turned"], ["mixed"])
    graph.weight("maps", [4], [1, 8, 2, 3] as [Int64])
    graph.node("Reshape", ["mixed", "maps"], ["picture"])
    graph.node("Transpose", ["mixed"], ["sequence"], ["perm": .ints([0, 1, 3, 2])])
    graph.output("picture", [nil, 8, 2, 3])
    graph.output("sequence", [nil, 2, 6, 4])
    let found = AttentionHeads(
      of: Model(proto: graph.model, label: "maps"),
      shapes: [
        "scores": [1, 2, 6, 6], "weights": [1, 2, 6, 6], "turned": [1, 2, 6, 6], "values": [1, 2, 4, 6], "mixed": [1, 2, 4, 6],
        "picture": [1, 8, 2, 3], "sequence": [1, 2, 6, 4],
      ])
    #expect(found.chains == [["mixed", "picture", "sequence"]] && found.unrecognised.isEmpty)
    #expect(Self.heads(found[tensor: "picture"], along: 1) == [0, 0, 0, 0, 1, 1, 1, 1])
    #expect(found[tensor: "mixed"]?.headAxes == [1] && found[tensor: "mixed"]?.hasFeaturesFirst == true)
    #expect(found[tensor: "sequence"]?.hasFeaturesFirst == false)
  }

  @Test("aren't found in a product with weights, or without a softmax")
  func none() {
    var graph = GraphBuilder(name: "none")
    graph.input("a", [nil, 4, 5, 5])
    graph.input("b", [nil, 4, 5, 3])
    graph.node("MatMul", ["a", "b"], ["product"])
    graph.output("product", [nil, 4, 5, 3])
    let found = AttentionHeads(
      of: Model(proto: graph.model, label: "none"), shapes: ["a": [1, 4, 5, 5], "b": [1, 4, 5, 3], "product": [1, 4, 5, 3]])
    #expect(found.chains.isEmpty)
  }
}
