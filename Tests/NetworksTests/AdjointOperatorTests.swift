import ModelGraph
import TestSupport
import Testing

/// Operators that put elements in places, and those that ONNX Runtime makes of several.
@Suite struct `Adjoint rules of rarer operators` {
  @Test(arguments: scattering + fused + pooling + functions + products + places)
  func `give the derivative`(_ example: OperatorCase) throws {
    let bench = try AdjointBench(example)
    #expect(try bench.deviation() < 4e-3)
    for (spelled, value) in zip(try bench.spelledOut(), try bench.whole()) { #expect(abs(spelled - value) < 1e-5) }
  }

  /// What would be derived wrongly isn't.
  @Test(arguments: refused)
  func `refuse`(_ example: OperatorCase) throws {
    #expect(throws: Undifferentiable.self) { try AdjointBench(example) }
  }

  private static func built(
    _ name: String, _ shape: [Int], opset: Int = 20, _ build: @escaping OperatorCase.Build
  ) -> OperatorCase {
    OperatorCase(name: name, shape: shape, opset: opset, build: build)
  }

  /// Of data [3, 4, 5] and updates [3, 2, 5], both made of `a`.
  private static func scattered(
    _ name: String, reduction: String?, opset: Int = 20, places: [Int64] = [3, 0, -1, 2, 1, 1, 2, 0, -4, 0]
  ) -> OperatorCase {
    built(name, [4, 5], opset: opset) { net in
      net.node("Mul", ["a", "a"], ["square"])
      net.node("Slice", ["square", net.integers("from", [0]), net.integers("to", [2]), net.integers("along", [1])], ["updates"])
      // Each row with places of its own.
      net.weight("places", [3, 2, 5], (0..<3).flatMap { row in places.map { row == 1 ? $0 : -1 - $0 } })
      let attributes = reduction.map { ["reduction": GraphBuilder.Attribute.string($0)] } ?? [:]
      net.node("ScatterElements", ["a", "places", "updates"], ["b"], attributes.merging(["axis": .int(-2)]) { a, _ in a })
    }
  }

  private static func scatteredBlocks(_ name: String, reduction: String?, places: [Int64], opset: Int = 20) -> OperatorCase {
    built(name, [4, 5], opset: opset) { net in
      net.node("Mul", ["a", "a"], ["square"])
      net.node("Slice", ["square", net.integers("from", [0]), net.integers("to", [2]), net.integers("along", [1])], ["updates"])
      net.weight("places", [3, 2, 2], places)
      let attributes = reduction.map { ["reduction": GraphBuilder.Attribute.string($0)] } ?? [:]
      net.node("ScatterND", ["a", "places", "updates"], ["b"], attributes)
    }
  }

  static let scattering = [
    scattered("ScatterElements", reduction: nil),
    scattered("ScatterElements of an older version", reduction: nil, opset: 11),
    scattered("ScatterElements that adds, twice in one place", reduction: "add", places: [3, 0, -1, 2, 1, 3, 2, 0, -4, 1]),
    scatteredBlocks("ScatterND", reduction: nil, places: [0, 3, 0, 1, 1, 0, 1, 2, 2, -1, 2, 0]),
    scatteredBlocks("ScatterND of an older version", reduction: nil, places: [0, 3, 0, 1, 1, 0, 1, 2, 2, -1, 2, 0], opset: 11),
    scatteredBlocks("ScatterND that adds, twice in one place", reduction: "add", places: [0, 3, 0, 3, 1, 0, 1, 2, 2, -1, 2, 0]),
    built("ScatterND of what the layer gives into a constant", [3, 2]) { net in
      net.weight("places", [3, 1], [2, 0, 4].map(Int64.init))
      net.node("Transpose", ["a"], ["turned"], ["perm": .ints([1, 0, 2])])
      net.node("ScatterND", [net.random("base", [5, 3, 2]), "places", "turned"], ["put"])
      net.node("Transpose", ["put"], ["b"], ["perm": .ints([1, 0, 2])])
    },
  ]

  static let refused = [
    scattered("ScatterElements that multiplies", reduction: "mul"),
    scatteredBlocks("ScatterND that takes the larger", reduction: "max", places: [0, 3, 0, 1, 1, 0, 1, 2, 2, -1, 2, 0]),
    built("unidirectional attention to more keys than queries", [4, 8]) { net in
      net.node("Concat", ["a", "a"], ["twice"], ["axis": .int(1)])
      net.node(
        "MultiHeadAttention", ["a", "twice", "twice"], ["b"], ["num_heads": .int(2), "unidirectional": .int(1)],
        domain: "com.microsoft")
    },
  ]

  private static func fusedConvolution(
    _ activation: String, parameters: [Float] = [], sum: Bool = false
  ) -> OperatorCase {
    built("FusedConv, \(activation)\(sum ? " of a sum" : "")", [3, 5, 5]) { net in
      var attributes: [String: GraphBuilder.Attribute] = [
        "activation": .string(activation), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]), "kernel_shape": .ints([3, 3]),
      ]
      if !parameters.isEmpty { attributes["activation_params"] = .floats(parameters) }
      var inputs = ["a", net.random("w", [4, 3, 3, 3]), net.random("bias", [4])]
      if sum { inputs.append(net.node("Conv", ["a", net.random("v", [4, 3, 1, 1])], ["z"], ["strides": .ints([2, 2])])) }
      net.node("FusedConv", inputs, ["b"], attributes, domain: "com.microsoft")
    }
  }

  private static func fusedGemm(_ activation: String, _ attributes: [String: GraphBuilder.Attribute] = [:]) -> OperatorCase {
    built("FusedGemm, \(activation)", [6]) { net in
      net.node(
        "FusedGemm", ["a", net.random("w", [9, 6]), net.random("bias", [9])], ["b"],
        attributes.merging(["activation": .string(activation), "transB": .int(1), "alpha": .float(1.5), "beta": .float(0.5)]) {
          a, _ in a
        }, domain: "com.microsoft")
    }
  }

  static let fused = [
    fusedConvolution("Relu"), fusedConvolution("LeakyRelu", parameters: [0.2]), fusedConvolution("Tanh"),
    fusedConvolution("Sigmoid"), fusedConvolution("Clip", parameters: [-0.4, 0.6]),
    fusedConvolution("HardSigmoid", parameters: [0.3, 0.4]), fusedConvolution("Relu", sum: true),
    fusedGemm("Relu"), fusedGemm("LeakyRelu", ["activation_alpha": .float(0.2)]), fusedGemm("Tanh"), fusedGemm("Sigmoid"),
    fusedGemm("Elu", ["activation_alpha": .float(0.7)]),
    fusedGemm("Selu", ["activation_alpha": .float(1.7), "activation_gamma": .float(1.1)]),
    fusedGemm("HardSigmoid", ["activation_alpha": .float(0.3), "activation_beta": .float(0.4)]),
    built("FusedMatMul", [3, 4]) { net in
      net.node(
        "FusedMatMul", ["a", net.random("w", [5, 4])], ["b"], ["transB": .int(1), "alpha": .float(-0.5)], domain: "com.microsoft")
    },
    built("FusedMatMul of two that vary", [3, 4]) { net in
      net.node("Tanh", ["a"], ["other"])
      net.node("FusedMatMul", ["a", "other"], ["b"], ["transA": .int(1)], domain: "com.microsoft")
    },
    built("FusedMatMul, both transposed", [3, 4]) { net in
      net.node("FusedMatMul", ["a", net.random("w", [2, 3])], ["b"], transposed, domain: "com.microsoft")
    },
    built("FusedMatMul of a matrix that is repeated", [2, 3, 4]) { net in
      net.node("ReduceMean", ["a", net.integers("first", [1])], ["mean"], ["keepdims": .int(1)])
      net.node("FusedMatMul", [net.random("v", [2, 4, 5]), "mean"], ["b"], transposed, domain: "com.microsoft")
    },
  ]

  private static let transposed: [String: GraphBuilder.Attribute] = ["transA": .int(1), "transB": .int(1), "alpha": .float(2)]

  private static func pool(_ name: String, _ type: String, _ attributes: [String: GraphBuilder.Attribute]) -> OperatorCase {
    built(name, [2, 6, 5]) { net in
      net.node("Mul", ["a", net.random("spread", [2, 6, 5])], ["z"])
      net.node(type, ["z"], ["b"], attributes)
    }
  }

  private static func sampled(_ name: String, varies: Bool = false, _ attributes: [String: GraphBuilder.Attribute])
    -> OperatorCase
  {
    built(name, [2, 4, 5]) { net in
      // Some places lie outside.
      let spread = (0..<36).map { number -> Float in Float((number * 17 + 5) % 36) / 14 - 1.3 }
      net.weight("grid", [3, 3, 2, 2], spread)
      var grid = "grid"
      if varies {
        net.node("ReduceMean", ["a", net.integers("space", [1, 2, 3])], ["mean"])
        grid = net.node("Add", ["grid", net.node("Mul", ["mean", net.number("little", 0.1)], ["shift"])], ["moved"])
      }
      net.node("GridSample", ["a", grid], ["b"], attributes)
    }
  }

  static let places = [
    sampled("GridSample", [:]), sampled("GridSample, corners aligned", ["align_corners": .int(1)]),
    sampled("GridSample with its border", ["padding_mode": .string("border")]),
    sampled("GridSample to the nearest", ["mode": .string("nearest")]),
    sampled("GridSample to the nearest with its border", ["mode": .string("nearest"), "padding_mode": .string("border")]),
    sampled("GridSample at places that vary", varies: true, [:]),
    sampled(
      "GridSample at places that vary, with its border", varies: true,
      ["padding_mode": .string("border"), "align_corners": .int(1)]),
    built("GatherND with rows of their own", [4, 3]) { net in
      net.weight("places", [3, 3, 2], [0, 1, 3, 2, 0, 1, 1, 1, 1, 1, 2, -1, -2, 2, 0, 0, 3, 1].map(Int64.init))
      net.node("GatherND", ["a", "places"], ["b"], ["batch_dims": .int(1)])
    },
  ]

  static let pooling = [
    pool("LpPool", "LpPool", ["kernel_shape": .ints([3, 2]), "strides": .ints([2, 1]), "pads": .ints([1, 0, 1, 1])]),
    pool("LpPool of order 1", "LpPool", ["kernel_shape": .ints([2, 2]), "p": .int(1)]),
    pool("LpPool of order 3", "LpPool", ["kernel_shape": .ints([2, 3]), "p": .int(3), "strides": .ints([2, 2])]),
    pool("GlobalLpPool", "GlobalLpPool", [:]), pool("GlobalLpPool of order 1", "GlobalLpPool", ["p": .int(1)]),
    pool("GlobalLpPool of order 3", "GlobalLpPool", ["p": .int(3)]),
  ]

  private static func function(
    _ name: String, below one: Bool = false, opset: Int = 20, _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) -> OperatorCase {
    built(name, [24], opset: opset) { net in
      net.weight("spread", [24], (0..<24).map { Float($0 % 2 == 0 ? 1 : -1) * (0.5 + Float($0) / 4) })
      net.node("Mul", ["a", "spread"], ["z"])
      if one { net.node("Mul", [net.node("Tanh", ["z"], ["t"]), net.number("most", 0.9)], ["bounded"]) }
      net.node(name, [one ? "bounded" : "z"], ["b"], attributes)
    }
  }

  static let functions = [
    function("Asin", below: true), function("Acos", below: true), function("Atanh", below: true), function("Asinh"),
    function("Tan", below: true), function("Sinh"), function("Cosh"), function("Atan"),
    function("Swish", opset: 24, ["alpha": .float(0.7)]), function("Shrink", ["lambd": .float(0.4), "bias": .float(0.1)]),
    built("Acosh", [6]) { net in
      net.node("Acosh", [net.node("Add", [net.node("Abs", ["a"], ["size"]), net.number("more", 1.5)], ["z"])], ["b"])
    },
  ]

  private static func einsum(
    _ name: String, _ equation: String, _ shape: [Int], with other: [Int]
  ) -> OperatorCase {
    built(name, shape) { net in
      net.node("Einsum", ["a", net.random("w", other)], ["b"], ["equation": .string(equation)])
    }
  }

  static let products = [
    einsum("Einsum with an ellipsis", "...ij,jk->...ik", [2, 3, 4], with: [4, 5]),
    einsum("Einsum with an ellipsis on both sides", "...i,...i->...", [2, 3], with: [3, 2, 3]),
    einsum("Einsum with an ellipsis of two axes", "i...j,...kj->i...k", [2, 3, 4], with: [2, 3, 5, 4]),
  ]
}
