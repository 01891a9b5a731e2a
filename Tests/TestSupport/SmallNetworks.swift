import ModelGraph

extension SmallNetwork {
  /// The networks that can be scanned, of all kinds.
  package static let all = [residual, perceptron, labeller, detector, sequence, stubbornSequence, tokens, segmenter]

  /// Convolutions with a skip that passes beside them; output [N, 5].
  package static let residual = {
    var net = NetworkWriter("residual", seed: 1)
    net.input("image", [2, 6, 6])
    let stem = net.add("Relu", [net.convolution("image", from: 2, to: 4, "stem_sum")], to: "stem")
    let inner = net.add("Relu", [net.convolution(stem, from: 4, to: 4, "inner_sum")], to: "inner")
    let joined = net.add("Add", [net.convolution(inner, from: 4, to: 4, "outer"), stem], to: "joined")
    let block = net.add("Relu", [joined], to: "block")
    let flat = net.add("Flatten", [net.add("GlobalAveragePool", [block], to: "pooled")], to: "flat")
    net.output(net.dense(flat, from: 4, to: 5, "logits"), [nil, 5])
    return net.network
  }()

  /// Wide enough for the runtime to rearrange its weights for its kernels: convolutions, a matrix product and a dense
  /// layer; two convolutions have the same weights. Output [N, 5].
  package static let wide = {
    var net = NetworkWriter("wide", seed: 11)
    net.input("image", [3, 8, 8])
    let stem = net.add("Relu", [net.convolution("image", from: 3, to: 32, "stem_sum")], to: "stem")
    let (shared, bias) = (net.weight([32, 32, 3, 3], fanIn: 288), net.bias([32]))
    var x = stem
    for name in ["first", "second"] {
      let sum = net.add("Conv", [x, shared, bias], to: name + "_sum", ["pads": .ints([1, 1, 1, 1])])
      x = net.add("Relu", [sum], to: name)
    }
    let block = net.add("Add", [x, stem], to: "block")
    let flat = net.add("Flatten", [net.add("GlobalAveragePool", [block], to: "pooled")], to: "flat")
    let hidden = net.add("Relu", [net.projection(flat, from: 32, to: 64, "hidden_sum")], to: "hidden")
    net.output(net.dense(hidden, from: 64, to: 5, "logits"), [nil, 5])
    return net.network
  }()

  /// Two hidden layers of features, ended by a softmax; output [N, 4].
  package static let perceptron = {
    var net = NetworkWriter("perceptron", seed: 2)
    net.input("features", [12])
    let first = net.add("Relu", [net.dense("features", from: 12, to: 16, "first_sum")], to: "first")
    let second = net.add("Relu", [net.dense(first, from: 16, to: 8, "second_sum")], to: "second")
    let logits = net.dense(second, from: 8, to: 4, "logits")
    net.output(net.add("Softmax", [logits], to: "probabilities", ["axis": .int(-1)]), [nil, 4])
    return net.network
  }()

  /// Units that open at a threshold, where they jump unless it is 0; output [N, 3].
  package static func gated(threshold: Float) -> SmallNetwork {
    var net = NetworkWriter("gated", seed: 12)
    net.input("features", [12])
    let hidden = net.add("Tanh", [net.dense("features", from: 12, to: 32, "hidden_sum")], to: "hidden")
    let open = net.add(
      "ThresholdedRelu", [net.dense(hidden, from: 32, to: 24, "gate_sum")], to: "open", ["alpha": .float(threshold)])
    net.output(net.dense(open, from: 24, to: 3, "logits"), [nil, 3])
    return net.network
  }

  /// Several labels at once: ended by a sigmoid of each score; output [N, 3].
  package static let labeller = {
    var net = NetworkWriter("labeller", seed: 3)
    net.input("features", [10])
    let hidden = net.add("Relu", [net.dense("features", from: 10, to: 12, "sum")], to: "hidden")
    net.output(net.add("Sigmoid", [net.dense(hidden, from: 12, to: 3, "scores")], to: "labels"), [nil, 3])
    return net.network
  }()

