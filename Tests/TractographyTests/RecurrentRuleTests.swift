import ModelGraph
import TestSupport
import Testing

/// Operators that recur, traced step by step.
@Suite struct `Rules of recurrent operators` {
  /// `a` [N, steps, 3] through an operator of 4 cells.
  private func recurrent(_ type: String, gates: Int, steps: Int, isLate: Bool = false) throws -> OperatorBench {
    try OperatorBench([steps, 3]) { net in
      net.node("Transpose", ["a"], ["turned"], ["perm": .ints([1, 0, 2])])
      net.node(
        type,
        [
          "turned", net.random("w", [1, gates * 4, 3]), net.random("r", [1, gates * 4, 4]), net.random("bias", [1, gates * 8]),
        ],
        ["y"], ["hidden_size": .int(4)].merging(isLate ? ["linear_before_reset": .int(1)] : [:]) { a, _ in a })
      net.node("Transpose", ["y"], ["b"], ["perm": .ints([2, 0, 1, 3])])
    }
  }

  @Test func `give the derivative's magnitude where a single step has no gates`() throws {
    let bench = try recurrent("RNN", gates: 1, steps: 1)
    let expected = try bench.slopes()
    #expect(expected.joined().contains { $0 > 0 })
    #expect(deviation(try bench.strengths(), from: expected) < 3e-3)
    #expect(deviation(try bench.strengths(batch: 1), from: expected) < 3e-3)
  }

  @Test(arguments: [("LSTM", 4, false), ("GRU", 3, false), ("GRU", 3, true), ("RNN", 1, false)])
  func `reach what comes after and nothing before`(_ type: String, _ gates: Int, _ isLate: Bool) throws {
    let bench = try recurrent(type, gates: gates, steps: 4, isLate: isLate)
    let strengths = try bench.strengths()
    #expect(deviation(try bench.strengths(batch: 1), from: strengths) < 1e-5)
    let slopes = try bench.slopes()
    for unit in 0..<bench.units {
      let (step, isActive) = (unit / 3, slopes[unit].contains { $0 > 1e-4 })
      for target in strengths[unit].indices {
        if target / 4 < step { #expect(strengths[unit][target] == 0) }
        // Without gates, which are held, paths' magnitudes add up to no less than the magnitude of their sum.
        if type == "RNN" { #expect(strengths[unit][target] >= slopes[unit][target] * 0.99 - 1e-3) }
      }
      if isActive { #expect(strengths[unit][step * 4..<step * 4 + 4].contains { $0 > 0 }) }
    }
  }

  /// One step of an LSTM, written out by the operator's definition.
  @Test func `are those of the step's own operators`() throws {
    let written = try OperatorBench([1, 3]) { net in
      let weights = [net.random("w", [1, 16, 3]), net.random("r", [1, 16, 4]), net.random("bias", [1, 32])]
      net.node("Squeeze", [weights[0], net.integers("zero", [0])], ["w2"])
      net.node("Squeeze", [weights[2], "zero"], ["biases"])
      net.node("Split", ["biases", net.integers("halves", [16, 16])], ["b1", "b2"], ["axis": .int(0)])
      net.node("Add", ["b1", "b2"], ["b12"])
      net.node("Add", [net.node("MatMul", ["a", net.node("Transpose", ["w2"], ["wt"])], ["z"]), "b12"], ["zb"])
      net.node(
        "Split", ["zb", net.integers("fours", [4, 4, 4, 4])], ["i", "o", "f", "c"], ["axis": .int(2)])
      net.node("Mul", [net.node("Sigmoid", ["i"], ["si"]), net.node("Tanh", ["c"], ["tc"])], ["cell"])
      net.node("Mul", [net.node("Sigmoid", ["o"], ["so"]), net.node("Tanh", ["cell"], ["th"])], ["h"])
      net.node("Unsqueeze", ["h", net.integers("two", [2])], ["b"])
    }
    let operators = try recurrent("LSTM", gates: 4, steps: 1).strengths()
    #expect(deviation(operators, from: try written.strengths()) < 1e-4)
  }
}
