import Testing

@testable import ModelGraph

@Suite struct `Two axes that could hold channels` {
  @Test func `are told apart by a convolution`() {
    var net = LayoutGraph([1, 3, 16, 20])
    net.weight("kernel", [6, 3, 3, 3])
    net.weight("mix", [20, 20])
    net.add("Conv", ["x", "kernel"], "conv", [1, 6, 16, 20])
    net.add("Relu", ["conv"], "relu", [1, 6, 16, 20])
    net.add("MatMul", ["relu", "mix"], "mixed", [1, 6, 16, 20])
    net.add("Relu", ["mixed"], "last", [1, 6, 16, 20])
    // What ends the network goes along channels too, nearer than the convolution.
    net.weight("classes", [6, 3])
    net.add("ReduceMean", ["last"], "pooled", [1, 6], ["axes": .ints([2, 3]), "keepdims": .int(0)])
    net.add("MatMul", ["pooled", "classes"], "scores", [1, 3])
    for tensor in ["conv", "relu", "mixed", "last"] {
      let axes = net.layout(of: tensor).axes
      #expect(axes?.channels == [1], "\(tensor)")
      #expect(axes?.height == [2], "\(tensor)")
      #expect(axes?.width == [3], "\(tensor)")
    }
    #expect(net.layout(of: "last").names == "N,C,H,position")
  }

  @Test func `are both taken where one counts classes`() {
    var net = LayoutGraph([1, 5, 6, 8])
    net.weight("w", [8, 2])
    net.add("MatMul", ["x", "w"], "pairs", [1, 5, 6, 2])
    #expect(net.layout(of: "pairs", classAxes: ["pairs": 2]).axes?.channels == [2, 3])
  }

  @Test func `are left to the user where operators are equally sure`() {
    var net = LayoutGraph([1, 6, 16, 20])
    net.weight("v", [20, 20])
    net.weight("w", [16, 16])
    net.add("MatMul", ["x", "v"], "along", [1, 6, 16, 20])
    net.add("Transpose", ["along"], "turned", [1, 6, 20, 16], ["perm": .ints([0, 1, 3, 2])])
    net.add("MatMul", ["turned", "w"], "across", [1, 6, 20, 16])
    let layout = net.layout(of: "across")
    #expect(layout.axes == nil)
    #expect(layout.reason.contains("could hold channels"))
  }
}

@Suite struct `Axes that all could hold channels` {
  @Test func `are positions where the end compares them and weights go along the others`() {
    var net = LayoutGraph([1, 5, 3])
    net.weight("w", [3, 6])
    net.weight("v", [6, 1])
    net.add("MatMul", ["x", "w"], "dense", [1, 5, 6])
    net.add("Tanh", ["dense"], "tanh", [1, 5, 6])
    net.add("MatMul", ["tanh", "v"], "single", [1, 5, 1])
    net.add("Squeeze", ["single"], "scores", [1, 5])
    for tensor in ["dense", "tanh", "single"] {
      let layout = net.layout(of: tensor, classAxes: ["scores": 1])
      #expect(layout.axes == GridAxes(height: [1], width: [], channels: [2]), "\(tensor)")
      #expect(layout.names == "N,position,C", "\(tensor)")
    }
  }

  @Test func `are prototypes where features are compared with them`() {
    var net = LayoutGraph([1, 6])
    net.weight("w", [6, 8])
    net.weight("prototypes", [1, 4, 8])
    net.add("MatMul", ["x", "w"], "features", [1, 8])
    net.add("Unsqueeze", ["features"], "single", [1, 1, 8])
    net.add("Sub", ["single", "prototypes"], "differences", [1, 4, 8])
    net.add("Mul", ["differences", "differences"], "squares", [1, 4, 8])
    net.add("ReduceSum", ["squares"], "distances", [1, 4], ["axes": .ints([2]), "keepdims": .int(0)])
    for tensor in ["single", "differences", "squares"] {
      let layout = net.layout(of: tensor, classAxes: ["distances": 1])
      #expect(layout.axes == GridAxes(height: [1], width: [], channels: [2]), "\(tensor)")
    }
  }

  @Test func `are taken for those of a picture in ONNX's order where only a Reshape that flattens them tells`() {
    var net = LayoutGraph([1, 6, 6, 4])
    net.weight("w", [144, 3])
    net.add("Relu", ["x"], "relu", [1, 6, 6, 4])
    net.add("Reshape", ["relu"], "flat", [1, 144])
    net.add("MatMul", ["flat", "w"], "scores", [1, 3])
    let layout = net.layout(of: "relu")
    #expect(layout.axes == GridAxes(height: [2], width: [3], channels: [1]) && layout.isGuess)
    #expect(!net.layout(of: "flat").isGuess)
  }

