import ModelGraph
import TestSupport
import Testing

/// Normalisations and gates are held at what was observed: strengths are those of what is left.
@Suite struct `Rules that hold something` {
  /// Magnitude that goes straight on: C = a·factor of the same unit.
  private func straight(_ bench: OperatorBench, by factor: (Int, [Double]) -> Double) throws -> [[Double]] {
    let a = try bench.bench.values("a", stimulus: 1)
    return a.indices.map { i in a.indices.map { $0 == i ? a[i] * factor(i, a) : 0 } }
  }

  private func root(_ values: some Sequence<Double>, _ epsilon: Double, isCentred: Bool = true) -> Double {
    let values = Array(values)
    let mean = isCentred ? values.reduce(0, +) / Double(values.count) : 0
    let squares: Double = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count) + epsilon).squareRoot()
  }

  private let gamma: [Float] = [0.5, -1.5, 2, -0.25]

  /// The numbers follow from how many rows there are, in a batch of three as alone.
  @Test func `rows that are taken by their number keep their own`() throws {
    let bench = try OperatorBench([4]) { net in
      net.weight("zero", [], [Int64(0)])
      net.weight("one", [], [Int64(1)])
      net.node("Gather", [net.node("Shape", ["x"], ["shape"]), "zero"], ["count"])
      net.node("Gather", ["a", net.node("Range", ["zero", "count", "one"], ["numbers"])], ["b"])
    }
    #expect(deviation(try bench.strengths(), from: try straight(bench) { _, _ in 1 }) < 1e-6)
  }

  @Test func `batch normalisation leaves |γ|/√(σ² + ε)`() throws {
    let variance: [Float] = [0.3, 2, 1, 0.1]
    let bench = try OperatorBench([4, 2, 2]) { net in
      net.floats("gamma", [4], gamma)
      net.floats("beta", [4], [1, 2, 3, 4])
      net.floats("mean", [4], [4, 3, 2, 1])
      net.floats("variance", [4], variance)
      net.node("BatchNormalization", ["a", "gamma", "beta", "mean", "variance"], ["b"], ["epsilon": .float(0.01)])
    }
    let expected = try straight(bench) { unit, _ in
      Double(abs(gamma[unit / 4])) / (Double(variance[unit / 4]) + 0.01).squareRoot()
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  @Test(arguments: ["fused", "spelled out", "spelled out by a product"])
  func `layer normalisation leaves |γ|/σ of its position`(_ form: String) throws {
    let bench = try OperatorBench([3, 4]) { net in
      net.floats("gamma", [4], gamma)
      net.floats("beta", [4], [1, 2, 3, 4])
      if form == "fused" {
        net.node("LayerNormalization", ["a", "gamma", "beta"], ["b"])
        return
      }
      net.node("ReduceMean", ["a", net.integers("last", [-1])], ["mean"])
      net.node("Sub", ["a", "mean"], ["centred"])
      net.node("Pow", ["centred", net.number("two", 2)], ["squares"])
      net.node("ReduceMean", ["squares", "last"], ["variance"])
      net.node("Sqrt", [net.node("Add", ["variance", net.number("epsilon", 1e-5)], ["safe"])], ["deviation"])
      if form == "spelled out" {
        net.node("Div", ["centred", "deviation"], ["normal"])
      } else {
        net.node("Mul", ["centred", net.node("Reciprocal", ["deviation"], ["inverse"])], ["normal"])
      }
      net.node("Add", [net.node("Mul", ["normal", "gamma"], ["scaled"]), "beta"], ["b"])
    }
    let expected = try straight(bench) { unit, a in
      let row = unit / 4 * 4
      return Double(abs(gamma[unit % 4])) / root(a[row..<row + 4], 1e-5)
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  @Test(arguments: [true, false])
  func `normalisation by the root mean square leaves |γ| over it`(_ isFused: Bool) throws {
    let bench = try OperatorBench([3, 4]) { net in
      net.floats("gamma", [4], gamma)
      if isFused {
        net.node("SimplifiedLayerNormalization", ["a", "gamma"], ["b"], ["epsilon": .float(0.01)])
        return
      }
      net.node("ReduceMean", [net.node("Mul", ["a", "a"], ["squares"]), net.integers("last", [-1])], ["mean"])
      net.node("Sqrt", [net.node("Add", ["mean", net.number("epsilon", 0.01)], ["safe"])], ["root"])
      net.node("Div", [net.number("one", 1), "root"], ["inverse"])
      net.node("Mul", ["gamma", net.node("Mul", ["a", "inverse"], ["normal"])], ["b"])
    }
    let expected = try straight(bench) { unit, a in
      let row = unit / 4 * 4
      return Double(abs(gamma[unit % 4])) / root(a[row..<row + 4], 0.01, isCentred: false)
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  @Test func `a normalised sum with a skip gives both what the sum carries`() throws {
    let bench = try OperatorBench([3, 4]) { net in
      net.floats("gamma", [4], gamma)
      net.floats("beta", [4], [1, 2, 3, 4])
      net.node("MatMul", ["a", net.random("w", [4, 4])], ["inner"])
      net.node("SkipLayerNormalization", ["inner", "a", "gamma", "beta"], ["normal", "", "", "sum"], domain: "com.microsoft")
      net.node("Identity", ["sum"], ["b"])
    }
    let plain = try OperatorBench([3, 4]) { net in
      net.node("Add", [net.node("MatMul", ["a", net.random("w", [4, 4])], ["inner"]), "a"], ["b"])
    }
    #expect(deviation(try bench.strengths(), from: try plain.strengths()) < 1e-6)
  }

  @Test func `instance normalisation leaves |γ|/σ of its channel`() throws {
    let bench = try OperatorBench([4, 2, 3]) { net in
      net.floats("gamma", [4], gamma)
      net.floats("beta", [4], [1, 2, 3, 4])
      net.node("InstanceNormalization", ["a", "gamma", "beta"], ["b"])
    }
    let expected = try straight(bench) { unit, a in
      let row = unit / 6 * 6
      return Double(abs(gamma[unit / 6])) / root(a[row..<row + 6], 1e-5)
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  @Test(arguments: [18, 21])
  func `group normalisation leaves |γ|/σ of its group`(_ opset: Int) throws {
    let bench = try OperatorBench([4, 2, 3], opset: opset) { net in
      net.floats("gamma", [opset == 18 ? 2 : 4], opset == 18 ? [0.5, -1.5] : gamma)
      net.floats("beta", [opset == 18 ? 2 : 4], [Float](repeating: 1, count: opset == 18 ? 2 : 4))
      net.node("GroupNormalization", ["a", "gamma", "beta"], ["b"], ["num_groups": .int(2)])
    }
    let expected = try straight(bench) { unit, a in
      let row = unit / 12 * 12
      return Double(abs(gamma[opset == 18 ? unit / 12 : unit / 6])) / root(a[row..<row + 12], 1e-5)
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  @Test func `response normalisation across channels leaves what it divides by`() throws {
    let bench = try OperatorBench([5, 2, 2]) { net in
      net.node("LRN", ["a"], ["b"], ["size": .int(3), "alpha": .float(2), "beta": .float(0.5), "bias": .float(1.5)])
    }
    let expected = try straight(bench) { unit, a in
      let (channel, place) = (unit / 4, unit % 4)
      let near = (max(channel - 1, 0)...min(channel + 1, 4)).map { a[$0 * 4 + place] }
      let squares = near.reduce(0.0) { $0 + $1 * $1 }
      return 1 / (1.5 + 2.0 / 3 * squares).squareRoot()
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  @Test func `division by a norm holds the norm`() throws {
    let bench = try OperatorBench([2, 4]) { net in net.node("LpNormalization", ["a"], ["b"], ["p": .int(2)]) }
    let expected = try straight(bench) { unit, a in
      let row = unit / 4 * 4
      return 1 / a[row..<row + 4].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  @Test(arguments: ["fused", "spelled out"])
  func `softmax leaves the probability`(_ form: String) throws {
    let bench = try OperatorBench([3, 4]) { net in
      if form == "fused" {
        net.node("Softmax", ["a"], ["b"], ["axis": .int(-1)])
        return
      }
      net.node("ReduceMax", ["a", net.integers("last", [-1])], ["largest"])
      net.node("Exp", [net.node("Sub", ["a", "largest"], ["shifted"])], ["powers"])
      net.node("Div", ["powers", net.node("ReduceSum", ["powers", "last"], ["sum"])], ["b"])
    }
    let b = try bench.bench.values("b", stimulus: 1)
    #expect(deviation(try bench.strengths(), from: try straight(bench) { unit, _ in b[unit] }) < 1e-5)
  }

  @Test func `a gate of pooled channels lets through what it lets through`() throws {
    let bench = try OperatorBench([4, 3, 3]) { net in
      net.node("GlobalAveragePool", ["a"], ["pooled"])
      net.node("Sigmoid", [net.node("Conv", ["pooled", net.random("w", [4, 4, 1, 1])], ["mixed"])], ["gate"])
      net.node("Mul", ["a", "gate"], ["b"])
    }
    let gate = try bench.bench.values("gate", stimulus: 1)
    #expect(deviation(try bench.strengths(), from: try straight(bench) { unit, _ in gate[unit / 9] }) < 1e-5)
  }

  @Test func `a product without a gate holds each factor for the other`() throws {
    let bench = try OperatorBench([4]) { net in
      net.node("MatMul", ["a", net.random("u", [4, 3])], ["p"])
      net.node("MatMul", ["a", net.random("v", [4, 3])], ["q"])
      net.node("Mul", ["p", "q"], ["b"])
    }
    let a = try bench.bench.values("a", stimulus: 1)
    let x = try bench.bench.values("p", stimulus: 1).map { abs($0) }
    let y = try bench.bench.values("q", stimulus: 1).map { abs($0) }
    let u = try bench.bench.values("u", stimulus: 1).map { abs($0) }
    let v = try bench.bench.values("v", stimulus: 1).map { abs($0) }
    var expected = [[Double]](repeating: [Double](repeating: 0, count: 3), count: 4)
    for i in 0..<4 {
      for j in 0..<3 {
        let slope: Double = u[i * 3 + j] * y[j] + x[j] * v[i * 3 + j]
        expected[i][j] = a[i] * slope
      }
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  // MARK: Attention

  /// Attention with 2 heads of 3 over 4 positions of 6 features.
  private func attention(_ form: String, type: ElementType = .float) throws -> OperatorBench {
    try OperatorBench([4, 6], opset: form == "standard" ? 23 : 20, type: type) { net in
      for name in ["query", "key", "value"] { net.node("MatMul", ["a", net.random("w_\(name)", [6, 6])], [name]) }
      switch form {
      case "packed":
        let weights = net.node("Concat", ["w_query", "w_key", "w_value"], ["w"], ["axis": .int(1)])
        net.node("Attention", ["a", weights], ["b"], ["num_heads": .int(2)], domain: "com.microsoft")
      case "standard":
        net.node("Attention", ["query", "key", "value"], ["b"], ["q_num_heads": .int(2), "kv_num_heads": .int(2)])
      case "of the runtime":
        net.node("MultiHeadAttention", ["query", "key", "value"], ["b"], ["num_heads": .int(2)], domain: "com.microsoft")
      default:
        let heads = net.integers("heads", [0, 4, 2, 3])
        for name in ["query", "key", "value"] {
          net.node("Reshape", [name, heads], [name + "_split"])
          net.node(
            "Transpose", [name + "_split"], [name + "_heads"],
            ["perm": .ints(name == "key" ? [0, 2, 3, 1] : [0, 2, 1, 3])])
        }
        net.node("MatMul", ["query_heads", "key_heads"], ["scores"])
        net.node("Div", ["scores", net.number("scale", 1.7320508)], ["scaled"])
        net.node("Softmax", ["scaled"], ["weights"], ["axis": .int(-1)])
        net.node("MatMul", ["weights", "value_heads"], ["mixed"])
        net.node("Transpose", ["mixed"], ["merged"], ["perm": .ints([0, 2, 1, 3])])
        net.node("Reshape", ["merged", net.integers("flat", [0, 4, 6])], ["b"])
      }
    }
  }

  @Test func `attention lets values through by its weights`() throws {
    let bench = try attention("spelled out")
    let a = try bench.bench.values("a", stimulus: 1)
    let weights = try bench.bench.values("weights", stimulus: 1)
    let values = try bench.bench.values("w_value", stimulus: 1).map { abs($0) }
    // From position s, feature c, to position t, feature d of head d / 3.
    var expected = [[Double]](repeating: [Double](repeating: 0, count: 24), count: 24)
    for unit in 0..<24 {
      for target in 0..<24 {
        let (s, c, t, d) = (unit / 6, unit % 6, target / 6, target % 6)
        let weight: Double = weights[(d / 3 * 4 + t) * 4 + s]
        expected[unit][target] = a[unit] * values[c * 6 + d] * weight
      }
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  @Test(arguments: ["standard", "of the runtime", "packed"])
  func `attention in one operator carries what it carries spelled out`(_ form: String) throws {
    let expected = try attention("spelled out").strengths()
    #expect(deviation(try attention(form).strengths(), from: expected) < 1e-5)
    #expect(deviation(try attention(form).strengths(batch: 1), from: expected) < 1e-5)
  }

  @Test(arguments: ["spelled out", "standard", "of the runtime", "packed"])
  func `attention of half precision carries what that of single precision does`(_ form: String) throws {
    let expected = try attention("spelled out").strengths()
    let bench = try attention(form, type: .float16)
    #expect(deviation(try bench.strengths(), from: expected) < 1e-2)
    #expect(deviation(try bench.strengths(batch: 1), from: expected) < 1e-2)
  }
}
