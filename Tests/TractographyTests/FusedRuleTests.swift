import ModelGraph
import TestSupport
import Testing

/// Operators that are several in one, and products of quantised numbers.
@Suite struct `Rules of fused operators` {
  private func expectDerivative(_ shape: [Int], _ build: @escaping OperatorCase.Build) throws {
    let bench = try OperatorBench(shape, build)
    let expected = try bench.slopes()
    #expect(expected.joined().contains { $0 > 0 })
    #expect(deviation(try bench.strengths(), from: expected) < 3e-3, "in batches")
    #expect(deviation(try bench.strengths(batch: 1), from: expected) < 3e-3, "one by one")
  }

  @Test func `give the derivative's magnitude after a convolution`() throws {
    try expectDerivative([3, 5, 5]) { net in
      net.node(
        "FusedConv", ["a", net.random("w", [4, 3, 3, 3]), net.random("bias", [4])], ["b"],
        ["activation": .string("LeakyRelu"), "activation_params": .floats([0.2]), "pads": .ints([1, 1, 1, 1])],
        domain: "com.microsoft")
    }
  }

  @Test func `give the derivative's magnitude after a matrix product`() throws {
    try expectDerivative([6]) { net in
      net.node(
        "FusedGemm", ["a", net.random("w", [4, 6]), net.random("bias", [4])], ["b"],
        ["activation": .string("Tanh"), "transB": .int(1), "alpha": .float(0.5)], domain: "com.microsoft")
    }
  }

  @Test func `give the derivative's magnitude where places are picked`() throws {
    try expectDerivative([3, 4]) { net in
      net.node("Reshape", [net.integers("flat", [2, 1, 0, 3]), net.integers("rows", [1, 2, 2])], ["places"])
      net.node("Shape", ["a"], ["shape"])
      net.node("Gather", ["shape", net.integers("first", [0])], ["count"], ["axis": .int(0)])
      net.node("Concat", ["count", net.integers("rest", [2, 2])], ["target"], ["axis": .int(0)])
      net.node("Expand", ["places", "target"], ["repeated"])
      net.node("GatherND", ["a", "repeated"], ["b"], ["batch_dims": .int(1)])
    }
  }

  @Test func `of a convolution with a sum in it are those of both`() throws {
    let pads: [String: GraphBuilder.Attribute] = ["pads": .ints([1, 1, 1, 1])]
    let fused = try OperatorBench([3, 4, 4]) { net in
      net.node(
        "FusedConv", ["a", net.random("w", [3, 3, 3, 3]), net.random("bias", [3]), "a"], ["b"],
        pads.merging(["activation": .string("Relu")]) { a, _ in a }, domain: "com.microsoft")
    }
    let plain = try OperatorBench([3, 4, 4]) { net in
      net.node("Conv", ["a", net.random("w", [3, 3, 3, 3]), net.random("bias", [3])], ["c"], pads)
      net.node("Relu", [net.node("Add", ["c", "a"], ["sum"])], ["b"])
    }
    #expect(deviation(try fused.strengths(), from: try plain.strengths()) < 1e-5)
  }

  /// The same network with and without quantised products: strengths agree but for the rounding.
  @Test(arguments: [false, true])
  func `of integers are those of the numbers that they stand for`(_ convolves: Bool) throws {
    func build(_ isQuantized: Bool) -> OperatorCase.Build {
      { net in
        let shape = convolves ? [4, 2, 3, 3] : [5, 4]
        let weights = net.random("w", shape)
        let attributes: [String: GraphBuilder.Attribute] = convolves ? ["pads": .ints([1, 1, 1, 1])] : [:]
        guard isQuantized else {
          net.node(convolves ? "Conv" : "MatMul", ["a", weights], ["b"], attributes)
          return
        }
        net.node("DynamicQuantizeLinear", ["a"], ["q", "q_scale", "q_zero"])
        net.node("Cast", [net.integers("hundred", [128])], ["w_zeros"], ["to": .int(2)])
        net.node("Squeeze", ["w_zeros"], ["w_zero"])
        net.node("QuantizeLinear", [weights, net.number("w_scale", 0.008), "w_zero"], ["w_q"])
        net.node(
          convolves ? "ConvInteger" : "MatMulInteger", ["q", "w_q", "q_zero", "w_zero"], ["product"], attributes)
        net.node("Cast", ["product"], ["product_float"], ["to": .int(1)])
        net.node("Mul", ["product_float", net.node("Mul", ["q_scale", "w_scale"], ["scale"])], ["b"])
      }
    }
    let shape = convolves ? [2, 4, 4] : [3, 5]
    let expected = try OperatorBench(shape, build(false)).strengths()
    let bench = try OperatorBench(shape, build(true))
    #expect(deviation(try bench.strengths(), from: expected) < 2e-2)
    #expect(deviation(try bench.strengths(batch: 1), from: expected) < 2e-2)
  }
}
