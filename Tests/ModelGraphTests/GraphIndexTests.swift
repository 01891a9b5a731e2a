import ModelGraph
import Testing

@Suite struct `A graph's index` {
  @Test func `knows who makes and who reads a tensor`() {
    let index = Networks.residual(blocks: 1).index
    #expect(index.producer(of: "image") == nil)
    #expect(index.producer(of: "stem_relu") == 1)
    #expect(index.consumers(of: "stem_relu") == [2, 6])
    #expect(index.dependence(of: "unknown") == nil)
  }

  @Test func `tells data, shapes and constants apart`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.add("Shape", "x", to: "shape")
    net.add("ConstantOfShape", "shape", to: "zeros")
    net.add("Neg", net.weight(), to: "constant")
    net.add("Shape", "constant", to: "constant_shape")
    net.add("Add", "x", "zeros", to: "sum")
    net.add("NonZero", "x", to: "found")
    net.add("Shape", "found", to: "how_many")
    net.add("RandomNormalLike", "constant", to: "draw")
    net.builder.output("sum", [nil, 4])
    let expected: [String: GraphIndex.Dependence] = [
      "x": .data, "shape": .shapes, "zeros": .shapes, "constant": .constant, "constant_shape": .constant, "sum": .data,
      "found": .data, "how_many": .data, "draw": .data, "w1": .constant,
    ]
    for (tensor, dependence) in expected { #expect(net.model.index.dependence(of: tensor) == dependence, "\(tensor)") }
  }

  @Test func `puts nodes in order that the file has out of order`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.add("Relu", "b", to: "y")
    net.add("Neg", "a", to: "b")
    net.add("Abs", "x", to: "a")
    net.builder.output("y", [nil, 4])
    #expect(net.model.layerCandidates().map(\.tensor) == ["a", "b"])
    let cut = try net.model.cut(at: "a", reading: "y")
    #expect(cut.suffix.proto.graph.node.map(\.opType) == ["Neg", "Relu"])
  }
}
