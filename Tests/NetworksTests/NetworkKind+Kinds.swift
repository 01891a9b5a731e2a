import ModelGraph

extension NetworkKind {
  private static let float16 = GraphBuilder.Attribute.int(10)

  /// A dense layer, an activation, and scores, with a cast before and after.
  static func dense(of type: Int, _ name: String) -> NetworkKind {
    NetworkKind("of \(name)") { net in
      net.builder.input("x", [nil, 6])
      let x = net.add("Cast", ["x"], to: "inside", ["to": .int(type)])
      let w = net.add("Cast", [net.weight(6, 8)], to: "w_inside", ["to": .int(type)])
      let v = net.add("Cast", [net.weight(8, 3)], to: "v_inside", ["to": .int(type)])
      let hidden = net.add("Relu", [net.add("MatMul", [x, w], to: "sum")], to: "hidden")
      net.add("Cast", [net.add("MatMul", [hidden, v], to: "scores")], to: "logits", ["to": .int(1)])
      net.builder.output("logits", [nil, 3])
    }
  }

  /// A product of float16 whose first operand is turned, which ONNX Runtime joins into one operator.
  static let turnedHalves = NetworkKind("of float16 with a turned product", inputs: [("x", [5, 6], nil)]) { net in
    net.builder.input("x", [nil, 5, 6])
    let x = net.add("Cast", ["x"], to: "inside", ["to": float16])
    let weights = [net.weight(6, 8), net.weight(8, 8), net.weight(8, 3)].enumerated().map {
      net.add("Cast", [$1], to: "half_\($0)", ["to": float16])
    }
    let hidden = net.add("Relu", [net.add("MatMul", [x, weights[0]], to: "sum")], to: "hidden")
    let turned = net.add("Transpose", [hidden], to: "turned", ["perm": .ints([1, 0, 2])])
    let mixed = net.add("Tanh", [net.add("MatMul", [turned, weights[1]], to: "product")], to: "mixed")
    let pooled = net.add("ReduceMean", [mixed], to: "pooled", ["axes": .ints([0]), "keepdims": .int(0)])
    net.add("Cast", [net.add("MatMul", [pooled, weights[2]], to: "scores")], to: "logits", ["to": .int(1)])
    net.builder.output("logits", [nil, 3])
  }

  /// The same with everything in bfloat16, by operators that the runtime has for processors in float32 only.
  static let bfloat16 = NetworkKind("of bfloat16") { net in
    net.builder.input("x", [nil, 6], type: .bfloat16)
    let w = net.add("Cast", [net.weight(6, 8)], to: "w_inside", ["to": .int(16)])
    let v = net.add("Cast", [net.weight(8, 3)], to: "v_inside", ["to": .int(16)])
    let hidden = net.add("Relu", [net.add("MatMul", ["x", w], to: "sum")], to: "hidden")
    net.add("MatMul", [net.add("Tanh", [hidden], to: "squashed"), v], to: "logits")
    net.builder.output("logits", [nil, 3], type: .bfloat16)
  }

  /// A hidden layer that passes through a sequence of its halves.
  static let packed = NetworkKind("with a sequence inside") { net in
    net.builder.input("x", [nil, 6])
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
    net.builder.weight("half", [], [Int64(4)])
    net.add("SplitToSequence", [hidden, "half"], to: "halves", ["axis": .int(1)])
    let joined = net.add("ConcatFromSequence", ["halves"], to: "joined", ["axis": .int(1)])
    net.add("MatMul", [net.add("Tanh", [joined], to: "squashed"), net.weight(8, 3)], to: "logits")
    net.builder.output("logits", [nil, 3])
  }

  /// A hidden layer of whose halves one has no name.
  static let halved = NetworkKind("with outputs that have no names") { net in
    net.builder.input("x", [nil, 6])
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
    net.builder.node("Split", [hidden], ["", "half"], ["axis": .int(1)])
    net.add("MatMul", [net.add("Tanh", ["half"], to: "squashed"), net.weight(4, 3)], to: "logits")
    net.builder.output("logits", [nil, 3])
  }

