import Testing

@testable import ModelGraph

@Suite struct `The channels of an input` {
  /// A node behind the one before: its operator, what it reads beside that, and its attributes.
  private typealias Step = (type: String, weights: [String], attributes: [String: GraphBuilder.Attribute])

  private static func channels(_ dimensions: [Int?], _ steps: [Step]) -> Int? {
    var builder = GraphBuilder(name: "channels", opset: 13)
    builder.input("x", dimensions)
    builder.weight("w", [1], [1] as [Float])
    builder.weight("row", [1, 1, 1], [1] as [Float])
    builder.weight("wide", [1, 1, 1, 1, 1, 1], [1] as [Float])
    builder.weight("one", [1], [1] as [Int64])
    builder.weight("minusOne", [1], [-1] as [Int64])
    var last = "x"
    for (number, step) in steps.enumerated() {
      last = builder.node(step.type, [last] + step.weights, ["t\(number)"], step.attributes)
    }
    builder.output(last, [nil])
    return Model(proto: builder.model).inputs[0].channelAxis
  }

  @Test func `are those of a convolution, through what moves and keeps axes`() {
    let conv: Step = ("Conv", ["w"], [:])
    func turned(_ order: [Int]) -> Step { ("Transpose", [], ["perm": .ints(order)]) }
    #expect(Self.channels([nil, 3, 9, 9], [conv]) == 1)
    #expect(Self.channels([nil, 9, 9, 3], [turned([0, 3, 1, 2]), conv]) == 3)
    #expect(Self.channels([nil, nil, 3], [turned([0, 2, 1]), conv]) == 2)
    #expect(Self.channels([nil, 3, 3], [conv]) == 1)
    #expect(Self.channels([nil, 9, 9, 3], [("Sub", ["row"], [:]), ("Relu", [], [:]), turned([0, 3, 1, 2]), conv]) == 3)
    #expect(Self.channels([nil, 9, 3], [("Unsqueeze", ["one"], [:]), turned([0, 3, 1, 2]), conv]) == 2)
    #expect(Self.channels([nil, 3, 9], [("Unsqueeze", ["minusOne"], [:]), conv]) == 1)
    #expect(Self.channels([nil, 1, 3, 9], [("Squeeze", ["one"], [:]), conv]) == 2)
    #expect(Self.channels([nil, 9, 9, 3], [("NhwcConv", ["w"], [:])]) == 3)
    #expect(Self.channels([9, nil, 3], [("GRU", ["w", "w"], [:])]) == 2)
    #expect(Self.channels([nil, 9, 3], [turned([1, 0, 2]), ("LSTM", ["w", "w"], [:])]) == 2)
    #expect(Self.channels([nil, 5], [("BatchNormalization", ["w", "w", "w", "w"], [:])]) == 1)
  }

  @Test func `aren't told by weights along the last axis, by an axis that was made, or behind what hides axes`() {
    let conv: Step = ("Conv", ["w"], [:])
    #expect(Self.channels([nil, 3, 3], [("MatMul", ["w"], [:])]) == nil)
    #expect(Self.channels([nil, 9, 9], [("Unsqueeze", ["one"], [:]), conv]) == nil)
    #expect(Self.channels([nil, 9, 9, 3], [("Add", ["wide"], [:]), conv]) == nil)
    #expect(Self.channels([nil, 9, 9, 3], [("Reshape", ["one"], [:]), conv]) == nil)
    #expect(Self.channels([nil], [("Relu", [], [:])]) == nil)
  }
}