  /// Yes or no: one score; output [N, 1].
  package static let detector = {
    var net = NetworkWriter("detector", seed: 4)
    net.input("features", [10])
    let hidden = net.add("Relu", [net.dense("features", from: 10, to: 12, "sum")], to: "hidden")
    net.output(net.dense(hidden, from: 12, to: 1, "score"), [nil, 1])
    return net.network
  }()

  /// Attention with a batch of 1 baked into its input and into the constant targets of its reshapes; one more target is
  /// computed from a shape. Output [1, 6, 3]: a class at each position.
  package static let sequence = attention("sequence", isBatchComputed: true)

  /// The same, but that the 1 is part of what the computed target is joined of, where it could be anything: it takes no
  /// batches.
  package static let stubbornSequence = attention("stubborn_sequence", isBatchComputed: false)

  private static func attention(_ name: String, isBatchComputed: Bool) -> SmallNetwork {
    var net = NetworkWriter(name, seed: 5)
    net.input("sequence", [6, 8], isBatchBaked: true)
    let stream = net.add(
      "Add", [net.projection("sequence", from: 8, to: 8, "embedded"), net.bias([6, 8])], to: "stream")
    func heads(_ name: String, _ order: [Int]) -> String {
      let split = net.add(
        "Reshape", [net.projection(stream, from: 8, to: 8, name), net.constant([1, 6, 2, 4])], to: name + "_split")
      return net.add("Transpose", [split], to: name + "_heads", ["perm": .ints(order)])
    }
    let query = heads("query", [0, 2, 1, 3])
    let key = heads("key", [0, 2, 3, 1])
    let value = heads("value", [0, 2, 1, 3])
    let weights = net.add(
      "Softmax", [net.add("MatMul", [query, key], to: "scores")], to: "weights", ["axis": .int(-1)])
    let mixed = net.add(
      "Transpose", [net.add("MatMul", [weights, value], to: "mixed")], to: "merged", ["perm": .ints([0, 2, 1, 3])])
    let shape = net.add("Shape", [stream], to: "shape")
    let batch = isBatchComputed ? net.add("Gather", [shape, net.constant([0])], to: "batch") : net.constant([1])
    let length = net.add("Gather", [shape, net.constant([1])], to: "length")
    let target = net.add("Concat", [batch, length, net.constant([-1])], to: "target", ["axis": .int(0)])
    let joined = net.add("Reshape", [mixed, target], to: "attended")
    let attention = net.add("Add", [net.projection(joined, from: 8, to: 8, "projected"), stream], to: "attention")
    let hidden = net.add("Relu", [net.projection(attention, from: 8, to: 12, "up")], to: "hidden")
    let result = net.add("Add", [net.projection(hidden, from: 12, to: 8, "down"), attention], to: "result")
    net.output(net.projection(result, from: 8, to: 3, "logits"), [1, 6, 3])
    return net.network
  }

  /// Words and numbers: an int64 and a float input; output [N, 3].
  package static let tokens = {
    var net = NetworkWriter("tokens", seed: 6)
    net.input("words", [5], tokens: 9)
    net.input("numbers", [3])
    let embedded = net.add("Gather", [net.weight([9, 4], fanIn: 3), "words"], to: "embedded")
    let mixed = net.add("Relu", [net.projection(embedded, from: 4, to: 6, "mixed_sum")], to: "mixed")
    let flat = net.add("Flatten", [mixed], to: "flat")
    let all = net.add("Concat", [flat, "numbers"], to: "all", ["axis": .int(1)])
    let hidden = net.add("Relu", [net.dense(all, from: 33, to: 8, "hidden_sum")], to: "hidden")
    net.output(net.dense(hidden, from: 8, to: 3, "logits"), [nil, 3])
    return net.network
  }()

  /// Words behind what a cache holds, with a mask over both; output [N, 3].
  package static let cached = {
    var net = NetworkWriter("cached", seed: 8)
    net.input("words", [4], tokens: 9)
    net.input("mask", [6], tokens: 2)
    net.input("past_key", [2, 8])
    let embedded = net.add("Gather", [net.weight([9, 8], fanIn: 3), "words"], to: "embedded")
    let mixed = net.projection(embedded, from: 8, to: 8, "mixed")
    let all = net.add("Concat", ["past_key", mixed], to: "all", ["axis": .int(1)])
    let weights = net.add("Cast", ["mask"], to: "weights", ["to": .int(1)])
    let column = net.add("Unsqueeze", [weights, net.constant([2])], to: "column")
    let masked = net.add("Mul", [all, column], to: "masked")
    let pooled = net.add("ReduceMean", [masked], to: "pooled", ["axes": .ints([1]), "keepdims": .int(0)])
    net.output(net.dense(pooled, from: 8, to: 3, "logits"), [nil, 3])
    return net.network
  }()

