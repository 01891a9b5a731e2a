import Foundation
import ModelGraph
import Testing

@Suite struct `Shuffled weights` {
  /// a → MatMul with a matrix, plus a bias, through a second matrix that is laid out by Transpose.
  private var model: Model {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3])
    net.builder.weight("before", [3, 3], (0..<9).map { Float($0) })
    net.builder.weight("first", [3, 4], (0..<12).map { Float($0) })
    net.builder.weight("bias", [4], [Float(1), 2, 3, 4])
    net.builder.weight("second", [2, 4], (0..<8).map { Float(100 + $0) })
    net.builder.weight("mask", [1, 2], [Float(0), -1])
    net.add("MatMul", "x", "before", to: "a")
    net.add("MatMul", "a", "first", to: "b")
    net.add("Add", "b", "bias", to: "c")
    net.add("Transpose", "second", to: "turned")
    net.add("MatMul", "c", "turned", to: "d")
    net.add("Add", "d", "mask", to: "y")
    net.builder.output("y", [nil, 2])
    return net.model
  }

  private func weights(_ model: Model) -> [String: [Float]] {
    Dictionary(
      uniqueKeysWithValues: model.proto.graph.initializer.map { weight in
        (weight.name, weight.rawData.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
      })
  }

  @Test func `keep their values and lose their order, in matrices behind the layer alone`() throws {
    let cut = try model.cut(at: "a", reading: "y")
    let shuffled = try #require(cut.shufflingWeights { _, count in Array((0..<count).reversed()) })
    let (before, after) = (weights(cut.suffix), weights(shuffled.suffix))
    #expect(before.keys.sorted() == after.keys.sorted())
    for name in ["first", "second"] { #expect(after[name] == before[name].map { Array($0.reversed()) }) }
    for name in ["bias", "mask"] { #expect(after[name] == before[name]) }
    #expect(weights(shuffled.prefix) == weights(cut.prefix))
    #expect(shuffled.suffix.proto.graph.node == cut.suffix.proto.graph.node)
  }

  @Test func `are none where nothing behind the layer was learned`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3])
    net.builder.weight("bias", [3], [Float(1), 2, 3])
    net.add("Neg", "x", to: "a")
    net.add("Add", "a", "bias", to: "y")
    net.builder.output("y", [nil, 3])
    #expect(try net.model.cut(at: "a", reading: "y").shufflingWeights { _, count in Array(0..<count) } == nil)
  }
}
