package import ModelGraph

/// A few operators that lead from a tensor `a` to a tensor `b`, for checks of what is known of single operators.
package struct OperatorCase: Sendable, CustomStringConvertible {
  /// Writes the operators.
  package typealias Build = @Sendable (inout GraphBuilder) -> Void

  package let name: String
  /// Of `a`, without the batch axis.
  package let shape: [Int]
  package var opset: Int
  package let build: Build

  package init(name: String, shape: [Int], opset: Int = 20, build: @escaping Build) {
    self.name = name
    self.shape = shape
    self.opset = opset
    self.build = build
  }

  package var description: String { name }
}

/// One operator, or a function of one element spelled in several.
extension OperatorCase {
  /// An operator with attributes, and weights after its first input.
  private static func plain(
    _ name: String, _ shape: [Int], weights: [[Int]] = [], opset: Int = 20, _ type: String? = nil,
    _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) -> OperatorCase {
    OperatorCase(name: name, shape: shape, opset: opset) { net in
      let inputs = weights.enumerated().map { net.random("w\($0)", $1) }
      net.node(type ?? name, ["a"] + inputs, ["b"], attributes)
    }
  }

  /// An operator with whole numbers after its first input.
  private static func shaped(
    _ name: String, _ shape: [Int], _ integers: [[Int64]], opset: Int = 20, _ type: String? = nil,
    _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) -> OperatorCase {
    OperatorCase(name: name, shape: shape, opset: opset) { net in
      let inputs = integers.enumerated().map { $1.isEmpty ? "" : net.integers("i\($0)", $1) }
      net.node(type ?? name, ["a"] + inputs, ["b"], attributes)
    }
  }

  package static let linear = [
    plain(
      "Conv with pads, stride and bias", [3, 7, 6], weights: [[4, 3, 3, 3], [4]], "Conv",
      ["pads": .ints([1, 0, 1, 2]), "strides": .ints([2, 1])]),
    plain("Conv in groups", [4, 5, 5], weights: [[6, 2, 3, 3]], "Conv", ["group": .int(2)]),
    plain("Conv with dilation", [2, 7, 7], weights: [[3, 2, 3, 3]], "Conv", ["dilations": .ints([2, 3])]),
    plain(
      "Conv padded to the same size", [2, 5, 5], weights: [[3, 2, 3, 3]], "Conv",
      ["auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])]),
    plain("Conv along one axis", [3, 9], weights: [[2, 3, 4]], "Conv", ["pads": .ints([2, 1])]),
    plain("Conv in three dimensions", [2, 3, 4, 3], weights: [[2, 2, 2, 2, 2]], "Conv"),
    plain(
      "ConvTranspose", [4, 3, 4], weights: [[4, 2, 3, 3], [4]], "ConvTranspose",
      ["group": .int(2), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]), "output_padding": .ints([1, 1])]),
    plain("Gemm", [6], weights: [[4, 6], [4]], "Gemm", ["transB": .int(1), "alpha": .float(-0.5), "beta": .float(2)]),
    plain("MatMul", [3, 5], weights: [[5, 4]]),
    OperatorCase(name: "MatMul from the left", shape: [3, 5]) { net in net.node("MatMul", [net.random("w", [4, 3]), "a"], ["b"])
    },
    OperatorCase(name: "Einsum", shape: [3, 4]) { net in
      net.node("Einsum", ["a", net.random("w", [5, 4])], ["b"], ["equation": .string("nij,kj->nik")])
    },
  ]