  /// Words, and a mask of that name that is 0 at padding, or 1 if `isInverted`; an answer at each word [N, 5, 3].
  package static func padded(_ mask: String, isInverted: Bool = false) -> SmallNetwork {
    var net = NetworkWriter("padded", seed: 12)
    net.input("words", [5], tokens: 9)
    net.input(mask, [5], tokens: 2)
    let embedded = net.add("Gather", [net.weight([9, 4], fanIn: 3), "words"], to: "embedded")
    let mixed = net.add("Relu", [net.projection(embedded, from: 4, to: 6, "mixed_sum")], to: "mixed")
    let numbers = net.add("Cast", [mask], to: "numbers", ["to": .int(1)])
    let kept =
      isInverted
      ? net.add("Sub", [net.add("Cast", [net.constant([1])], to: "one", ["to": .int(1)]), numbers], to: "kept") : numbers
    let column = net.add("Unsqueeze", [kept, net.constant([2])], to: "column")
    let masked = net.add("Mul", [mixed, column], to: "masked")
    let pooled = net.add("ReduceMean", [masked], to: "pooled", ["axes": .ints([1]), "keepdims": .int(1)])
    let all = net.add("Add", [masked, pooled], to: "all")
    net.output(net.projection(all, from: 6, to: 3, "logits"), [nil, 5, 3])
    return net.network
  }

  /// A class at each pixel: a map [N, 3, 4, 4].
  package static let segmenter = {
    var net = NetworkWriter("segmenter", seed: 7)
    net.input("image", [2, 4, 4])
    let first = net.add("Relu", [net.convolution("image", from: 2, to: 6, "first_sum")], to: "first")
    let second = net.add("Relu", [net.convolution(first, from: 6, to: 6, "second_sum")], to: "second")
    net.output(net.convolution(second, from: 6, to: 3, "classes"), [nil, 3, 4, 4])
    return net.network
  }()

  /// Three hidden layers, and between the second and the third an operator that magnitude can't be followed through.
  package static let rounding = {
    var net = NetworkWriter("rounding", seed: 11)
    net.input("features", [8])
    let first = net.add("Relu", [net.dense("features", from: 8, to: 10, "first_sum")], to: "first")
    let second = net.add("Relu", [net.dense(first, from: 10, to: 8, "second_sum")], to: "second")
    let rounded = net.add("Round", [second], to: "rounded")
    let mixed = net.add("Add", [rounded, net.bias([8])], to: "mixed")
    let third = net.add("Relu", [net.dense(mixed, from: 8, to: 6, "third_sum")], to: "third")
    net.output(net.dense(third, from: 6, to: 3, "logits"), [nil, 3])
    return net.network
  }()

  /// Behind its hidden layer units that are -1 or 1, of which derivatives tell nothing; output [N, 3].
  package static let steep = {
    var net = NetworkWriter("steep", seed: 13)
    net.input("features", [8])
    let hidden = net.add("Relu", [net.dense("features", from: 8, to: 40, "hidden_sum")], to: "hidden")
    let large = net.add("Mul", [net.dense(hidden, from: 40, to: 24, "unit_sum"), net.constant([1], [1e4])], to: "large")
    net.output(net.dense(net.add("Tanh", [large], to: "units"), from: 24, to: 3, "logits"), [nil, 3])
    return net.network
  }()

  /// A sequence's own class and a class at each of its positions; outputs [N, 4] and [N, 5, 3].
  package static let twoHeads = {
    var net = NetworkWriter("two_heads", seed: 12)
    net.input("sequence", [5, 4])
    let hidden = net.add("Relu", [net.projection("sequence", from: 4, to: 8, "sum")], to: "hidden")
    let pooled = net.add("ReduceMean", [hidden], to: "pooled", ["axes": .ints([1]), "keepdims": .int(0)])
    net.output(net.dense(pooled, from: 8, to: 4, "head/whole"), [nil, 4])
    net.output(net.projection(hidden, from: 8, to: 3, "places"), [nil, 5, 3])
    return net.network
  }()

