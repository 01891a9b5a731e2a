internal import Glibc
package import ModelGraph

extension InductionPhantom {
  /// Numbers of a slot of the stream, and of a head.
  private static let slot = 16
  private static let width = 64

  /// Slots of the stream, by their first number.
  private enum Slot {
    static let token = 0
    static let position = 16
    static let tokenBefore = 32
    static let answer = 48
  }

  static func exponential(_ x: Double) -> Double { exp(x) }

  /// The phantom as an ONNX model with a free batch axis. Logits are [N, positions, tokens].
  package var model: Model {
    var graph = GraphBuilder(name: "induction phantom")
    graph.input(Self.inputName, [nil, Self.length], type: .int64)
    addEmbedding(to: &graph)
    graph.weight("heads.split", [4], [0, 0, Int64(Self.headCount), Int64(Self.slot)])
    graph.weight("heads.join", [3], [0, 0, Int64(Self.width)])
    graph.weight("root", [], [Float(4)])
    let mask = (0..<Self.length).flatMap { row in (0..<Self.length).map { $0 <= row ? Float(0) : -1e9 } }
    graph.weight("mask", [1, 1, Self.length, Self.length], mask)
    var stream = "embedded"
    for block in 0..<Self.blockCount { stream = addBlock(block, reading: stream, to: &graph) }
    graph.weight(
      "unembedding", [Self.width, Self.vocabulary], Self.matrix(Self.width, Self.vocabulary, [(Slot.answer, 0, 1)]))
    graph.node("MatMul", [stream, "unembedding"], [Self.outputName])
    graph.output(Self.outputName, [nil, Self.length, Self.vocabulary])
    return Model(proto: graph.model, label: "induction phantom")
  }

  /// Zeros but for unit matrices times a factor, given by their corners. [rows x columns]
  private static func matrix(_ rows: Int, _ columns: Int, _ parts: [(row: Int, column: Int, factor: Float)]) -> [Float] {
    var values = [Float](repeating: 0, count: rows * columns)
    for part in parts {
      for place in 0..<slot { values[(part.row + place) * columns + part.column + place] = part.factor }
    }
    return values
  }

  private func addEmbedding(to graph: inout GraphBuilder) {
    graph.weight(
      "embedding.tokens", [Self.vocabulary, Self.width], Self.matrix(Self.vocabulary, Self.width, [(0, Slot.token, 1)]))
    var positions = [Float](repeating: 0, count: Self.length * Self.width)
    for position in 0..<Self.length { positions[position * Self.width + Slot.position + position] = 1 }
    graph.weight("embedding.positions", [1, Self.length, Self.width], positions)
    graph.node("Gather", ["embedding.tokens", Self.inputName], ["looked_up"])
    graph.node("Add", ["looked_up", "embedding.positions"], ["embedded"])
  }

  /// A block without a perceptron: what its heads write is added to the stream.
  private func addBlock(_ block: Int, reading stream: String, to graph: inout GraphBuilder) -> String {
    let name = "block\(block + 1)"
    let heads = Self.heads[block]
    var (queries, keys, values, written) = ([Part](), [Part](), [Part](), [Part]())
    // The root of a head's width divides scores.
    let strength = Float(Self.score) * 4
    for (number, head) in heads.enumerated() {
      let column = number * Self.slot
      switch head.attention {
      case .allAlike: break
      case .itself:
        queries.append((Slot.position, column, strength))
        keys.append((Slot.position, column, 1))
      case .positionBefore:
        queries.append((Slot.position, column, strength))
        keys.append((Slot.position, column, 1))
      case .afterSameToken:
        queries.append((Slot.token, column, strength))
        keys.append((Slot.tokenBefore, column, 1))
      }
      values.append((Slot.token, column, 1))
      if head.votes != 0 { written.append((column, Slot.answer, head.votes)) }
      if head.writesTokenBefore { written.append((column, Slot.tokenBefore, 1)) }
    }
    var query = Self.matrix(Self.width, Self.width, queries)
    for (number, head) in heads.enumerated() where head.attention == .positionBefore {
      Self.shift(&query, head: number)
    }
    for (kind, weights) in [
      ("query", query), ("key", Self.matrix(Self.width, Self.width, keys)),
      ("value", Self.matrix(Self.width, Self.width, values)),
      ("output", Self.matrix(Self.width, Self.width, written)),
    ] {
      graph.weight("\(name).\(kind)", [Self.width, Self.width], weights)
    }
    func split(_ kind: String, _ order: [Int]) -> String {
      graph.node("MatMul", [stream, "\(name).\(kind)"], ["\(name)/\(kind)"])
      graph.node("Reshape", ["\(name)/\(kind)", "heads.split"], ["\(name)/\(kind)/split"])
      return graph.node("Transpose", ["\(name)/\(kind)/split"], ["\(name)/\(kind)/heads"], ["perm": .ints(order)])
    }
    let (q, k, v) = (split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1]), split("value", [0, 2, 1, 3]))
    graph.node("MatMul", [q, k], ["\(name)/products"])
    graph.node("Div", ["\(name)/products", "root"], ["\(name)/scores"])
    graph.node("Add", ["\(name)/scores", "mask"], ["\(name)/causal"])
    graph.node("Softmax", ["\(name)/causal"], ["\(name)/attention"], ["axis": .int(-1)])
    graph.node("MatMul", ["\(name)/attention", v], [Self.headsTensor(block: block)])
    graph.node("Transpose", [Self.headsTensor(block: block)], ["\(name)/merged"], ["perm": .ints([0, 2, 1, 3])])
    graph.node("Reshape", ["\(name)/merged", "heads.join"], ["\(name)/joined"])
    graph.node("MatMul", ["\(name)/joined", "\(name).output"], ["\(name)/written"])
    return graph.node("Add", [stream, "\(name)/written"], ["\(name)/stream"])
  }

  private typealias Part = (row: Int, column: Int, factor: Float)

  /// Lets a head's query ask for the position before its own.
  private static func shift(_ query: inout [Float], head: Int) {
    let original = query
    for row in Slot.position..<Slot.position + slot {
      for place in 0..<slot {
        let column = row * width + head * slot + place
        query[column] = place + 1 < slot ? original[column + 1] : 0
      }
    }
  }
}