  package static let layout = [
    plain("Transpose", [2, 3, 4], "Transpose", ["perm": .ints([0, 3, 1, 2])]),
    shaped("Reshape", [2, 6], [[0, 3, -1]]),
    plain("Flatten", [2, 3, 2]),
    shaped("Squeeze", [1, 5], [[1]]),
    shaped("Unsqueeze", [5], [[2]]),
    shaped("Slice", [4, 6], [[1, 0], [4, 6], [1, 2], [1, 2]]),
    OperatorCase(name: "Split", shape: [5]) { net in
      net.node("Split", ["a", net.integers("i", [2, 3])], ["unused", "b"], ["axis": .int(1)])
    },
    shaped("Gather", [4, 3], [[2, 0, 2]], "Gather", ["axis": .int(1)]),
    OperatorCase(name: "GatherElements", shape: [4]) { net in
      net.node("Reshape", [net.integers("flat", [2, 0, 3]), net.integers("row", [1, 3])], ["indices"])
      net.node(
        "Expand",
        [
          "indices",
          net.node(
            "Concat",
            [
              net.node("Gather", [net.node("Shape", ["a"], ["shape"]), net.integers("first", [0])], ["rows"]),
              net.integers("three", [3]),
            ], ["target"], ["axis": .int(0)]),
        ], ["repeated"])
      net.node("GatherElements", ["a", "repeated"], ["b"], ["axis": .int(1)])
    },
    OperatorCase(name: "Pad with a number", shape: [2, 3]) { net in
      net.node("Pad", ["a", net.integers("i", [0, 1, 0, 0, 0, 2]), net.number("c", 3)], ["b"])
    },
    shaped("Pad by reflection", [2, 4], [[0, 0, 2, 0, 0, 1]], "Pad", ["mode": .string("reflect")]),
    shaped("Tile", [2, 3], [[1, 2, 2]]),
    shaped("Expand", [1, 3], [[1, 4, 3]]),
    OperatorCase(name: "Concat with itself and a weight", shape: [3, 2]) { net in
      net.floats("w", [1, 2, 2], [1, 2, 3, 4])
      net.node("Shape", ["a"], ["shape"])
      net.node("Gather", ["shape", net.integers("first", [0])], ["rows"], ["axis": .int(0)])
      net.node("Concat", ["rows", net.integers("rest", [2, 2])], ["target"], ["axis": .int(0)])
      net.node("Expand", ["w", "target"], ["repeated"])
      net.node("Concat", ["a", "repeated", "a"], ["b"], ["axis": .int(1)])
    },
    plain("DepthToSpace", [8, 2, 2], "DepthToSpace", ["blocksize": .int(2)]),
    plain("SpaceToDepth", [2, 4, 4], "SpaceToDepth", ["blocksize": .int(2)]),
    OperatorCase(name: "Resize to the nearest", shape: [2, 3, 3]) { net in
      net.floats("scales", [4], [1, 1, 2, 2])
      net.node("Resize", ["a", "", "scales"], ["b"], ["mode": .string("nearest")])
    },
    OperatorCase(name: "Resize by interpolation to a size", shape: [2, 3, 3]) { net in
      net.node("Shape", ["a"], ["shape"])
      net.node("Gather", ["shape", net.integers("first", [0, 1])], ["front"], ["axis": .int(0)])
      net.node("Concat", ["front", net.integers("rest", [5, 4])], ["sizes"], ["axis": .int(0)])
      net.node("Resize", ["a", "", "", "sizes"], ["b"], ["mode": .string("linear")])
    },
    shaped("ReduceMean", [3, 4], [[-1]]),
    plain("ReduceMean of an older version", [3, 4], opset: 11, "ReduceMean", ["axes": .ints([1]), "keepdims": .int(0)]),
    shaped("ReduceSum", [3, 4], [[1]], "ReduceSum", ["keepdims": .int(0)]),
    shaped("CumSum", [3, 4], [[1]], "CumSum"),
    OperatorCase(name: "Where", shape: [4]) { net in
      net.node("Greater", [net.random("w", [4]), net.number("zero", 0)], ["condition"])
      net.node("Where", ["condition", "a", net.number("other", 5)], ["b"])
    },
    plain("Dropout at rest", [5], "Dropout"),
  ]

