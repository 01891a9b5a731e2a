import ModelGraph
import Testing

@Suite struct `The activations of a pass` {
  /// Every tensor with ten elements.
  private func shapes(_ model: Model) -> [String: [Int]] {
    Dictionary(
      uniqueKeysWithValues: (model.inputs.map(\.name) + model.proto.graph.node.flatMap(\.output)).map { ($0, [1, 10]) })
  }

  @Test func `are two at a time in a chain, and three where one is skipped to`() {
    let chain = Networks.plain(convolutions: 3, pooledAfter: [])
    #expect(chain.peakActivationBytes(shapes: shapes(chain)) == 2 * 40)
    let residual = Networks.residual(blocks: 2)
    #expect(residual.peakActivationBytes(shapes: shapes(residual)) == 3 * 40)
  }

  @Test func `count as nothing where their shapes aren't known`() {
    #expect(Networks.residual(blocks: 1).peakActivationBytes(shapes: [:]) == 0)
  }

  @Test func `are no weights`() {
    // A weight of one float for each operand that has one.
    #expect(Networks.plain(convolutions: 2, pooledAfter: []).weightBytes == 4 * 4)
  }
}
