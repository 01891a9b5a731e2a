import ModelGraph
import TestSupport
import Testing

/// A few operators, a random projection behind them, and three different rows: the network itself tells the derivative.
@Suite struct `Adjoint rules` {
  @Test(arguments: OperatorCase.linear + OperatorCase.layout + OperatorCase.pooling + OperatorCase.activations)
  func `give the derivative`(_ example: OperatorCase) throws {
    let bench = try AdjointBench(example)
    // The differences are of single precision and of second order in their step.
    #expect(try bench.deviation() < 4e-3)
  }

  /// The derivative of what is written step by step, at values that the operator itself gives.
  @Test(arguments: recurrence)
  func `give the derivative through time`(_ example: OperatorCase) throws {
    #expect(try AdjointBench(example).deviation() < 4e-3)
    let bench = try AdjointBench(example)
    let plain = try bench.whole()
    for (unrolled, value) in zip(try bench.outputs().read, plain) { #expect(abs(unrolled - value) < 1e-5) }
  }

  @Test(arguments: products + normalisations + reductions + choices + slices + attention + shapes)
  func `give the derivative where operands depend on one another`(_ example: OperatorCase) throws {
    #expect(try AdjointBench(example).deviation() < 4e-3)
  }

  /// An operator with attributes, weights after its first input, and whole numbers after those.
  private static func plain(
    _ type: String, _ shape: [Int], weights: [[Int]] = [], integers: [[Int64]] = [], opset: Int = 20, name: String? = nil,
    domain: String = "", _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) -> OperatorCase {
    OperatorCase(name: name ?? type, shape: shape, opset: opset) { net in
      let inputs =
        weights.enumerated().map { net.random("w\($0)", $1) } + integers.enumerated().map { net.integers("i\($0)", $1) }
      net.node(type, ["a"] + inputs, ["b"], attributes, domain: domain)
    }
  }

  private static func built(
    _ name: String, _ shape: [Int], opset: Int = 20, _ build: @escaping OperatorCase.Build
  ) -> OperatorCase {
    OperatorCase(name: name, shape: shape, opset: opset, build: build)
  }

  /// An operator over `a` [rows, time, features], with what it gives turned so that rows come first.
  private static func recurrent(
    _ name: String, _ type: String, gates: Int, directions: Int = 1, hasBias: Bool = true, steps: Int = 5, opset: Int = 20,
    readsLast: Bool = false, startsFromInput: Bool = false, _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) -> OperatorCase {
    OperatorCase(name: name, shape: [steps, 3], opset: opset) { net in
      var inputs = [
        net.node("Transpose", ["a"], ["turned"], ["perm": .ints([1, 0, 2])]),
        net.random("w", [directions, gates * 4, 3]), net.random("r", [directions, gates * 4, 4]),
        hasBias ? net.random("bias", [directions, 2 * gates * 4]) : "",
      ]
      if startsFromInput {
        net.node("MatMul", ["turned", net.random("v", [3, 4])], ["projected"])
        net.node("Split", ["projected", net.integers("parts", [1, Int64(steps) - 1])], ["start", "rest"], ["axis": .int(0)])
        inputs += ["", "start"] + (type == "LSTM" ? ["start"] : [])
      }
      net.node(type, inputs, ["y", "last"], attributes.merging(["hidden_size": .int(4)]) { a, _ in a })
      if readsLast {
        net.node("Transpose", ["last"], ["b"], ["perm": .ints([1, 0, 2])])
      } else {
        net.node("Transpose", ["y"], ["b"], ["perm": .ints([2, 0, 1, 3])])
      }
    }
  }

  static let recurrence = [
    recurrent("LSTM", "LSTM", gates: 4),
    recurrent("LSTM without bias, read at its end", "LSTM", gates: 4, hasBias: false, readsLast: true),
    recurrent("LSTM in both directions", "LSTM", gates: 4, directions: 2, ["direction": .string("bidirectional")]),
    recurrent("LSTM that starts from its input", "LSTM", gates: 4, startsFromInput: true),
    recurrent("LSTM of one step", "LSTM", gates: 4, steps: 1),
    recurrent("LSTM of operator set 11", "LSTM", gates: 4, opset: 11),
    recurrent("GRU", "GRU", gates: 3), recurrent("GRU without bias", "GRU", gates: 3, hasBias: false),
    recurrent("GRU that resets late", "GRU", gates: 3, ["linear_before_reset": .int(1)]),
    recurrent(
      "GRU that resets late, both ways, read at its end", "GRU", gates: 3, directions: 2, readsLast: true,
      ["linear_before_reset": .int(1), "direction": .string("bidirectional")]),
    recurrent("GRU backwards from its input", "GRU", gates: 3, startsFromInput: true, ["direction": .string("reverse")]),
    recurrent("RNN", "RNN", gates: 1), recurrent("RNN of ReLUs", "RNN", gates: 1, ["activations": .strings(["Relu"])]),
  ]

  static let products = [
    built("MatMul of two that vary", [3, 4]) { net in
      net.node("MatMul", ["a", net.node("Transpose", ["a"], ["turned"], ["perm": .ints([0, 2, 1])])], ["b"])
    },
    built("MatMul of a vector", [3, 4]) { net in net.node("MatMul", ["a", net.random("w", [4])], ["b"]) },
    built("MatMul of a matrix that is repeated", [2, 3, 4]) { net in
      net.node("ReduceMean", ["a", net.integers("first", [1])], ["mean"], ["keepdims": .int(1)])
      net.node("Transpose", ["mean"], ["turned"], ["perm": .ints([0, 1, 3, 2])])
      net.node("MatMul", ["a", "turned"], ["b"])
    },
    built("Gemm transposed, with a bias that varies", [4]) { net in
      net.node(
        "Gemm", ["a", net.random("w", [3, 4]), "bias"], ["b"], ["transB": .int(1), "alpha": .float(0.7), "beta": .float(-2)])
      net.node("MatMul", ["a", net.random("v", [4, 3])], ["bias"])
    },
    built("Gemm from the right", [4]) { net in
      net.node("Gemm", [net.random("w", [2, 4]), "a"], ["columns"], ["transB": .int(1), "alpha": .float(3)])
      net.node("Transpose", ["columns"], ["b"])
    },
    built("Einsum of two that vary", [3, 4]) { net in
      net.node("Einsum", ["a", "a"], ["b"], ["equation": .string("nij,nkj->nik")])
    },
    built("Einsum that sums a label of one operand", [3, 4]) { net in
      net.node("Einsum", ["a", net.random("w", [2, 3])], ["b"], ["equation": .string("nij,ki->nk")])
    },
    built("Mul and Div by what is repeated", [3, 4]) { net in
      net.node("ReduceSum", ["a", net.integers("axis", [2])], ["sum"], ["keepdims": .int(1)])
      net.node("Mul", ["a", "sum"], ["product"])
      net.node("Exp", ["sum"], ["positive"])
      net.node("Div", ["product", "positive"], ["b"])
    },
    built("Sub of fewer axes", [2, 3]) { net in
      net.node("Sub", [net.random("w", [4, 1, 1, 3]), "a"], ["repeated"])
      net.node("Transpose", [net.node("Tanh", ["repeated"], ["squashed"])], ["b"], ["perm": .ints([1, 0, 2, 3])])
    },
    built("Pow with exponents that vary", [5]) { net in
      net.node("Add", [net.node("Abs", ["a"], ["magnitude"]), net.number("one", 1)], ["base"])
      net.node("Pow", ["base", "a"], ["b"])
    },
    built("Pow of a fraction", [5]) { net in
      net.node("Add", [net.node("Abs", ["a"], ["magnitude"]), net.number("one", 1)], ["base"])
      net.node("Pow", ["base", net.number("exponent", -1.5)], ["b"])
    },
    built("Max and Min of several", [6]) { net in
      net.node("Neg", ["a"], ["minus"])
      net.node("Max", ["a", "minus", net.random("w", [6])], ["largest"])
      net.node("Min", ["largest", net.random("v", [6]), "a"], ["smallest"])
      net.node("Add", ["largest", "smallest"], ["b"])
    },
    built("Sum and Mean of several", [4]) { net in
      net.node("Sum", ["a", net.random("w", [4]), "a"], ["sum"])
      net.node("Mean", ["sum", "a", "sum"], ["b"])
    },
    built("Where between two that vary", [6]) { net in
      net.node("Greater", ["a", net.number("bound", 0.31)], ["condition"])
      net.node("Where", ["condition", net.node("Mul", ["a", "a"], ["square"]), "a"], ["b"])
    },
    built("SiLU", [6]) { net in net.node("Mul", ["a", net.node("Sigmoid", ["a"], ["gate"])], ["b"]) },
    built("BiasGelu", [6]) { net in
      net.node("BiasGelu", ["a", net.random("w", [6])], ["b"], domain: "com.microsoft")
    },
  ]

  static let normalisations = [
    built("BatchNormalization", [3, 2, 2]) { net in
      net.floats("variance", [3], [0.5, 1, 2])
      let inputs = ["scale", "shift", "mean"].map { net.random($0, [3]) }
      net.node("BatchNormalization", ["a"] + inputs + ["variance"], ["b"])
    },
    built("BatchNormalization of vectors", [3]) { net in
      net.floats("variance", [3], [0.5, 1, 2])
      let inputs = ["scale", "shift", "mean"].map { net.random($0, [3]) }
      net.node("BatchNormalization", ["a"] + inputs + ["variance"], ["b"])
    },
    plain("InstanceNormalization", [2, 3, 4], weights: [[2], [2]]),
    plain("LayerNormalization", [3, 5], weights: [[5], [5]]),
    plain("LayerNormalization", [3, 5], weights: [[3, 5]], name: "LayerNormalization over two axes", ["axis": .int(1)]),
    plain("GroupNormalization", [4, 3], weights: [[4], [4]], opset: 21, ["num_groups": .int(2)]),
    plain(
      "GroupNormalization", [4, 3], weights: [[2], [2]], opset: 18, name: "GroupNormalization, one scale a group",
      ["num_groups": .int(2)]),
    plain("RMSNormalization", [3, 5], weights: [[5]], opset: 23),
    plain("SimplifiedLayerNormalization", [3, 5], weights: [[5]]),
    built("SkipLayerNormalization", [3, 5]) { net in
      net.node("Mul", ["a", "a"], ["skip"])
      net.node(
        "SkipLayerNormalization", ["a", "skip", net.random("scale", [5]), net.random("shift", [5]), net.random("bias", [5])],
        ["normal", "", "", "sum"], domain: "com.microsoft")
      net.node("Add", ["normal", "sum"], ["b"])
    },
    plain("LpNormalization", [3, 5]),
    plain("LpNormalization", [3, 5], name: "LpNormalization of order 1", ["p": .int(1), "axis": .int(1)]),
    plain("LRN", [5, 2, 2], ["size": .int(3), "alpha": .float(0.6), "beta": .float(0.75), "bias": .float(1.5)]),
    plain("MeanVarianceNormalization", [2, 3, 2], ["axes": .ints([2, 3])]),
    built("layer normalisation, spelled out", [3, 5], opset: 17) { net in
      net.node("ReduceMean", ["a"], ["mean"], ["axes": .ints([-1])])
      net.node("Sub", ["a", "mean"], ["centred"])
      net.node("Pow", ["centred", net.number("two", 2)], ["square"])
      net.node("ReduceMean", ["square"], ["variance"], ["axes": .ints([-1])])
      net.node("Sqrt", [net.node("Add", ["variance", net.number("epsilon", 1e-5)], ["sum"])], ["deviation"])
      net.node("Mul", [net.node("Div", ["centred", "deviation"], ["normal"]), net.random("scale", [5])], ["b"])
    },
    built("root mean square, spelled out", [3, 5]) { net in
      net.node("ReduceMean", [net.node("Mul", ["a", "a"], ["square"]), net.integers("axis", [-1])], ["mean"])
      net.node("Reciprocal", [net.node("Sqrt", ["mean"], ["root"])], ["inverse"])
      net.node("Mul", ["a", "inverse"], ["b"])
    },
  ]

  static let reductions =
    ["ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp", "ReduceMin", "ReduceProd"].map {
      plain($0, [3, 4], integers: [[-1]])
    }
    + [
      plain("ReduceL2", [3, 4], opset: 13, name: "ReduceL2 of an older version", ["axes": .ints([1, 2]), "keepdims": .int(0)]),
      plain(
        "ReduceProd", [3, 4], opset: 13, name: "ReduceProd along the first axis", ["axes": .ints([1]), "keepdims": .int(0)]),
      built("ReduceLogSum", [3, 4]) { net in
        net.node("ReduceLogSum", [net.node("Exp", ["a"], ["positive"]), net.integers("axis", [1])], ["b"])
      },
      plain("Softmax", [3, 4]),
      plain("Softmax", [3, 4], name: "Softmax along another axis", ["axis": .int(1)]),
      plain("Softmax", [3, 4], opset: 11, name: "Softmax of an older version"),
      plain("LogSoftmax", [3, 4]),
      plain("CumSum", [3, 4], integers: [[1]], ["exclusive": .int(1), "reverse": .int(1)]),
    ]

  static let choices = [
    plain("Gather", [4, 3], integers: [[-1, 0, 2, 0]], name: "Gather with repeats", ["axis": .int(2)]),
    built("Gather of one", [4, 3]) { net in
      net.weight("one", [], [Int64(2)])
      net.node("Gather", ["a", "one"], ["b"], ["axis": .int(1)])
    },
    built("Gather by what the layer decides", [4]) { net in
      net.node("ArgMax", ["a"], ["largest"], ["axis": .int(1), "keepdims": .int(0)])
      net.node(
        "GatherElements", ["a", net.node("Unsqueeze", ["largest", net.integers("axis", [1])], ["column"])], ["chosen"],
        ["axis": .int(1)])
      net.node("Concat", ["a", "chosen"], ["b"], ["axis": .int(1)])
    },
    built("GatherND", [4, 3]) { net in
      net.weight("places", [3, 2, 3], [0, 0, 1, 0, 3, 2, 1, 1, 1, 1, 1, 1, 2, -1, -2, 2, 0, 0].map(Int64.init))
      net.node("GatherND", ["a", "places"], ["b"])
    },
    built("TopK", [6]) { net in net.node("TopK", ["a", net.integers("k", [2])], ["b", "places"]) },
  ]

  static let slices = [
    plain("Slice", [7, 5], integers: [[5, -1], [0, -6], [1, 2], [-2, -1]], name: "Slice backwards"),
    plain("Slice", [130], integers: [[3], [128], [1], [4]], name: "Slice of a long axis in steps"),
    plain("Slice", [130], integers: [[-2], [3], [1], [-3]], name: "Slice of a long axis backwards in steps"),
    plain(
      "Slice", [4, 6], opset: 9, name: "Slice of an older version",
      ["starts": .ints([1]), "ends": .ints([-1]), "axes": .ints([2])]),
    built("Slice to an end that follows from the shape", [4, 6]) { net in
      net.node("Shape", ["a"], ["shape"])
      net.node("Gather", ["shape", net.integers("place", [2])], ["length"])
      net.node("Div", ["length", net.integers("two", [2])], ["half"])
      net.node("Slice", ["a", net.integers("zero", [0]), "half", net.integers("axis", [2])], ["b"])
    },
    built("Split with parts unused", [9]) { net in
      net.node("Split", ["a", net.integers("lengths", [2, 3, 1, 3])], ["p", "q", "r", "s"], ["axis": .int(1)])
      net.node("Concat", ["s", "q"], ["b"], ["axis": .int(1)])
    },
    plain("Pad", [4, 3], integers: [[0, 1, -1, 0, 2, 1]], name: "Pad and crop"),
    plain("Pad", [4, 3], integers: [[0, 2, 0, 0, 1, 1]], name: "Pad by the edge", ["mode": .string("edge")]),
  ]

  static let shapes = [
    plain(
      "MaxPool", [2, 5, 5], opset: 12, name: "MaxPool with overlaps, of an older version",
      ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])]),
    plain(
      "AveragePool", [2, 6, 5], name: "AveragePool rounded up",
      ["kernel_shape": .ints([3, 2]), "strides": .ints([2, 2]), "ceil_mode": .int(1)]),
    plain("AveragePool", [3, 4, 4], name: "AveragePool of all", ["kernel_shape": .ints([4, 4])]),
    plain("Conv", [3, 6, 6], weights: [[4, 3, 1, 1]], name: "Conv of single pixels", ["pads": .ints([1, 1, 1, 1])]),
    plain(
      "Conv", [4, 6, 6], weights: [[4, 1, 3, 3]], name: "Conv of each channel", ["group": .int(4), "pads": .ints([1, 1, 1, 1])]),
    plain(
      "Conv", [4, 6, 6], weights: [[8, 1, 3, 3]], name: "Conv of each channel to two",
      ["group": .int(4), "strides": .ints([2, 2])]),
    plain("Conv", [2, 4, 4], weights: [[2, 2, 3, 3]], name: "Conv with wide pads", ["pads": .ints([3, 4, 3, 2])]),
    plain("DepthToSpace", [8, 2, 3], name: "DepthToSpace, columns first", ["blocksize": .int(2), "mode": .string("CRD")]),
    built("Resize, corners aligned", [2, 3, 4]) { net in
      net.floats("scales", [4], [1, 1, 2, 1.5])
      net.node(
        "Resize", ["a", "", "scales"], ["b"],
        ["mode": .string("linear"), "coordinate_transformation_mode": .string("align_corners")])
    },
    built("Resize to fewer", [2, 4, 6]) { net in
      net.floats("scales", [4], [1, 1, 0.5, 0.5])
      net.node("Resize", ["a", "", "scales"], ["b"], ["mode": .string("linear")])
    },
    plain("Trilu", [3, 3], ["upper": .int(0)]),
  ]

  static let attention = [
    built("attention, spelled out", [3, 4]) { net in
      let names = ["q", "k", "v"]
      for name in names { net.node("MatMul", ["a", net.random("w" + name, [4, 4])], [name]) }
      net.node("Transpose", ["k"], ["kt"], ["perm": .ints([0, 2, 1])])
      net.node("Softmax", [net.node("MatMul", ["q", "kt"], ["scores"])], ["weights"], ["axis": .int(-1)])
      net.node("MatMul", ["weights", "v"], ["b"])
    },
    built("MultiHeadAttention", [3, 4]) { net in
      for name in ["q", "k", "v"] { net.node("MatMul", ["a", net.random("w" + name, [4, 4])], [name]) }
      net.node("MultiHeadAttention", ["q", "k", "v"], ["b"], ["num_heads": .int(2)], domain: "com.microsoft")
    },
    built("Attention", [3, 4], opset: 23) { net in
      for name in ["q", "k", "v"] { net.node("MatMul", ["a", net.random("w" + name, [4, 4])], [name]) }
      net.node("Attention", ["q", "k", "v"], ["b"], ["q_num_heads": .int(2), "kv_num_heads": .int(2)])
    },
    built("RotaryEmbedding", [3, 8], opset: 23) { net in
      net.weight("places", [3, 3], [0, 1, 2, 3, 4, 5, 1, 0, 2].map(Int64.init))
      net.node(
        "RotaryEmbedding", ["a", net.random("cos", [6, 2]), net.random("sin", [6, 2]), "places"], ["b"],
        ["num_heads": .int(2)])
    },
  ]
}
