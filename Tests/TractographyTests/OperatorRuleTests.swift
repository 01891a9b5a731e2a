import ModelGraph
import TestSupport
import Testing

/// One operator, or a function of one element spelled in several, joins two tensors: then the strength between two
/// units is |∂b/∂a|·a, and the network itself tells the derivative.
@Suite struct `Rules of single operators` {
  @Test(arguments: OperatorCase.linear + OperatorCase.layout + OperatorCase.pooling + OperatorCase.activations)
  func `give the derivative's magnitude`(_ example: OperatorCase) throws {
    let bench = try OperatorBench(example.shape, opset: example.opset, example.build)
    let expected = try bench.slopes()
    #expect(expected.joined().contains { $0 > 0 })
    // The differences are of single precision and of second order in their step.
    #expect(deviation(try bench.strengths(), from: expected) < 3e-3, "in batches")
    #expect(deviation(try bench.strengths(batch: 1), from: expected) < 3e-3, "one by one")
  }
}