  /// Shapes of a stimulus, of which features are last. All axes are flattened behind an activation, as in a vision transformer of Keras.
  @Test(arguments: [[10, 8], [6, 4, 8], [3, 6, 4, 8]])
  func `are those that weights go along, though all axes are flattened later`(_ shape: [Int]) {
    let count = shape.reduce(1, *)
    var net = LayoutGraph([1] + shape.dropLast() + [3])
    net.weight("w", [3, 8])
    net.weight("v", [count, 5])
    net.add("MatMul", ["x", "w"], "dense", [1] + shape)
    net.add("Relu", ["dense"], "active", [1] + shape)
    net.add("Reshape", ["active"], "flat", [1, count])
    net.add("MatMul", ["flat", "v"], "scores", [1, 5])
    for tensor in ["dense", "active"] {
      #expect(net.channels(of: tensor) == [shape.count] && !net.layout(of: tensor).isGuess, "\(net.layout(of: tensor))")
    }
  }

  /// A dense layer over places as tf2onnx writes it, with the stimuli folded in, and another before all axes are flattened.
  @Test func `are those that weights go along where places are folded into the batch`() {
    var net = LayoutGraph([1, 6, 4, 3])
    for (name, shape) in [("w", [3, 8]), ("u", [8, 6]), ("v", [144, 5])] { net.weight(name, shape) }
    net.add("Reshape", ["x"], "rows", [24, 3])
    net.add("MatMul", ["rows", "w"], "products", [24, 8])
    net.add("Reshape", ["products"], "picture", [1, 6, 4, 8])
    net.add("Relu", ["picture"], "active", [1, 6, 4, 8])
    net.add("Reshape", ["active"], "again", [24, 8])
    net.add("MatMul", ["again", "u"], "narrow", [24, 6])
    net.add("Reshape", ["narrow"], "end", [1, 6, 4, 6])
    net.add("Reshape", ["end"], "flat", [1, 144])
    net.add("MatMul", ["flat", "v"], "scores", [1, 5])
    for tensor in ["picture", "active", "end"] { #expect(net.channels(of: tensor) == [3], "\(net.layout(of: tensor))") }
  }

  @Test func `aren't told by what counts whether any of them differs`() {
    var net = LayoutGraph([1, 9, 4])
    net.weight("w", [36, 3])
    net.weight("masked", [])
    net.add("Equal", ["x", "masked"], "equal", [1, 9, 4])
    net.add("Not", ["equal"], "differs", [1, 9, 4])
    net.add("Cast", ["differs"], "numbers", [1, 9, 4], ["to": .int(1)])
    net.add("ReduceSum", ["numbers"], "any", [1, 9], ["axes": .ints([2]), "keepdims": .int(0)])
    net.add("Unsqueeze", ["any"], "column", [1, 9, 1])
    net.add("Mul", ["x", "column"], "kept", [1, 9, 4])
    #expect(net.layout(of: "kept").axes == nil, "\(net.layout(of: "kept"))")
  }

  @Test func `are those of a convolution that lies farther than a Reshape`() {
    var net = LayoutGraph([1, 2, 6, 6])
    net.weight("kernel", [3, 2, 3, 3])
    net.weight("w", [48, 3])
    net.add("Conv", ["x", "kernel"], "conv", [1, 3, 4, 4])
    net.add("Unsqueeze", ["conv"], "step", [1, 1, 3, 4, 4])
    net.add("Concat", ["step", "step"], "steps", [1, 2, 3, 4, 4], ["axis": .int(1)])
    net.add("Transpose", ["steps"], "turned", [1, 2, 4, 4, 3], ["perm": .ints([0, 1, 3, 4, 2])])
    net.add("Slice", ["turned"], "slice", [1, 1, 4, 4, 3])
    net.add("Squeeze", ["slice"], "picture", [1, 4, 4, 3])
    net.add("Reshape", ["picture"], "flat", [1, 48])
    net.add("MatMul", ["flat", "w"], "scores", [1, 3])
    #expect(net.layout(of: "picture").names == "N,H,W,C" && !net.layout(of: "picture").isGuess)
  }

  @Test func `aren't tokens that a convolution goes along`() {
    var net = LayoutGraph([1, 10])
    for (name, shape) in [("table", [7, 16]), ("w", [16, 16]), ("kernel", [10, 10, 1])] { net.weight(name, shape) }
    net.add("Gather", ["table", "x"], "embedded", [1, 10, 16])
    net.weight("scale", [16])
    net.add("LayerNormalization", ["embedded", "scale"], "normalised", [1, 10, 16])
    // Spatial gating: weights of a convolution for each pair of tokens.
    net.add("Conv", ["normalised", "kernel"], "mixed", [1, 10, 16])
    net.add("Mul", ["normalised", "mixed"], "gated", [1, 10, 16])
    net.add("MatMul", ["gated", "w"], "dense", [1, 10, 16])
    net.add("Add", ["embedded", "dense"], "stream", [1, 10, 16])
    for tensor in ["embedded", "normalised", "mixed", "gated", "dense", "stream"] {
      #expect(net.layout(of: tensor).names == "N,T,C", "\(tensor)")
    }
  }

  /// Scores of 6 tokens by 5 others, of which the best are kept, as where a query is looked for in a text.
  @Test func `aren't tokens of a score for each pair`() {
    var net = LayoutGraph([1, 6])
    net.builder.input("y", [nil, 5])
    net.shapes["y"] = [1, 5]
    net.weight("table", [9, 4])
    net.add("Gather", ["table", "x"], "query", [1, 6, 4])
    net.add("Gather", ["table", "y"], "text", [1, 5, 4])
    net.add("Transpose", ["text"], "turned", [1, 4, 5], ["perm": .ints([0, 2, 1])])
    net.add("MatMul", ["query", "turned"], "scores", [1, 6, 5])
    net.add("ReduceMax", ["scores"], "best", [1, 6], ["axes": .ints([2]), "keepdims": .int(0)])
    #expect(net.channels(of: "scores") == [], "\(net.layout(of: "scores"))")
    #expect(net.channels(of: "query") == [2])
  }

  /// Windows of a picture and heads are folded for a product of matrices, and are again what they were behind it.
  @Test func `are told by what folded axes are made of where they are unfolded to the same lengths`() {
    var net = LayoutGraph([1, 4, 3, 9, 5])
    net.weight("w", [5, 5])
    net.add("MatMul", ["x", "w"], "query", [1, 4, 3, 9, 5])
    net.add("Reshape", ["query"], "features", [1, 4, 3, 9, 5])
    net.add("Reshape", ["features"], "folded", [12, 9, 5])
    net.add("Transpose", ["folded"], "turned", [12, 5, 9], ["perm": .ints([0, 2, 1])])
    net.add("MatMul", ["folded", "turned"], "products", [12, 9, 9])
    net.add("Reshape", ["products"], "weights", [1, 4, 3, 9, 9])
    let inference = net.inference()
    for axis in [1, 2] { #expect(inference.countsSame(("weights", axis), ("query", axis)), "\(axis)") }
    #expect(!inference.countsSame(("weights", 1), ("query", 2)))
    // Unfolded to other lengths they are others.
    net.add("Reshape", ["products"], "others", [1, 3, 4, 9, 9])
    #expect(!net.inference().countsSame(("others", 1), ("query", 1)))
  }

  /// Sums of a GroupNormalization, [groups, channels of a group, 1, 1]: one for each channel.
  @Test func `are all those that one axis of them was split into`() {
    var net = LayoutGraph([1, 3, 2, 2])
    net.weight("kernel", [16, 3, 1, 1])
    net.add("Conv", ["x", "kernel"], "hidden", [1, 16, 2, 2])
    net.add("Reshape", ["hidden"], "grouped", [1, 4, 4, 2, 2])
    net.add("ReduceSum", ["grouped"], "sums", [1, 4, 4, 1, 1], ["axes": .ints([3, 4])])
    net.add("Sub", ["grouped", "sums"], "centred", [1, 4, 4, 2, 2])
    for tensor in ["grouped", "sums", "centred"] {
      #expect(net.channels(of: tensor) == [1, 2], "\(tensor): \(net.layout(of: tensor))")
    }
  }

  /// A series over its sum, with the sum beside each of its steps: the sum is a feature, and steps are none.
  @Test func `aren't steps along which a feature is repeated`() {
    var net = LayoutGraph([1, 6])
    for (name, shape) in [("weights", [2, 4]), ("wide", [3])] { net.weight(name, shape) }
    net.add("ReduceSum", ["x"], "sum", [1, 1], ["axes": .ints([1])])
    net.add("Div", ["x", "sum"], "scaled", [1, 6])
    net.add("Unsqueeze", ["scaled"], "column", [1, 6, 1], ["axes": .ints([2])])
    net.add("Unsqueeze", ["sum"], "single", [1, 1, 1], ["axes": .ints([2])])
    net.add("Expand", ["single", "wide"], "sums", [1, 6, 1])
    net.add("Concat", ["column", "sums"], "series", [1, 6, 2], ["axis": .int(2)])
    net.add("MatMul", ["series", "weights"], "hidden", [1, 6, 4])
    net.add("Reshape", ["hidden"], "heads", [1, 6, 2, 2])
    for tensor in ["series", "hidden"] { #expect(net.channels(of: tensor) == [2], "\(net.layout(of: tensor))") }
    #expect(net.channels(of: "heads") == [3], "\(net.layout(of: "heads"))")
    let inference = net.inference()
    #expect(inference.roles(of: "scaled")?[1]?.isChannel != true)
    #expect(inference.countsSame(("scaled", 1), ("hidden", 1)) && !inference.countsSame(("scaled", 1), ("single", 1)))
  }

  @Test func `are those that a convolution makes of as many tokens' features`() {
    var net = LayoutGraph([1, 5])
    for (name, shape) in [("table", [7, 8]), ("kernel", [6, 5, 1])] { net.weight(name, shape) }
    net.add("Gather", ["table", "x"], "embedded", [1, 5, 8])
    net.add("Conv", ["embedded", "kernel"], "maps", [1, 6, 8])
    #expect(net.channels(of: "embedded") == [2])
    #expect(net.channels(of: "maps") == [1])
  }

  /// As deformable attention looks up pictures of several sizes, each head in its own.
  @Test func `stay heads and features where they are folded into the batch further on`() {
    var net = LayoutGraph([1, 20, 6])
    net.weight("w", [6, 16])
    net.weight("kernel", [8, 8, 1, 1])
    net.add("MatMul", ["x", "w"], "values", [1, 20, 16])
    net.add("Reshape", ["values"], "heads", [1, 20, 2, 8])
    net.add("Slice", ["heads"], "level", [1, 16, 2, 8])
    net.add("Reshape", ["level"], "flat", [1, 16, 16])
    net.add("Transpose", ["flat"], "turned", [1, 16, 16], ["perm": .ints([0, 2, 1])])
    net.add("Reshape", ["turned"], "pictures", [2, 8, 4, 4])
    net.add("Conv", ["pictures", "kernel"], "found", [2, 8, 4, 4])
    for (tensor, names) in [
      ("heads", "N,position,head,C"), ("level", "N,position,head,C"), ("flat", "N,position,C"), ("turned", "N,C,position"),
    ] {
      #expect(net.layout(of: tensor).names == names)
    }
  }

  /// Weights along positions and weights along features, as in a mixer without normalisation.
  private static func mixer(pooled: Bool) -> LayoutGraph {
    var net = LayoutGraph([1, 6, 4])
    for (name, shape) in [("embed", [4, 5]), ("a", [6, 8]), ("b", [8, 6]), ("c", [5, 7])] { net.weight(name, shape) }
    net.add("MatMul", ["x", "embed"], "embedded", [1, 6, 5])
    net.add("Transpose", ["embedded"], "turned", [1, 5, 6], ["perm": .ints([0, 2, 1])])
    net.add("MatMul", ["turned", "a"], "wide", [1, 5, 8])
    net.add("MatMul", ["wide", "b"], "narrow", [1, 5, 6])
    net.add("Transpose", ["narrow"], "back", [1, 6, 5], ["perm": .ints([0, 2, 1])])
    net.add("Add", ["embedded", "back"], "sum", [1, 6, 5])
    net.add("MatMul", ["sum", "c"], "hidden", [1, 6, 7])
    if pooled { net.add("ReduceMean", ["hidden"], "mean", [1, 7], ["axes": .ints([1]), "keepdims": .int(0)]) }
    return net
  }

  @Test func `are left to the user where weights go along each`() {
    let net = Self.mixer(pooled: false)
    for tensor in ["embedded", "turned", "wide", "narrow", "back", "sum", "hidden"] {
      let layout = net.layout(of: tensor)
      #expect(layout.axes == nil, "\(tensor)")
      #expect(layout.reason.contains("could hold channels"), "\(tensor)")
    }
  }

  @Test func `are told apart by a mean over one`() {
    let net = Self.mixer(pooled: true)
    for (tensor, axis) in [("embedded", 2), ("turned", 1), ("narrow", 1), ("back", 2), ("sum", 2), ("hidden", 2)] {
      #expect(net.channels(of: tensor) == [axis], "\(tensor)")
    }
    #expect(net.layout(of: "wide").axes == nil)
  }

  @Test func `are told apart wherever a convolution tells once`() {
    var net = LayoutGraph([1, 3, 6])
    for (name, shape) in [("kernel", [5, 3, 1]), ("a", [6, 6]), ("c", [5, 7])] { net.weight(name, shape) }
    net.add("Conv", ["x", "kernel"], "conv", [1, 5, 6])
    net.add("MatMul", ["conv", "a"], "mixed", [1, 5, 6])
    net.add("Transpose", ["mixed"], "turned", [1, 6, 5], ["perm": .ints([0, 2, 1])])
    net.add("MatMul", ["turned", "c"], "hidden", [1, 6, 7])
    for (tensor, axis) in [("conv", 1), ("turned", 2), ("hidden", 2)] { #expect(net.channels(of: tensor) == [axis], "\(tensor)") }
  }

  @Test func `aren't contradicted by a bias that only suggests them`() {
    var net = LayoutGraph([1, 6, 4])
    net.weight("w", [4, 5])
    net.weight("bias", [6, 1])
    net.add("MatMul", ["x", "w"], "dense", [1, 6, 5])
    net.add("Add", ["dense", "bias"], "sum", [1, 6, 5])
    #expect(net.channels(of: "sum") == [2])
  }
}

@Suite struct `An axis that alone is longer than 1` {
  /// One of a convolution's rows, whose channels were taken together: places, and no list of features.
  @Test func `counts places where operators tell`() {
    var net = LayoutGraph([1, 3, 6, 5])
    net.weight("kernel", [8, 3, 1, 1])
    for (name, number) in [("from", 0), ("to", 1)] { net.builder.weight(name, [1], [Int64(number)]) }
    net.add("Conv", ["x", "kernel"], "conv", [1, 8, 6, 5])
    net.add("ReduceMax", ["conv"], "plane", [1, 6, 5], ["axes": .ints([1]), "keepdims": .int(0)])
    net.add("Slice", ["plane", "from", "to", "to"], "row", [1, 1, 5])
    net.add("Relu", ["row"], "hidden", [1, 1, 5])
    for tensor in ["plane", "row", "hidden"] {
      #expect(net.layout(of: tensor).names == "N,H,W" && net.channels(of: tensor) == [], "\(tensor)")
    }
  }

  @Test func `is a list of features where nothing does`() {
    var net = LayoutGraph([1, 1, 5])
    net.add("Relu", ["x"], "hidden", [1, 1, 5])
    #expect(net.channels(of: "hidden") == [2])
  }
}

@Suite struct `The layout of a network of bfloat16` {
  /// What a network computes in bfloat16 runs in float32 and is rounded, by tensors that no run shows.
  @Test func `is followed through what stands in for its operators`() {
    var builder = GraphBuilder(name: "bfloat16", opset: 22)
    builder.input("x", [nil, 3, 9, 9], type: .bfloat16)
    for (name, shape) in [("k1", [6, 3, 3, 3]), ("k2", [5, 6, 3, 3])] {
      builder.weight("\(name)_float", shape, [Float](repeating: 1, count: shape.reduce(1, *)))
      builder.node("Cast", ["\(name)_float"], [name], ["to": .int(Int(ElementType.bfloat16.rawValue))])
    }
    let shapes = [
      "x": [1, 3, 9, 9], "conv1": [1, 6, 7, 7], "relu1": [1, 6, 7, 7], "conv2": [1, 5, 5, 5], "relu2": [1, 5, 5, 5],
      "most": [1, 5],
    ]
    builder.node("Conv", ["x", "k1"], ["conv1"])
    builder.node("Relu", ["conv1"], ["relu1"])
    builder.node("Conv", ["relu1", "k2"], ["conv2"])
    builder.node("Relu", ["conv2"], ["relu2"])
    builder.weight("space", [2], [2, 3] as [Int64])
    builder.node("ReduceMax", ["relu2", "space"], ["most"], ["keepdims": .int(0)])
    builder.output("most", [nil, 5], type: .bfloat16)
    let model = Model(proto: builder.model, label: "bfloat16")
    #expect(model.computesInBfloat16)
    let inference = LayoutInference(
      of: model.roundingToBfloat16(), shapes: shapes, batchAxes: shapes.mapValues { _ in 0 })
    for tensor in ["conv1", "relu1", "conv2", "relu2"] {
      let view = TensorView(tensor: tensor, elementType: .bfloat16, batch: .first, shape: shapes[tensor]!)
      #expect(inference.layout(of: view).names == "N,C,H,W", "\(tensor)")
    }
  }
}