  /// Tokens of all stimuli in one list, from which those with a large feature go through an expert and back to their places. What
  /// lies at the places of one stimulus alone lies elsewhere in a batch.
  package static let expert = {
    var net = NetworkWriter("expert", seed: 14)
    net.input("sequence", [5, 6])
    let hidden = net.add("Tanh", [net.projection("sequence", from: 6, to: 4, "sum")], to: "hidden")
    let tokens = net.add("Reshape", [hidden, net.constant([-1, 4])], to: "tokens")
    let largest = net.add("ReduceMax", [tokens], to: "largest", ["axes": .ints([1]), "keepdims": .int(0)])
    let isTaken = net.add("Greater", [largest, net.constant([], [Float(0.4)])], to: "taken")
    let places = net.add("Transpose", [net.add("NonZero", [isTaken], to: "found")], to: "places")
    let made = net.add(
      "Relu", [net.dense(net.add("GatherND", [tokens, places], to: "given"), from: 4, to: 4, "product")], to: "made")
    let halves = net.add("Mul", [tokens, net.constant([], [Float(0.5)])], to: "halves")
    let joined = net.add("ScatterND", [halves, places, made], to: "joined")
    let flat = net.add("Reshape", [joined, net.constant([-1, 20])], to: "flat")
    net.output(net.dense(flat, from: 20, to: 3, "logits"), [nil, 3])
    return net.network
  }()

  // MARK: Networks that can't be scanned as they are

  /// A square root that lesions drive below zero: NaN where the first half of the hidden layer is lesioned and the
  /// second is not, unless the first feature of a stimulus is large.
  package static let squareRoot = {
    var net = NetworkWriter("root", seed: 8)
    net.input("features", [4])
    let hidden = net.add(
      "Relu",
      [
        net.add(
          "Gemm",
          ["features", net.constant([4, 4], [Float](repeating: 0, count: 16)), net.constant([4], [3, 3, 1, 1])],
          to: "sum")
      ],
      to: "hidden")
    let balance = net.add("MatMul", [hidden, net.constant([4, 2], [1, 2, 1, 2, -1, -1, -1, -1])], to: "balance")
    let safety = net.add("MatMul", ["features", net.constant([4, 2], [1, 1, 0, 0, 0, 0, 0, 0])], to: "safety")
    net.output(net.add("Sqrt", [net.add("Add", [balance, safety], to: "radicand")], to: "roots"), [nil, 2])
    return net.network
  }()

  /// Scores at each of four positions, of which a mask among the inputs says which are padding; output [N, 4, 3].
  package static let masked = {
    var net = NetworkWriter("masked", seed: 3)
    net.input("x", [4, 6])
    net.input("attention_mask", [4], tokens: 2)
    let flags = net.add("Cast", ["attention_mask"], to: "flags", ["to": .int(1)])
    let column = net.add("Unsqueeze", [flags, net.constant([2])], to: "column")
    let sum = net.projection(net.add("Mul", ["x", column], to: "kept"), from: 6, to: 8, "sum")
    net.output(net.projection(net.add("Relu", [sum], to: "hidden"), from: 8, to: 3, "logits"), [nil, 4, 3])
    return net.network
  }()

  /// One operator from the input to the output: nothing between them to lesion.
  package static let bare = {
    var net = NetworkWriter("bare", seed: 9)
    net.input("features", [6])
    net.output(net.dense("features", from: 6, to: 3, "logits"), [nil, 3])
    return net.network
  }()

  /// An operator that no runtime has.
  package static let unheardOf = {
    var net = NetworkWriter("unheard_of", seed: 10)
    net.input("features", [6])
    let hidden = net.add("Frobnicate", [net.dense("features", from: 6, to: 6, "sum")], to: "hidden")
    net.output(net.dense(hidden, from: 6, to: 3, "logits"), [nil, 3])
    return net.network
  }()
}
