import ModelGraph
import TestSupport
import Testing

/// The network's numbers may be halves or doubles; strengths are those of the same network in single precision but for its
/// rounding.
@Suite struct `Rules of networks in other precisions` {
  /// Celu is an operator of single precision only.
  private static let operators =
    (OperatorCase.linear + OperatorCase.layout + OperatorCase.pooling + OperatorCase.activations).filter { $0.name != "Celu" }

  @Test(arguments: operators)
  func `carry in half precision what they carry in single`(_ example: OperatorCase) throws {
    try expectSame(.float16, example.shape, opset: example.opset, within: 1e-2, example.build)
  }

  /// A convolution, normalisations of channels, a gate of pooled channels and a classifier.
  private static let convolutional: OperatorCase.Build = { net in
    for (name, values) in [
      ("scale", [0.5, -1.5, 2, -0.25]), ("shift", [1, 2, 3, 4]), ("mean", [4, 3, 2, 1]), ("variance", [0.3, 2, 1, 0.1]),
    ] {
      net.floats(name, [4], values.map { Float($0) })
    }
    net.node("Conv", ["a", net.random("w", [4, 3, 3, 3])], ["c"], ["pads": .ints([1, 1, 1, 1])])
    net.node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["batched"])
    net.node("InstanceNormalization", ["batched", "scale", "shift"], ["normal"])
    net.node("Mul", ["normal", net.node("Sigmoid", ["normal"], ["sigmoid"])], ["silu"])
    net.node("GlobalAveragePool", ["silu"], ["pooled"])
    net.node("Sigmoid", [net.node("Conv", ["pooled", net.random("mix", [4, 4, 1, 1])], ["mixed"])], ["gate"])
    net.node("MaxPool", [net.node("Mul", ["silu", "gate"], ["gated"])], ["largest"], ["kernel_shape": .ints([2, 2])])
    net.node("ReduceMax", ["largest", net.integers("rows", [2])], ["columns"], ["keepdims": .int(0)])
    net.node("Flatten", ["columns"], ["flat"])
    net.node("Gemm", ["flat", net.random("o", [20, 5]), net.random("bias", [5])], ["logits"])
    net.node("Softmax", ["logits"], ["b"], ["axis": .int(-1)])
  }

  /// Layer normalisation by hand, an activation by hand, a Concat with what isn't of `a` and a Where.
  private static let spelled: OperatorCase.Build = { net in
    net.node("ReduceMean", ["a", net.integers("last", [-1])], ["mean"])
    net.node("Sub", ["a", "mean"], ["centred"])
    net.node("Pow", ["centred", net.number("two", 2)], ["squares"])
    net.node("ReduceMean", ["squares", "last"], ["variance"])
    net.node("Sqrt", [net.node("Add", ["variance", net.number("epsilon", 1e-3)], ["safe"])], ["deviation"])
    net.node("Div", ["centred", "deviation"], ["normal"])
    net.node("MatMul", ["normal", net.random("w", [5, 6])], ["z"])
    net.node("Tanh", [net.node("Div", ["z", net.number("root", 1.4142135)], ["scaled"])], ["tanh"])
    net.node("Mul", ["z", net.node("Add", ["tanh", net.number("one", 1)], ["shifted"])], ["product"])
    net.node("Mul", ["product", net.number("half", 0.5)], ["gelu"])
    net.node("Where", [net.node("Greater", ["z", net.number("zero", 0)], ["isAbove"]), "gelu", "z"], ["chosen"])
    net.node("Concat", ["chosen", net.node("Relu", ["x"], ["other"])], ["b"], ["axis": .int(-1)])
  }

  @Test(arguments: [ElementType.float16, .double])
  func `carry through a whole network what they carry in single`(_ type: ElementType) throws {
    let tolerance = type == .float16 ? 2e-2 : 1e-5
    // ONNX Runtime convolves no float64 on processors.
    if type != .double { try expectSame(type, [3, 6, 6], within: tolerance, Self.convolutional) }
    try expectSame(type, [4, 5], within: tolerance, Self.spelled)
  }

  @Test func `carry in half precision more than a half holds`() throws {
    let strengths = try OperatorBench([2], type: .float16) { net in
      net.floats("opposite", [2, 2], [3e4, -3e4, -3e4, 3e4])
      net.floats("alike", [2, 1], [2, 2])
      net.node("MatMul", [net.node("MatMul", ["a", "opposite"], ["c"]), "alike"], ["b"])
    }.strengths()
    #expect(strengths.joined().contains { $0 > 65_504 })
    #expect(strengths.joined().allSatisfy { $0.isFinite })
  }

  private func expectSame(
    _ type: ElementType, _ shape: [Int], opset: Int = 20, within tolerance: Double, _ build: @escaping OperatorCase.Build
  ) throws {
    let expected = try OperatorBench(shape, opset: opset, build).strengths()
    let bench = try OperatorBench(shape, opset: opset, type: type, build)
    #expect(expected.joined().contains { $0 > 0 })
    #expect(deviation(try bench.strengths(), from: expected) < tolerance, "in batches")
    #expect(deviation(try bench.strengths(batch: 1), from: expected) < tolerance, "one by one")
  }
}
