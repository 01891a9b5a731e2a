import Lesion
import ModelGraph
import Networks
import TestSupport
import Testing

@Suite struct `Numbers that are taken for classes` {
  private static func kind(
    _ name: String, output: String = "y", _ end: @escaping @Sendable (inout NetworkKind.Writer, String) -> Void
  )
    -> NetworkKind
  {
    .ending("that ends in \(name)") { net, scores in
      end(&net, scores)
      net.builder.output(output, [nil, nil])
    }
  }

  private static func ending(in operatorType: String) -> NetworkKind {
    kind(operatorType) { net, scores in net.add(operatorType, [scores], to: "y") }
  }

  private func note(_ kind: NetworkKind, _ request: ReadoutRequest = ReadoutRequest()) throws -> String? {
    try KindBench(kind, reading: request).survey.classDoubt?.note()
  }

  private static let plain = kind("scores") { net, scores in net.add("MatMul", [scores, net.weight(4, 2)], to: "y") }

  @Test func `are said to be, with the value that takes one of them`() throws {
    #expect(
      try note(Self.plain)
        == "\"y\" is taken for the scores of 2 classes; where it holds other numbers, name one with --value output:INDEX.")
  }

  @Test(arguments: ["Tanh", "Softplus", "Relu", "LpNormalization"])
  func `are doubted by what ends the network`(operatorType: String) throws {
    let note = try note(Self.ending(in: operatorType))
    #expect(note?.contains("hardly holds, since it ends in \(operatorType): name one") == true, "\(note ?? "")")
  }

  @Test func `are doubted by a factor, a norm, a name, the input's shape, and what is joined`() throws {
    let factor = Self.kind("a multiple of Tanh") { net, scores in
      net.add("Mul", [net.add("Tanh", [scores], to: "t"), net.number(2)], to: "y")
    }
    let norm = Self.kind("what has length 1") { net, scores in
      let length = net.add("Clip", [net.add("ReduceL2", [scores], to: "l", ["axes": .ints([1])]), net.number(1e-6)], to: "least")
      net.add("Div", [scores, length], to: "y")
    }
    let name = Self.kind("boxes", output: "boxes") { net, scores in net.add("Neg", [scores], to: "boxes") }
    let same = Self.kind("its input") { net, scores in net.add("MatMul", [scores, net.weight(4, 6)], to: "y") }
    let joined = Self.kind("joined") { net, scores in
      let number = net.add("MatMul", ["hidden", net.weight(8, 1)], to: "number")
      net.add("Concat", [number, scores], to: "y", ["axis": .int(1)])
    }
    for (kind, words) in [
      (factor, "it ends in Tanh"), (norm, "it is divided by a norm"), (name, "its name speaks of others"),
      (same, "it has the shape of the input \"x\""), (joined, "it joins \"number\", \"scores\""),
    ] {
      let note = try note(kind)
      #expect(note?.contains("hardly holds, since \(words): ") == true, "\(kind): \(note ?? "")")
    }
  }

  @Test func `aren't spoken of where something says that they are classes, or none are read`() throws {
    for kind in [
      NetworkKind.labelFirst, .labelOnly, .hiddenFirst, .halfPrecision, .yesOrNo, .ending(in: "turned"), .ending(in: "steps"),
    ] {
      #expect(try note(kind) == nil, "\(kind)")
    }
    let tanh = Self.ending(in: "Tanh")
    var fixed = ReadoutRequest()
    fixed.decision = .whereItIsAChance
    for request in [
      fixed, ReadoutRequest(classAxis: 1), ReadoutRequest(value: .margin), ReadoutRequest(value: .output(1)),
    ] { #expect(try note(tanh, request) == nil) }
    #expect(try note(Self.kind("one number") { net, scores in net.add("MatMul", [scores, net.weight(4, 1)], to: "y") }) == nil)
  }

  private static let argMin = NetworkKind.ending("that gives the place of the smallest") { net, scores in
    net.add("ArgMin", [scores], to: "y", ["axis": .int(1), "keepdims": .int(0)])
    net.builder.output("y", [nil], type: .int64)
  }
  private static let nearest = NetworkKind.ending("that gives the places of the two smallest") { net, scores in
    net.builder.node("TopK", [scores, net.constant([2])], ["least", "y"], ["axis": .int(1), "largest": .int(0)])
    net.builder.output("y", [nil, 2], type: .int64)
  }

  @Test("are refused where they are places of smallest numbers", arguments: [(argMin, "ArgMin"), (nearest, "TopK")])
  func smallest(kind: NetworkKind, operatorType: String) throws {
    for value in [ValueFunction.logit, .probability] {
      let error = try #require(throws: LesionError.self) { try KindBench(kind, reading: ReadoutRequest(value: value)) }
      #expect(
        error.code == .badRequest && error.message.contains("smallest numbers of \"scores\" (by \(operatorType))"), "\(error)")
    }
    #expect(try KindBench(kind, reading: ReadoutRequest(value: .output(0))).survey.readout.tensor == "y")
  }
}
