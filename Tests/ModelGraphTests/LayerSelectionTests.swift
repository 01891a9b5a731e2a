import ModelGraph
import Testing

@Suite struct `A selection of layers` {
  private static let model = Networks.transformer(layers: 2, normalisesFirst: true)
  private static let tensors = model.layerCandidates(reading: "logits").map(\.tensor)

  private func resolve(_ text: String, refusals: [String: String] = [:]) throws -> [String] {
    let roles = Self.model.layerRoles(of: Self.tensors, reading: "logits")
    return try LayerSelection(parsing: text).resolve(
      Self.tensors.filter { refusals[$0] == nil }.map { ($0, roles[$0]!) },
      automatic: Self.model.automaticLayers(reading: "logits"), refusals: refusals, in: Self.model)
  }

  @Test(arguments: [
    ("auto", ["stream", "l0_perceptron", "l1_perceptron"]), ("attention", ["l0_projected", "l1_projected"]),
    ("mlp", ["l0_down", "l1_down"]),
    ("residual", ["l0_attention", "l0_perceptron", "l1_attention", "l1_perceptron"]),
    ("l1_*rm2,l0_?", ["l0_q", "l0_k", "l0_v", "l1_norm2"]),
    ("l1_up,l0_up", ["l0_up", "l1_up"]), ("mlp,l0_up", ["l0_up", "l0_down", "l1_down"]),
  ])
  func `finds kinds, patterns and names`(_ text: String, _ layers: [String]) throws {
    #expect(try resolve(text) == layers)
    #expect(LayerSelection(parsing: text).name == text)
  }

  @Test func `is said to be a tensor's name where it is a number, too`() {
    let note = LayerSelection(parsing: "auto,3").note(on: ["4", "0", "3", "1"])
    #expect(note?.contains("the tensor \"3\"; number 3 of the list is \"1\"") == true)
    for text in ["2-3", "9", "a"] {
      #expect(LayerSelection(parsing: text).note(on: ["4", "0", "3", "1", "9"]) == nil, "\(text)")
    }
    #expect(LayerSelection(parsing: "2").note(on: ["0", "1", "2"]) == nil)
  }

  @Test func `finds numbers and ranges in the list of all`() throws {
    #expect(try resolve("3,0") == [Self.tensors[0], Self.tensors[3]])
    #expect(try resolve("2-4") == Array(Self.tensors[2...4]))
    #expect(try resolve("all") == Self.tensors)
  }

  /// A name goes as it is before it is taken for several names or for a pattern.
  @Test(arguments: [
    ("a, b *", ["a, b *"]), ("l0,a, b *,l1", ["l0", "a, b *", "l1"]), ("l0,l1", ["l0", "l1"]), ("x,,y,", ["x,,y,"]),
    ("a*", ["a*"]),
    ("a*,x,,y,", ["a*", "x,,y,"]), ("a?", ["a*", "ab"]), ("ab,a, b *", ["a, b *", "ab"]),
  ])
  func `takes names that hold commas and stars`(_ text: String, _ layers: [String]) throws {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 8])
    var last = "x"
    let tensors = ["l0", "a, b *", "a*", "ab", "x,,y,", "l1"]
    for tensor in tensors { last = net.add("Relu", last, to: tensor) }
    net.add("MatMul", last, net.weight(), to: "logits")
    net.builder.output("logits", [nil, 8])
    let model = net.model
    let roles = model.layerRoles(of: tensors, reading: "logits")
    let selection = LayerSelection(parsing: text)
    #expect(
      try selection.resolve(tensors.map { ($0, roles[$0]!) }, automatic: [], refusals: [:], in: model)
        == tensors.filter(layers.contains))
    #expect(selection.name == text)
    if !text.contains("?") { #expect(tensors.filter(selection.names) == tensors.filter(layers.contains)) }
  }

  /// They have no numbers, and `all` and patterns are of what the network makes of them.
  @Test func `takes the model's inputs where they are asked for`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 8])
    net.add("MatMul", net.add("Relu", "x", to: "hidden"), net.weight(), to: "logits")
    net.builder.output("logits", [nil, 8])
    let model = net.model
    let candidates = model.inputCandidates(reading: "logits") + model.layerCandidates(reading: "logits")
    let roles = model.layerRoles(of: candidates.map(\.tensor), reading: "logits")
    func resolve(_ text: String) throws -> [String] {
      try LayerSelection(parsing: text).resolve(
        candidates.map { ($0.tensor, roles[$0.tensor]!) }, automatic: ["hidden"], refusals: [:], in: model)
    }
    for text in ["input", "x"] { #expect(try resolve(text) == ["x"], "\(text)") }
    for text in ["hidden,input", "x,0", "all,x"] { #expect(try resolve(text) == ["x", "hidden"], "\(text)") }
    for text in ["all", "auto", "0", "0-0", "*"] { #expect(try resolve(text) == ["hidden"], "\(text)") }
  }

  @Test(arguments: [
    ("input", "no input that can be scanned (\"tokens\": it is of int64)"),
    ("conv", "no layers of kind conv; there are residual, attention, mlp"), ("999", "999"), ("4-2", "smaller number first"),
    ("l9_*", "no layer's name matches"), ("l0_upp", "nearest: \"l0_up\""), ("logits", "it isn't an activation"),
    ("l0_gelu", "it is of string"), ("tokens", "\"tokens\" can't be scanned: it is of int64"),
  ])
  func `says what it doesn't find`(_ text: String, _ words: String) throws {
    let error = try #require(throws: ModelGraphError.self) {
      try resolve(text, refusals: ["l0_gelu": "it is of string", "tokens": "it is of int64"])
    }
    #expect(error.message.contains(words), "\(error)")
  }
}