  /// Nodes of a graph, as many as each stimulus has, passed on in a circle; no axis counts stimuli.
  static let graph = NetworkKind("of graphs", inputs: [("nodes", [5, 6], nil)]) { net in
    net.builder.input("nodes", [nil, 6], first: "n_nodes")
    let hidden = net.add("Relu", [net.add("MatMul", ["nodes", net.weight(6, 8)], to: "sum")], to: "hidden")
    let passed = net.add("Gather", [hidden, net.constant([1, 2, 3, 4, 0])], to: "passed")
    let mixed = net.add("Tanh", [net.add("Add", [hidden, passed], to: "both")], to: "mixed")
    let pooled = net.add("ReduceMean", [mixed], to: "pooled", ["axes": .ints([0]), "keepdims": .int(1)])
    net.add("MatMul", [pooled, net.weight(8, 3)], to: "logits")
    net.builder.output("logits", [1, 3])
  }

  static let timeFirst = NetworkKind("with time first", inputs: [("x", [7, 6], nil)]) { net in
    net.builder.input("x", [nil, 7, 6])
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
    let turned = net.add("Transpose", [hidden], to: "turned", ["perm": .ints([1, 0, 2])])
    net.add("MatMul", [turned, net.weight(8, 5)], to: "logits")
    net.builder.output("logits", [7, nil, 5])
  }

  static let classesFirst = NetworkKind("with classes first") { net in
    net.builder.input("x", [nil, 6])
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
    let scores = net.add("MatMul", [hidden, net.weight(8, 5)], to: "scores")
    net.add("Transpose", [scores], to: "logits", ["perm": .ints([1, 0])])
    net.builder.output("logits", [5, nil])
  }

  static let series = NetworkKind("of convolutions over time", inputs: [("x", [2, 20], nil)]) { net in
    net.builder.input("x", [nil, 2, 20])
    let first = net.add("Conv", ["x", net.weight(4, 2, 5)], to: "first_sum", ["pads": .ints([2, 2])])
    let hidden = net.add("Relu", [first], to: "hidden")
    let pooled = net.add("ReduceMean", [hidden], to: "pooled", ["axes": .ints([2]), "keepdims": .int(0)])
    net.add("MatMul", [pooled, net.weight(4, 3)], to: "logits")
    net.builder.output("logits", [nil, 3])
  }

  static let mixedLayouts = NetworkKind("with channels first and last", inputs: [("x", [3, 8, 8], nil)]) { net in
    net.builder.input("x", [nil, 3, 8, 8])
    let stem = net.add("Conv", ["x", net.weight(6, 3, 2, 2)], to: "stem", ["strides": .ints([2, 2])])
    let turned = net.add("Transpose", [stem], to: "turned", ["perm": .ints([0, 2, 3, 1])])
    let hidden = net.add("Relu", [net.add("MatMul", [turned, net.weight(6, 10)], to: "up")], to: "hidden")
    let down = net.add("MatMul", [hidden, net.weight(10, 6)], to: "down")
    let back = net.add("Transpose", [down], to: "back", ["perm": .ints([0, 3, 1, 2])])
    let sum = net.add("Add", [stem, back], to: "sum")
    let flat = net.add("Flatten", [net.add("GlobalAveragePool", [sum], to: "pooled")], to: "flat")
    net.add("MatMul", [flat, net.weight(6, 4)], to: "logits")
    net.builder.output("logits", [nil, 4])
  }

  static let volumes = NetworkKind("of volumes", inputs: [("x", [2, 4, 3, 6], nil)]) { net in
    net.builder.input("x", [nil, 2, 4, 3, 6])
    let sum = net.add("Conv", ["x", net.weight(4, 2, 3, 3, 3)], to: "sum", ["pads": .ints([1, 1, 1, 1, 1, 1])])
    let hidden = net.add("Relu", [sum], to: "hidden")
    let flat = net.add("Flatten", [net.add("GlobalAveragePool", [hidden], to: "pooled")], to: "flat")
    net.add("MatMul", [flat, net.weight(4, 3)], to: "logits")
    net.builder.output("logits", [nil, 3])
  }

