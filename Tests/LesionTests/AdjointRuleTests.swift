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
}
