import ModelGraph
import Testing

@Suite struct `A cut with a frozen tensor` {
  private func frozen(_ tensor: String, _ isFrozen: [Bool] = [true]) -> FrozenTensor {
    FrozenTensor(tensor: tensor, shape: [1, isFrozen.count], isFrozen: isFrozen)
  }

  @Test func `has a suffix of what goes around it`() throws {
    let model = Networks.residual(blocks: 2)
    let cut = try model.cut(at: "stem_relu", reading: "logits", freezing: frozen("b0_inner"))
    let suffix = cut.suffix.proto.graph
    // The branch's last convolution follows from what is frozen alone.
    #expect(cut.sideInputs.map(\.name) == ["b0_conv2"])
    #expect(!suffix.node.contains { $0.output.contains("b0_conv1") || $0.output.contains("b0_inner") })
    #expect(suffix.node.contains { $0.output.contains("b0_sum") } && suffix.node.contains { $0.output.contains("b1_conv1") })
    #expect(cut.prefix.proto.graph.output.map(\.name) == ["stem_relu", "b0_conv2"])
  }

  @Test func `follows from that alone where all ways lead through it`() throws {
    let cut = try Networks.residual(blocks: 2).cut(at: "b0_inner", reading: "logits", freezing: frozen("b0_conv2"))
    #expect(cut.sideInputs.map(\.name) == ["b0_conv2", "stem_relu"])
    #expect(!cut.suffix.proto.graph.node.contains { $0.input.contains("b0_inner") })
    #expect(cut.isAffine)
  }

  @Test func `gets what is frozen of it from the prefix`() throws {
    let model = Networks.residual(blocks: 1)
    let cut = try model.cut(at: "stem_relu", reading: "logits", freezing: frozen("b0_inner", [false, true, true, false]))
    #expect(cut.sideInputs == [SideInput(name: "b0_inner_intact", elementType: .float, dependsOnData: true)])
    let mask = try #require(cut.suffix.proto.graph.initializer.first { $0.name == "b0_inner_is_frozen" })
    #expect(mask.int32Data == [0, 1, 1, 0])
    let choice = try #require(cut.suffix.proto.graph.node.first { $0.opType == "Where" })
    #expect(choice.input == ["b0_inner_is_frozen", "b0_inner_intact", "b0_inner_lesioned"] && choice.output == ["b0_inner"])
    #expect(cut.prefix.proto.graph.output.map(\.name) == ["stem_relu", "b0_inner_intact"])
  }

  @Test func `isn't given twice what an operator makes beside it`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.add("Relu", "x", to: "a")
    net.builder.node("Split", ["a"], ["left", "right"], ["axis": .int(1)])
    net.add("Add", "left", "right", to: "y")
    net.builder.output("y", [nil, 2])
    let cut = try net.model.cut(at: "a", reading: "y", freezing: frozen("left"))
    let suffix = cut.suffix.proto.graph
    #expect(suffix.input.map(\.name) == ["a", "left"])
    #expect(suffix.node.first { $0.opType == "Split" }?.output == ["left_lesioned", "right"])
  }

  @Test(arguments: [
    ("b0_inner", "b0_inner", "it is the frozen tensor itself"), ("b1_inner", "b0_inner", "doesn't follow from it"),
    ("b0_conv2", "stem_relu", "doesn't follow from it"),
  ])
  func `is refused where nothing goes there`(_ tensor: String, _ other: String, _ words: String) throws {
    let model = Networks.residual(blocks: 2)
    let error = try #require(throws: ModelGraphError.self) {
      try model.cut(at: tensor, reading: "logits", freezing: frozen(other))
    }
    #expect(error.message.contains(words), "\(error)")
  }

  @Test func `keeps stretches of units, and knows ones that can't be`() {
    let some = frozen("a", [true, false, true, true])
    #expect(some.units == [0..<1, 2..<4] && some.unitCount == 3 && some.isConsistent)
    #expect(frozen("a", [true, true]).units == nil && frozen("a", [true, true]).unitCount == 2)
    #expect(frozen("a", [false, false]).unitCount == 0)
  }
}