  /// A stage that is brought back to the size of the one before, which passes by on its side.
  static let scales = NetworkKind("of two scales", inputs: [("x", [3, 8, 8], nil)]) { net in
    net.builder.input("x", [nil, 3, nil, nil])
    let stem = net.add("Relu", [net.add("Conv", ["x", net.weight(4, 3, 1, 1)], to: "stem_sum")], to: "stem")
    net.add("Shape", [stem], to: "shape")
    let sizes = [2, 3].map { axis in
      net.add(
        "Unsqueeze", [net.add("Gather", ["shape", net.constant([axis], isScalar: true)], to: "size\(axis)"), net.constant([0])],
        to: "vector\(axis)")
    }
    let target = net.add("Cast", [net.add("Concat", sizes, to: "sizes", ["axis": .int(0)])], to: "target", ["to": .int(7)])
    let down = net.add("Conv", [stem, net.weight(6, 4, 2, 2)], to: "down", ["strides": .ints([2, 2])])
    let hidden = net.add("Relu", [down], to: "hidden")
    let sum = net.add("Conv", [hidden, net.weight(4, 6, 1, 1)], to: "sum")
    let projected = net.add("Reshape", [sum, net.constant([-1, 4, 4, 4])], to: "projected")
    let front = net.add(
      "Slice", [net.add("Shape", [projected], to: "own_shape"), net.constant([0]), net.constant([2]), net.constant([0])],
      to: "front")
    let whole = net.add("Concat", [front, target], to: "whole", ["axis": .int(0)])
    let scaled = net.add("Resize", [projected, "", "", whole], to: "scaled", ["mode": .string("linear")])
    let joined = net.add("Relu", [net.add("Concat", [scaled, stem], to: "joined", ["axis": .int(1)])], to: "mixed")
    let flat = net.add("Flatten", [net.add("GlobalAveragePool", [joined], to: "pooled")], to: "flat")
    net.add("MatMul", [flat, net.weight(8, 4)], to: "logits")
    net.builder.output("logits", [nil, 4])
  }

  /// Windows as six axes, then folded into the batch, then back.
  static let windows = NetworkKind("of windows", inputs: [("x", [3, 8, 8], nil)]) { net in
    net.builder.input("x", [nil, 3, 8, 8])
    let stem = net.add("Conv", ["x", net.weight(6, 3, 3, 3)], to: "stem", ["pads": .ints([1, 1, 1, 1])])
    let split = net.add("Reshape", [stem, net.constant([-1, 6, 2, 4, 2, 4])], to: "split")
    let turned = net.add("Transpose", [split], to: "turned", ["perm": .ints([0, 2, 4, 3, 5, 1])])
    let folded = net.add("Reshape", [turned, net.constant([-1, 16, 6])], to: "folded")
    let hidden = net.add("Relu", [net.add("MatMul", [folded, net.weight(6, 6)], to: "mixed")], to: "hidden")
    let windows = net.add("Reshape", [hidden, net.constant([-1, 4, 16, 6])], to: "windows")
    let pooled = net.add("ReduceMean", [windows], to: "pooled", ["axes": .ints([1, 2]), "keepdims": .int(0)])
    net.add("MatMul", [pooled, net.weight(6, 4)], to: "logits")
    net.builder.output("logits", [nil, 4])
  }

  /// Patches of a picture, channels first, as six axes, turned, folded into the batch, and back.
  static let patches = NetworkKind("of patches", inputs: [("x", [2, 8, 12], nil)]) { net in
    net.builder.input("x", [nil, 2, 8, 12])
    let squashed = net.add("Tanh", ["x"], to: "squashed")
    let split = net.add("Reshape", [squashed, net.constant([-1, 2, 2, 4, 3, 4])], to: "split")
    let turned = net.add("Transpose", [split], to: "turned", ["perm": .ints([0, 2, 4, 1, 3, 5])])
    let folded = net.add("Reshape", [turned, net.constant([-1, 2, 4, 4])], to: "folded")
    let hidden = net.add("Relu", [net.add("Conv", [folded, net.weight(4, 2, 3, 3)], to: "conv")], to: "hidden")
    let flat = net.add("Flatten", [net.add("GlobalAveragePool", [hidden], to: "pooled")], to: "flat")
    let joined = net.add("Reshape", [flat, net.constant([-1, 24])], to: "joined")
    net.add("MatMul", [joined, net.weight(24, 5)], to: "logits")
    net.builder.output("logits", [nil, 5])
  }