  package static let pooling = [
    plain(
      "MaxPool", [3, 6, 7], "MaxPool",
      ["kernel_shape": .ints([3, 2]), "strides": .ints([2, 2]), "pads": .ints([1, 0, 1, 1])]),
    plain("MaxPool with dilation", [2, 7, 7], "MaxPool", ["kernel_shape": .ints([3, 3]), "dilations": .ints([2, 2])]),
    plain(
      "MaxPool rounded up", [2, 5, 5], "MaxPool",
      ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2]), "ceil_mode": .int(1)]),
    plain("MaxPool along one axis", [2, 8], "MaxPool", ["kernel_shape": .ints([3])]),
    plain(
      "AveragePool", [2, 5, 5], "AveragePool",
      ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])]),
    plain(
      "AveragePool that counts pads", [2, 5, 5], "AveragePool",
      ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "count_include_pad": .int(1)]),
    plain("GlobalAveragePool", [3, 4, 4]),
    plain("GlobalMaxPool", [3, 4, 4]),
    plain("ReduceMax of an older version", [3, 4], opset: 12, "ReduceMax", ["axes": .ints([-1]), "keepdims": .int(0)]),
    shaped("ReduceMax", [3, 4], [[1]]),
  ]

  /// The activation of w·a, w of either sign, so that it is seen on both sides of 0.
  private static func activation(
    _ name: String, _ type: String? = nil, opset: Int = 20, domain: String = "",
    _ attributes: [String: GraphBuilder.Attribute] = [:], also: @escaping @Sendable (inout GraphBuilder) -> [String] = { _ in [] }
  ) -> OperatorCase {
    OperatorCase(name: name, shape: [24], opset: opset) { net in
      net.weight("spread", [24], (0..<24).map { Float($0 % 2 == 0 ? 1 : -1) * (0.5 + Float($0) / 4) })
      net.node("Mul", ["a", "spread"], ["z"])
      net.node(type ?? name, ["z"] + also(&net), ["b"], attributes, domain: domain)
    }
  }

  package static let activations = [
    activation("Relu"), activation("LeakyRelu", "LeakyRelu", ["alpha": .float(0.2)]),
    activation("PRelu") { [$0.random("slope", [24])] }, activation("ThresholdedRelu", "ThresholdedRelu", ["alpha": .float(0.7)]),
    activation("Elu", "Elu", ["alpha": .float(0.8)]), activation("Selu"), activation("Celu", "Celu", ["alpha": .float(0.6)]),
    activation("Clip") { [$0.number("low", -0.4), $0.number("high", 1.1)] },
    activation("Clip of an older version", "Clip", opset: 10, ["min": .float(-0.4), "max": .float(1.1)]),
    activation("Sigmoid"), activation("HardSigmoid"), activation("Tanh"), activation("Softplus"), activation("Softsign"),
    activation("Erf"), activation("Gelu"), activation("Gelu by tanh", "Gelu", ["approximate": .string("tanh")]),
    activation("QuickGelu", domain: "com.microsoft"), activation("FastGelu", domain: "com.microsoft"),
    activation("HardSwish"), activation("Mish"), activation("Exp"), activation("Abs"), activation("Neg"),
    activation("Sin"), activation("Cos"), activation("Pow") { [$0.number("exponent", 2)] },
    activation("Max") { [$0.number("floor", 0.3)] }, activation("Min") { [$0.number("ceiling", 0.3)] },
    OperatorCase(name: "Sqrt, Log and Reciprocal", shape: [6]) { net in
      net.node("Sqrt", [net.node("Add", ["a", net.number("one", 1)], ["sum"])], ["root"])
      net.node("Log", ["root"], ["log"])
      net.node("Reciprocal", [net.node("Add", ["log", net.number("two", 2)], ["shifted"])], ["b"])
    },
    OperatorCase(name: "a number over a tensor", shape: [6]) { net in
      net.node("Div", [net.number("two", 2), net.node("Add", ["a", net.number("one", 1)], ["sum"])], ["b"])
    },
    composed("x·σ(x)") { net in net.node("Mul", ["z", net.node("Sigmoid", ["z"], ["gate"])], ["b"]) },
    composed("GELU by Erf") { net in
      net.node("Erf", [net.node("Div", ["z", net.number("root", 1.4142135)], ["scaled"])], ["erf"])
      net.node("Mul", ["z", net.node("Add", ["erf", net.number("one", 1)], ["shifted"])], ["product"])
      net.node("Mul", ["product", net.number("half", 0.5)], ["b"])
    },
    composed("GELU by tanh, spelled out") { net in
      net.node("Pow", ["z", net.number("three", 3)], ["cube"])
      net.node("Add", ["z", net.node("Mul", ["cube", net.number("c", 0.044715)], ["small"])], ["inner"])
      net.node("Tanh", [net.node("Mul", ["inner", net.number("k", 0.7978846)], ["scaled"])], ["tanh"])
      net.node("Mul", ["z", net.number("half", 0.5)], ["halved"])
      net.node("Mul", ["halved", net.node("Add", ["tanh", net.number("one", 1)], ["shifted"])], ["b"])
    },
    composed("HardSwish, spelled out") { net in
      net.node(
        "Clip",
        [net.node("Add", ["z", net.number("three", 3)], ["shifted"]), net.number("low", 0), net.number("six", 6)], ["clipped"])
      net.node("Div", [net.node("Mul", ["z", "clipped"], ["product"]), net.number("six_too", 6)], ["b"])
    },
    composed("Mish, spelled out") { net in
      net.node("Mul", ["z", net.node("Tanh", [net.node("Softplus", ["z"], ["soft"])], ["gate"])], ["b"])
    },
    composed("a square") { net in net.node("Mul", ["z", "z"], ["b"]) },
  ]

  /// A function of w·a spelled in several operators.
  private static func composed(_ name: String, _ build: @escaping Build) -> OperatorCase {
    OperatorCase(name: name, shape: [24]) { net in
      net.weight("spread", [24], (0..<24).map { Float($0 % 2 == 0 ? 1 : -1) * (0.5 + Float($0) / 4) })
      net.node("Mul", ["a", "spread"], ["z"])
      build(&net)
    }
  }
}
