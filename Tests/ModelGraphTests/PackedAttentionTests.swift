import Testing

@testable import ModelGraph

/// Queries, keys and values as one product, taken apart as PyTorch's and timm's transformers do.
@Suite struct `Axes of packed queries, keys and values` {
  /// - Parameter isHeadFirst: whether heads stand before queries, keys and values, as in GPT-NeoX, or behind.
  private static func attention(isHeadFirst: Bool) -> LayoutGraph {
    var net = LayoutGraph([1, 17, 32])
    net.weight("w", [32, 96])
    net.weight("kernel", [8, 3, 1, 1])
    net.add("LayerNormalization", ["x", "w"], "normal", [1, 17, 32])
    net.add("MatMul", ["normal", "w"], "product", [1, 17, 96])
    let (parted, order) = isHeadFirst ? ([1, 17, 4, 3, 8], [3, 0, 2, 1, 4]) : ([1, 17, 3, 4, 8], [2, 0, 3, 1, 4])
    net.add("Reshape", ["product"], "parted", parted)
    net.add("Transpose", ["parted"], "turned", [3, 1, 4, 17, 8], ["perm": .ints(order)])
    net.add("Slice", ["turned"], "part", [1, 1, 4, 17, 8])
    net.add("Squeeze", ["part"], "queries", [1, 4, 17, 8], ["axes": .ints([0])])
    return net
  }

  @Test(arguments: [false, true])
  func `are heads beside which there are three`(_ isHeadFirst: Bool) {
    let net = Self.attention(isHeadFirst: isHeadFirst)
    let inference = net.inference()
    #expect(inference.roles(of: "parted")?[isHeadFirst ? 2 : 3] == .head)
    #expect(inference.roles(of: "parted")?[isHeadFirst ? 3 : 2] != .head)
    #expect(inference.roles(of: "queries")?[1] == .head && inference.roles(of: "queries")?[3] == .feature)
  }

  /// Of two axes of length 1 the one that is named is left out, and the other is the stimuli's.
  @Test func `aren't stimuli where one of them is taken out`() {
    var net = Self.attention(isHeadFirst: false)
    net.weight("v", [8, 5])
    let inference = net.inference()
    #expect(inference.countsSame(("turned", 1), ("queries", 0)) && !inference.countsSame(("turned", 0), ("queries", 0)))
  }

  /// A pooled token is taken by its row among all stimuli's: tokens stay what they are.
  @Test func `of tokens aren't windows where a row is chosen for each stimulus`() throws {
    var net = LayoutGraph([1, 12, 32])
    net.weight("w", [32, 32])
    net.builder.input("rows", [nil], type: .int64)
    net.shapes["rows"] = [1]
    net.add("MatMul", ["x", "w"], "hidden", [1, 12, 32])
    net.add("Flatten", ["hidden"], "flat", [12, 32], ["axis": .int(2)])
    net.add("Gather", ["flat", "rows"], "taken", [1, 32], ["axis": .int(0)])
    net.builder.output("taken", [nil, 32])
    // A fold of stimuli and tokens has no axis of stimuli alone.
    let inference = LayoutInference(
      of: Model(proto: net.builder.model, label: "pooled"), shapes: net.shapes, batchAxes: ["x": 0, "hidden": 0, "taken": 0])
    let roles = try #require(inference.roles(of: "hidden"))
    #expect(roles[0] == .batch && roles[1] != .batch && roles[1] != .window && roles[2] == .feature, "\(roles)")
  }
}