  static let heads = NetworkKind("with heads", inputs: [("x", [6], 9)]) { net in
    net.builder.input("x", [nil, 6], type: .int64)
    let stream = net.add("Gather", [net.weight(9, 8), "x"], to: "stream")
    func split(_ name: String, _ net: inout Writer, _ order: [Int]) -> String {
      let product = net.add("MatMul", [stream, net.weight(8, 8)], to: name)
      let parts = net.add("Reshape", [product, net.constant([0, 6, 2, 4])], to: name + "_split")
      return net.add("Transpose", [parts], to: name + "_heads", ["perm": .ints(order)])
    }
    let (query, key, value) = (
      split("query", &net, [0, 2, 1, 3]), split("key", &net, [0, 2, 3, 1]), split("value", &net, [0, 2, 1, 3])
    )
    let scores = net.add("MatMul", [query, key], to: "scores")
    let weights = net.add("Softmax", [scores], to: "weights", ["axis": .int(-1)])
    let mixed = net.add("MatMul", [weights, value], to: "mixed")
    let merged = net.add("Transpose", [mixed], to: "merged", ["perm": .ints([0, 2, 1, 3])])
    let joined = net.add("Reshape", [merged, net.constant([0, 6, 8])], to: "joined")
    net.add("MatMul", [net.add("Add", [joined, stream], to: "sum"), net.weight(8, 3)], to: "logits")
    net.builder.output("logits", [nil, 6, 3])
  }

  /// Attention whose products are written as Einsum.
  static let summed = NetworkKind("of Einstein sums", inputs: [("x", [6, 8], nil)]) { net in
    net.builder.input("x", [nil, 6, 8])
    func sum(_ equation: String, _ inputs: [String], _ name: String) -> String {
      net.add("Einsum", inputs, to: name, ["equation": .string(equation)])
    }
    let query = sum("btd,dhe->bthe", ["x", net.weight(8, 2, 4)], "query")
    let key = sum("btd,dhe->bthe", ["x", net.weight(8, 2, 4)], "key")
    let weights = net.add("Softmax", [sum("bthe,bshe->bhts", [query, key], "matches")], to: "weights", ["axis": .int(-1)])
    let mixed = sum("bhts,bshe->bthe", [weights, key], "mixed")
    let joined = sum("bthe,hed->btd", [mixed, net.weight(2, 4, 8)], "joined")
    let pooled = net.add("ReduceMean", [joined], to: "pooled", ["axes": .ints([1]), "keepdims": .int(0)])
    net.add("MatMul", [pooled, net.weight(8, 3)], to: "logits")
    net.builder.output("logits", [nil, 3])
  }

