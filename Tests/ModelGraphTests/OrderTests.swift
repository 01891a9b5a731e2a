import ModelGraph
import Testing

@Suite struct `A graph that goes in circles` {
  private func bytes(_ nodes: [(String, [String], String)]) throws -> [UInt8] {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    for (type, inputs, output) in nodes { net.builder.node(type, inputs, [output]) }
    net.builder.output("y", [nil, 4])
    return try net.model.serialized()
  }

  @Test(
    arguments: [
      ([("Add", ["x", "b"], "a"), ("Relu", ["a"], "b"), ("Neg", ["b"], "y")], "cycle"),
      ([("Add", ["x", "y"], "y")], "cycle"),
      ([("Relu", ["x"], "c"), ("Relu", ["c"], "a"), ("Neg", ["a"], "c"), ("Add", ["c", "a"], "y")], "\"c\" is made twice"),
    ] as [([(String, [String], String)], String)])
  func `is refused at once, with what is wrong`(_ nodes: [(String, [String], String)], _ words: String) throws {
    let bytes = try bytes(nodes)
    let error = try #require(throws: ModelGraphError.self) { try Model(bytes: bytes, folder: nil) }
    #expect(error.message.contains(words), "\(error)")
  }

  @Test func `is told from one that isn't sorted`() throws {
    let bytes = try bytes([("Neg", ["b"], "y"), ("Relu", ["a"], "b"), ("Relu", ["x"], "a")])
    #expect(try Model(bytes: bytes, folder: nil).layerCandidates().map(\.tensor) == ["a", "b"])
  }
}