  /// A recurrence that is written as a Scan, whose body doesn't say how many axes its output has.
  static let scanning = NetworkKind("that goes on step by step", inputs: [("x", [5, 6], nil)]) { net in
    net.builder.input("x", [nil, 5, 6])
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 4)], to: "sum")], to: "hidden")
    let steps = net.add("Transpose", [hidden], to: "turned", ["perm": .ints([1, 0, 2])])
    let rows = net.add("Slice", [net.add("Shape", ["x"], to: "shape"), net.constant([0]), net.constant([1])], to: "rows")
    let start = net.add(
      "ConstantOfShape", [net.add("Concat", [rows, net.constant([4])], to: "lengths", ["axis": .int(0)])], to: "start")
    var body = GraphBuilder(name: "body")
    body.node("MatMul", ["state", net.weight(4, 4)], ["carried"])
    body.node("Tanh", [body.node("Add", ["carried", "step"], ["both"])], ["next"])
    body.node("Identity", ["next"], ["given"])
    var graph = body.graph
    let declared = { (name: String) in
      var value = Onnx_ValueInfoProto()
      (value.name, value.type.tensorType.elemType) = (name, 1)
      return value
    }
    graph.input = ["state", "step"].map(declared)
    graph.output = ["next", "given"].map(declared)
    net.builder.node("Scan", [start, steps], ["last", "steps"], ["num_scan_inputs": .int(1), "body": .graph(graph)])
    net.add("MatMul", ["last", net.weight(4, 3)], to: "logits")
    net.builder.output("logits", [nil, 3])
  }

  /// Tokens each of which goes to one of two experts, and back to its place among all.
  ///
  /// - Parameter isBatched: whether there is an axis of stimuli, folded away before the tokens are dealt out.
  static func experts(isBatched: Bool) -> NetworkKind {
    NetworkKind("of experts", inputs: [("x", [5, 6], nil)], opset: 18) { net in
      if isBatched { net.builder.input("x", [nil, 5, 6]) } else { net.builder.input("x", [nil, 6], first: "tokens") }
      let hidden = net.add("Tanh", [net.add("MatMul", ["x", net.weight(6, 4)], to: "sum")], to: "hidden")
      let tokens = isBatched ? net.add("Reshape", [hidden, net.constant([-1, 4])], to: "tokens") : hidden
      let gates = net.add("MatMul", [tokens, net.weight(4, 2)], to: "gates")
      let choice = net.add("ArgMax", [gates], to: "choice", ["axis": .int(1), "keepdims": .int(0)])
      var joined = net.add("Mul", [tokens, net.number(0.5)], to: "joined")
      for expert in 0..<2 {
        let isTaken = net.add("Equal", [choice, net.constant([Int64(expert)], isScalar: true)], to: "taken\(expert)")
        let places = net.add("Transpose", [net.add("NonZero", [isTaken], to: "found\(expert)")], to: "places\(expert)")
        let given = net.add("GatherND", [tokens, places], to: "given\(expert)")
        let made = net.add("Relu", [net.add("MatMul", [given, net.weight(4, 4)], to: "product\(expert)")], to: "made\(expert)")
        joined = net.add("ScatterND", [joined, places, made], to: "joined\(expert)")
      }
      let back = isBatched ? net.add("Reshape", [joined, net.add("Shape", [hidden], to: "shape")], to: "back") : joined
      let pooled = net.add(
        "ReduceMean", [net.add("Add", [back, hidden], to: "both"), net.constant([isBatched ? 1 : 0])], to: "pooled",
        ["keepdims": .int(isBatched ? 0 : 1)])
      net.add("MatMul", [pooled, net.weight(4, 3)], to: "logits")
      net.builder.output("logits", [isBatched ? nil : 1, 3])
    }
  }

  /// Elements chosen by what they are: as many as are above 0.
  static let choosing = NetworkKind("that chooses") { net in
    net.builder.input("x", [nil, 6])
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
    let places = net.add("Transpose", [net.add("NonZero", [hidden], to: "nonzero")], to: "places")
    let chosen = net.add("GatherND", [hidden, places], to: "chosen")
    let total = net.add("ReduceSum", [net.add("Tanh", [chosen], to: "squashed")], to: "total", ["keepdims": .int(0)])
    net.add("Mul", [net.add("MatMul", [hidden, net.weight(8, 3)], to: "scores"), total], to: "logits")
    net.builder.output("logits", [nil, 3])
  }

  /// Recurrent in both directions, with time first and a batch of 1 baked into its states.
  static let recurrent = NetworkKind("that recurs", inputs: [("x", [5, 6], nil), ("h0", [2, 4], nil)]) { net in
    net.builder.input("x", [nil, 5, 6])
    net.builder.input("h0", [2, 1, 4])
    let turned = net.add("Transpose", ["x"], to: "turned", ["perm": .ints([1, 0, 2])])
    let steps = net.add(
      "GRU", [turned, net.weight(2, 12, 6), net.weight(2, 12, 4), net.weight(2, 24), "", "h0"], to: "steps",
      ["hidden_size": .int(4), "direction": .string("bidirectional")])
    let order = net.add("Transpose", [steps], to: "ordered", ["perm": .ints([0, 2, 1, 3])])
    let hidden = net.add("Tanh", [net.add("Reshape", [order, net.constant([0, 0, 8])], to: "joined")], to: "hidden")
    let back = net.add("Transpose", [hidden], to: "back", ["perm": .ints([1, 0, 2])])
    net.add("MatMul", [back, net.weight(8, 3)], to: "logits")
    net.builder.output("logits", [nil, 5, 3])
  }

  /// Only integers between the first and the last operator.
  static let integers = NetworkKind("of integers", inputs: [("x", [3, 4, 4], nil)]) { net in
    net.builder.input("x", [nil, 3, 4, 4])
    let zero = net.add("Cast", [net.constant([128], isScalar: true)], to: "zero", ["to": .int(2)])
    let (scale, small) = (net.number(0.02), net.number(0.01))
    let quantized = net.add("QuantizeLinear", ["x", scale, zero], to: "quantized")
    let weights = net.add("QuantizeLinear", [net.weight(4, 3, 3, 3), small, zero], to: "kernel")
    let conv = net.add(
      "QLinearConv", [quantized, scale, zero, weights, small, zero, scale, zero], to: "conv", ["pads": .ints([1, 1, 1, 1])])
    let pooled = net.add("MaxPool", [conv], to: "pooled", ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    let flat = net.add("DequantizeLinear", [net.add("Flatten", [pooled], to: "flat"), scale, zero], to: "floats")
    net.add("MatMul", [flat, net.weight(16, 3)], to: "logits")
    net.builder.output("logits", [nil, 3])
  }

  /// As `quantize_dynamic` writes a network: a quantised table, a recurrent layer, a convolution and a product.
  static let dynamic = NetworkKind("of dynamically quantised numbers", inputs: [("x", [5], 9)]) { net in
    net.builder.input("x", [nil, 5], type: .int64)
    let zero = net.add("Cast", [net.constant([128], isScalar: true)], to: "zero", ["to": .int(2)])
    let small = net.number(0.006)
    func quantized(_ weight: String, _ name: String) -> String { net.add("QuantizeLinear", [weight, small, zero], to: name) }
    let rows = net.add("Gather", [quantized(net.weight(9, 6), "table"), "x"], to: "rows")
    let turned = net.add("Transpose", [rows], to: "turned_rows", ["perm": .ints([0, 2, 1])])
    let embedded = net.add("DequantizeLinear", [turned, small, zero], to: "embedded")
    func product(_ operatorType: String, _ input: String, _ weight: String, to name: String) -> String {
      net.builder.node("DynamicQuantizeLinear", [input], [name + "_q", name + "_scale", name + "_zero"])
      let product = net.add(
        operatorType, [name + "_q", quantized(weight, name + "_weight"), name + "_zero", zero], to: name + "_product")
      let scale = net.add("Mul", [name + "_scale", small], to: name + "_scales")
      return net.add("Mul", [net.add("Cast", [product], to: name + "_cast", ["to": .int(1)]), scale], to: name)
    }
    let conv = product("ConvInteger", embedded, net.weight(7, 6, 2), to: "conv")
    let hidden = net.add("Relu", [conv], to: "hidden")
    let ordered = net.add("Transpose", [hidden], to: "ordered", ["perm": .ints([0, 2, 1])])
    _ = product("MatMulInteger", ordered, net.weight(7, 3), to: "logits")
    net.builder.output("logits", [nil, 4, 3])
  }

  /// All of the network in a branch of an If that a rate decides, with another If in it.
  static let branches = NetworkKind("in a branch") { net in
    net.builder.input("x", [nil, 6])
    func body(_ name: String, _ net: inout Writer) -> Onnx_GraphProto {
      var body = GraphBuilder(name: name)
      // Both branches call what they make by the same names, as exporters do.
      body.node("MatMul", ["x", net.weight(6, 8)], ["sum"])
      body.node("Relu", ["sum"], ["hidden"])
      body.node("MatMul", ["hidden", net.weight(8, 3)], ["scores"])
      body.output("scores", [nil, 3])
      return body.graph
    }
    let (then, otherwise) = (body("then", &net), body("otherwise", &net))
    let length = net.add("Shape", ["x"], to: "shape")
    let width = net.add("Gather", [length, net.constant([1], isScalar: true)], to: "width")
    let decides = net.add("Equal", [width, net.constant([6], isScalar: true)], to: "is_six")
    net.builder.node("If", [decides], ["logits"], ["then_branch": .graph(then), "else_branch": .graph(otherwise)])
    net.builder.output("logits", [nil, 3])
  }
}
