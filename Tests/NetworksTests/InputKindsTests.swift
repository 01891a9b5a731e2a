import Arrays
import Files
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
import Testing
import UserErrors

/// Networks whose inputs aren't one batch of arrays each: what they are given, they must give back.
@Suite struct `A network's inputs` {
  private static func stimuli(_ arrays: [(String, NumericArray)]) throws -> StimulusSet {
    try StimulusSet(arrays.map { (Optional($0), $1) }, description: "stimuli")
  }

  private static func numbers(_ shape: [Int], seed: UInt64 = 3) -> NumericArray {
    var random = WeightGenerator(seed: seed)
    return NumericArray(shape: shape, floats: random.floats(shape.reduce(1, *), scale: 1))
  }

  private func survey(_ builder: GraphBuilder, _ stimuli: StimulusSet) throws -> NetworkSurvey {
    try NetworkSurvey(
      model: Model(proto: builder.model, label: "small.onnx"), stimuli: stimuli, runtime: TestRuntime.make(),
      session: Session.Options(), reading: ReadoutRequest())
  }

  /// x [N, 5, 6] through an LSTM of 4 cells that starts from h0 and c0, [1, batch, 4].
  private func recurrent(_ batch: Int?) -> GraphBuilder {
    var random = WeightGenerator(seed: 1)
    var builder = GraphBuilder(name: "recurrent")
    builder.input("x", [nil, 5, 6])
    builder.input("h0", [1, batch, 4])
    builder.input("c0", [1, batch, 4])
    builder.weight("w", [1, 16, 6], random.floats(96, scale: 0.5))
    builder.weight("r", [1, 16, 4], random.floats(64, scale: 0.5))
    builder.weight("first", [1], [Int64(0)])
    builder.weight("v", [4, 3], random.floats(12, scale: 0.5))
    builder.node("Transpose", ["x"], ["xt"], ["perm": .ints([1, 0, 2])])
    builder.node("LSTM", ["xt", "w", "r", "", "", "h0", "c0"], ["y", "yh"], ["hidden_size": .int(4)])
    builder.node("Squeeze", ["yh", "first"], ["a0"])
    builder.node("Relu", ["a0"], ["a"])
    builder.node("MatMul", ["a", "v"], ["scores"])
    builder.output("scores", [nil, 3])
    return builder
  }

  @Test(
    arguments: [
      ([3, 1, 4], []), ([1, 3, 4], ["axis 1"]), ([1, 1, 4], ["same"]), (nil, ["zeros"]),
    ] as [([Int]?, [String])], [nil, 1])
  func `may be states whose batch is their second axis`(given: ([Int]?, [String]), batch: Int?) throws {
    var arrays = [("x", Self.numbers([3, 5, 6]))]
    if let shape = given.0 { arrays += [("h0", Self.numbers(shape, seed: 4)), ("c0", Self.numbers(shape, seed: 5))] }
    let survey = try survey(recurrent(batch), Self.stimuli(arrays))
    #expect(survey.takesBatches)
    #expect(survey.outputShape == [3])
    for word in given.1 { #expect(survey.notes.contains { $0.contains(word) && $0.contains("h0") }, "\(survey.notes)") }
  }

  @Test func `are scanned as float32 of which the first axis counts stimuli`() throws {
    let pictures = try Bench(.residual).survey
    let picture = try #require(pictures.inputs.first)
    #expect(pictures.inputs.count == 1 && picture.role.kind == .input)
    #expect(picture.layout.names == "N,C,H,W" && picture.shape == [1, 2, 6, 6])
    #expect(!pictures.layers.contains { $0.candidate.tensor == picture.candidate.tensor })
    #expect(pictures.suffixCostShares[picture.candidate.tensor] == 1)

    let states = try survey(
      recurrent(nil),
      Self.stimuli([("x", Self.numbers([3, 5, 6])), ("h0", Self.numbers([3, 1, 4])), ("c0", Self.numbers([3, 1, 4]))]))
    #expect(states.inputs.map(\.candidate.tensor) == ["x"] && states.inputs.first?.layout.names == "N,T,C")
    #expect(states.reasons["h0"]?.contains("a state") == true)

    let timeFirst = try survey(attention(isTimeFirst: true), Self.stimuli([("x", Self.numbers([4, 5, 4]))]))
    #expect(timeFirst.inputs.isEmpty && timeFirst.reasons["x"]?.contains("along its axis 1") == true, "\(timeFirst.reasons)")

    let tokens = try Bench(.tokens).survey
    #expect(tokens.inputs.map(\.candidate.tensor) == ["numbers"])
    #expect(tokens.reasons["words"]?.contains("--layers embedding") == true)
  }

  /// x, of which both first axes are free, [time, stimuli, 4] or the other way round, through attention over time; scores [stimuli, 3].
  private func attention(isTimeFirst: Bool) -> GraphBuilder {
    var builder = GraphBuilder(name: "attention")
    builder.input("x", [nil, nil, 4], first: "s77")
    let rows = isTimeFirst ? builder.node("Transpose", ["x"], ["rows"], ["perm": .ints([1, 0, 2])]) : "x"
    let query = builder.node("MatMul", [rows, builder.random("q", [4, 4])], ["query"])
    let key = builder.node("Transpose", [rows], ["key"], ["perm": .ints([0, 2, 1])])
    let weights = builder.node("Softmax", [builder.node("MatMul", [query, key], ["likeness"])], ["weights"], ["axis": .int(-1)])
    builder.node("Relu", [builder.node("MatMul", [weights, rows], ["mixed"])], ["a"])
    let mean = builder.node("ReduceMean", ["a"], ["mean"], ["axes": .ints([1]), "keepdims": .int(0)])
    builder.node("MatMul", [mean, builder.random("v", [4, 3])], ["scores"])
    builder.output("scores", [nil, 3])
    return builder
  }

  @Test(arguments: [true, false])
  func `count stimuli along the axis along which they don't change each other`(isTimeFirst: Bool) throws {
    let (first, other) = (
      try survey(attention(isTimeFirst: isTimeFirst), Self.stimuli([("x", Self.numbers([3, 5, 4]))])),
      try survey(attention(isTimeFirst: false), Self.stimuli([("x", Self.numbers([3, 5, 4]))]))
    )
    #expect(first.takesBatches && first.outputShape == [3])
    #expect(first.preparation.batchAxes == (isTimeFirst ? ["x": 1] : nil))
    #expect(first.notes.contains { $0.contains("along axis 1 of \"x\"") } == isTimeFirst)
    // Both are the same function of each stimulus.
    func scores(_ survey: NetworkSurvey) throws -> [Float] {
      let runtime = try TestRuntime.make()
      let stimuli = try Self.stimuli([("x", Self.numbers([3, 5, 4]))])
      let model = Model(proto: attention(isTimeFirst: survey.preparation.batchAxes != nil).model).prepared(survey.preparation)
      let feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: model.inputPorts(reading: survey.readTensor))
      let session = try Session(runtime: runtime, model: model.exposing([survey.readTensor]).serialized())
      return try #require(session.run(feed.tensors(session.inputNames, rows: [0, 2])).first?.numbers())
    }
    let (own, expected) = (try scores(first), try scores(other))
    #expect(own.count == 6 && zip(own, expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func `may be states that reach a recurrent operator in parts`() throws {
    var random = WeightGenerator(seed: 2)
    var builder = GraphBuilder(name: "parts")
    builder.input("x", [nil, 6])
    builder.input("start", [2, 1, 4])
    builder.weight("w", [1, 12, 6], random.floats(72, scale: 0.5))
    builder.weight("r", [1, 12, 4], random.floats(48, scale: 0.5))
    for (name, value) in [("zero", 0), ("one", 1), ("two", 2)] { builder.weight(name, [1], [Int64(value)]) }
    builder.weight("v", [4, 3], random.floats(12, scale: 0.5))
    builder.node("Unsqueeze", ["x", "zero"], ["t"])
    builder.node("Slice", ["start", "one", "two", "zero"], ["second"])
    builder.node("GRU", ["t", "w", "r", "", "", "second"], ["y", "yh"], ["hidden_size": .int(4)])
    builder.node("Squeeze", ["yh", "zero"], ["a"])
    builder.node("MatMul", ["a", "v"], ["scores"])
    builder.output("scores", [nil, 3])
    let ports = Model(proto: builder.model).inputs
    #expect(ports.map(\.batchAxis) == [0, 1])
    #expect(ports.map(\.isState) == [false, true])
    let given = try survey(builder, Self.stimuli([("x", Self.numbers([4, 6])), ("start", Self.numbers([4, 2, 4]))]))
    #expect(given.takesBatches)
    let absent = try survey(builder, Self.stimuli([("x", Self.numbers([4, 6]))]))
    #expect(absent.takesBatches)
    #expect(absent.notes.contains { $0.contains("\"start\"") })
  }

  /// Tokens through a table and past numbers put before them along axis 1, which may be none.
  ///
  /// - Parameter join: the operator that puts them together.
  private func cached(
    _ past: [Int?], join: (name: String, [String: GraphBuilder.Attribute]) = ("Concat", ["axis": .int(1)])
  ) -> GraphBuilder {
    var random = WeightGenerator(seed: 7)
    var builder = GraphBuilder(name: "cached")
    builder.input("ids", [nil, nil], type: .int64)
    builder.input("past_key", past)
    builder.weight("table", [11, 4], random.floats(44, scale: 1))
    builder.weight("v", [4, 3], random.floats(12, scale: 1))
    builder.weight("axis", [1], [Int64(1)])
    builder.node("Gather", ["table", "ids"], ["e"])
    builder.node(join.name, ["past_key", "e"], ["all"], join.1)
    builder.node("Tanh", ["all"], ["a"])
    builder.node("ReduceSum", ["a", "axis"], ["s"], ["keepdims": .int(0)])
    builder.node("MatMul", ["s", "v"], ["scores"])
    builder.output("scores", [nil, 3])
    return builder
  }

  private static let ids = NumericArray(shape: [2, 3], int64: [0, 5, 10, 1, 2, 3])

  @Test func `may be caches, which start empty`() throws {
    let absent = try survey(cached([nil, nil, 4]), Self.stimuli([("ids", Self.ids)]))
    #expect(absent.takesBatches)
    #expect(absent.notes.contains { $0.contains("\"past_key\"") && $0.contains("empty") })
    let given = try survey(
      cached([nil, nil, 4]), Self.stimuli([("ids", Self.ids), ("past_key", Self.numbers([2, 0, 4]))]))
    #expect(given.takesBatches)
    #expect(given.shapes["past_key"] == [1, 0, 4])
  }

  @Test(arguments: [[], [1]]) func `may be flags, which are false where nothing is given`(_ shape: [Int?]) throws {
    var random = WeightGenerator(seed: 8)
    var builder = GraphBuilder(name: "flagged")
    builder.input("x", [nil, 6])
    builder.input("training", shape, type: .bool)
    builder.weight("w", [6, 4], random.floats(24, scale: 1))
    builder.weight("v", [4, 3], random.floats(12, scale: 1))
    builder.weight("one", [4], [Float](repeating: 1, count: 4))
    builder.node("Relu", [builder.node("MatMul", ["x", "w"], ["sum"])], ["hidden"])
    // Ones are added where the flag is set.
    builder.node("Cast", ["training"], ["number"], ["to": .int(1)])
    builder.node("Add", ["hidden", builder.node("Mul", ["one", "number"], ["added"])], ["all"])
    builder.node("MatMul", ["all", "v"], ["scores"])
    builder.output("scores", [nil, 3])
    let absent = try survey(builder, Self.stimuli([("x", Self.numbers([4, 6]))]))
    #expect(absent.takesBatches)
    #expect(absent.notes.contains("Nothing is given for the model's input \"training\": it is false."), "\(absent.notes)")
    let given = try survey(
      builder, Self.stimuli([("x", Self.numbers([4, 6])), ("training", NumericArray(shape: [], int64: [1]))]))
    #expect(!given.notes.contains { $0.contains("Nothing is given") })
  }

  @Test func `that can't be empty are asked for by name`() throws {
    let error = try #require(throws: LesionError.self) {
      try survey(cached([nil, nil, 4], join: ("Add", [:])), Self.stimuli([("ids", Self.ids)]))
    }
    #expect(error.message.contains("\"past_key\" [N, dim1, 4]"), "\(error)")
  }

  @Test func `may be single numbers for all stimuli`() throws {
    var builder = GraphBuilder(name: "scaled")
    builder.input("x", [nil, 4])
    builder.input("rate", [])
    builder.node("Mul", ["x", "rate"], ["a"])
    builder.node("Tanh", ["a"], ["scores"])
    builder.output("scores", [nil, 4])
    for shape in [[], [1], [3]] {
      let survey = try survey(
        builder,
        Self.stimuli([
          ("x", Self.numbers([3, 4])),
          ("rate", NumericArray(shape: shape, floats: Array(repeating: 2, count: shape.reduce(1, *)))),
        ]))
      #expect(survey.takesBatches)
      #expect(survey.notes.contains { $0.contains("\"rate\"") } == (shape != [3]))
    }
  }

  /// x [N, 4] to scores, and beside them an input that only a second output reads, and one that nothing does.
  private func training(readsAll: Bool) -> GraphBuilder {
    var random = WeightGenerator(seed: 8)
    var builder = GraphBuilder(name: "training")
    builder.input("kinds", [nil, nil], type: .int64)
    builder.input("x", [nil, 4])
    builder.input("truth", [nil, 3])
    builder.weight("w", [4, 3], random.floats(12, scale: 1))
    builder.node("Tanh", ["x"], ["a"])
    builder.node("MatMul", ["a", "w"], ["logits"])
    builder.node("Sub", ["logits", "truth"], ["loss"])
    builder.output("loss", [nil, 3])
    if !readsAll { builder.output("logits", [nil, 3]) }
    return builder
  }

  @Test(arguments: [Optional("x"), nil])
  func `need only bring what the output that is read depends on`(name: String?) throws {
    let stimuli = try StimulusSet([(name, Self.numbers([3, 4]))], description: "stimuli")
    let survey = try survey(training(readsAll: false), stimuli)
    #expect(survey.readTensor == "logits")
    #expect(survey.takesBatches)
    #expect(survey.model.inputPorts(reading: "logits").map(\.isRead) == [false, true, false])
    #expect(survey.model.inputs.map(\.isRead) == [false, true, true])
    let error = try #require(throws: StimuliError.self) { try self.survey(training(readsAll: true), stimuli) }
    #expect(error.message.contains("\"truth\""), "\(error)")
    #expect(!error.message.contains("kinds"), "\(error)")
  }

  @Test func `have no partners on another scale`() throws {
    var builder = GraphBuilder(name: "pictures")
    builder.input("x", [nil, 1, 2, 2])
    builder.node("Flatten", ["x"], ["scores"])
    builder.output("scores", [nil, 4])
    let model = Model(proto: builder.model)
    func feed(_ partner: NumericArray, scale: Double? = nil) throws {
      func set(_ array: NumericArray) throws -> StimulusSet {
        var set = try Self.stimuli([("x", array)])
        try set.setPreprocessing(Preprocessing(scale: scale))
        return set
      }
      let bytes = NumericArray(shape: [2, 1, 2, 2], uint8: [0, 255, 7, 9, 1, 2, 3, 4])
      _ = try StimulusFeed(runtime: TestRuntime.make(), stimuli: set(bytes), inputs: model.inputs, partners: set(partner))
    }
    let large = NumericArray(shape: [1, 1, 2, 2], floats: [0, 127.5, 3, 4])
    let error = try #require(throws: StimuliError.self) { try feed(large) }
    for word in ["127.5", "divided by 255", "--scale"] { #expect(error.message.contains(word), "\(error)") }
    try feed(large, scale: 255)
    try feed(NumericArray(shape: [1, 1, 2, 2], floats: [0, 0.5, 0.1, 1]))
    try feed(NumericArray(shape: [1, 1, 2, 2], uint8: [0, 128, 3, 4]))
  }

  @Test func `of ids beyond a table are refused before the runtime sees them`() throws {
    let model = Model(proto: cached([nil, nil, 4]).model)
    #expect(model.embeddings(of: "ids") == [Model.Embedding(weight: "table", rows: 11)])
    let bad = NumericArray(shape: [2, 3], int64: [0, 5, 10, 1, 11, 3])
    let feed = try StimulusFeed(runtime: TestRuntime.make(), stimuli: Self.stimuli([("ids", bad)]), inputs: model.inputs)
    let error = try #require(throws: StimuliError.self) { try feed.survey(for: model) }
    for word in ["stimulus 1", "the id 11", "\"table\"", "0 to 10", "tokenizer"] {
      #expect(error.message.contains(word), "\(error)")
    }
    let good = try StimulusFeed(
      runtime: TestRuntime.make(), stimuli: Self.stimuli([("ids", Self.ids)]), inputs: model.inputs)
    #expect(try good.survey(for: model).repeats.isEmpty)
  }

  /// Boxes [N, 2, 4], whose first edges choose rows of one table and last ones of another; what lies between chooses none.
  @Test func `of boxes beyond a table are refused by the edges that choose its rows`() throws {
    var builder = GraphBuilder(name: "boxes")
    builder.input("boxes", [nil, 2, 4], type: .int64)
    for (name, values) in [("first", [0]), ("start", [3]), ("end", [9]), ("axis", [2])] as [(String, [Int64])] {
      builder.weight(name, [1], values)
    }
    for (name, rows) in [("left", 5), ("low", 9)] { builder.weight(name, [rows, 3], [Float](repeating: 1, count: 3 * rows)) }
    let edges = builder.node("Gather", ["boxes", "first"], ["edges"], ["axis": .int(2)])
    let ends = builder.node("Slice", ["boxes", "start", "end", "axis"], ["ends"])
    let sum = builder.node(
      "Add", [builder.node("Gather", ["left", edges], ["a"]), builder.node("Gather", ["low", ends], ["b"])], ["sum"])
    builder.node("ReduceSum", [sum, "axis"], ["logits"], ["keepdims": .int(0)])
    builder.output("logits", [nil, nil, nil])
    let model = Model(proto: builder.model)
    #expect(
      model.embeddings(of: "boxes") == [
        Model.Embedding(weight: "left", rows: 5, entries: [0]), Model.Embedding(weight: "low", rows: 9, entries: [3]),
      ])
    func survey(_ boxes: [Int64]) throws -> StimulusSurvey {
      let stimuli = try Self.stimuli([("boxes", NumericArray(shape: [1, 2, 4], int64: boxes))])
      return try StimulusFeed(runtime: TestRuntime.make(), stimuli: stimuli, inputs: model.inputs).survey(for: model)
    }
    #expect(try survey([4, 99, 99, 8, 0, 99, 99, 0]).repeats.isEmpty)
    let error = try #require(throws: StimuliError.self) { try survey([4, 9, 9, 8, 5, 9, 9, 0]) }
    for word in ["the id 5 at element 4", "\"left\"", "0 to 4", "scale"] { #expect(error.message.contains(word), "\(error)") }
  }
}

@Suite struct `A stimulus of zeros` {
  private func model(_ inputs: [(String, [Int?])]) -> Model {
    var builder = GraphBuilder(name: "zeros")
    for (name, shape) in inputs { builder.input(name, shape) }
    return Model(proto: builder.model)
  }

  @Test(
    arguments: [
      [("x", [1, 6]), ("state", [2, 1, 8])], [("x", [nil, 6])], [("h0", [2, nil, 4])], [("x", [nil, 3]), ("rate", [])],
      [("x", [nil, 3]), ("flag", [1])], [("x", [5, 1, 3])],
    ] as [[(String, [Int?])]])
  func `fits the model that it is made for`(inputs: [(String, [Int?])]) throws {
    let model = model(inputs)
    let feed = try StimulusFeed(
      runtime: TestRuntime.make(), stimuli: StimulusSet.zeros(for: model), inputs: model.inputs)
    for (tensor, input) in zip(try feed.tensors(inputs.map(\.0), rows: [0]), inputs) {
      #expect(tensor.shape == input.1.map { $0 ?? 1 })
      #expect(tensor.floats.allSatisfy { $0 == 0 })
    }
  }

  @Test func `is refused where only stimuli tell a length`() throws {
    let error = try #require(throws: Failure.self) { try StimulusSet.zeros(for: model([("x", [nil, nil, 3])])) }
    #expect(error.message.contains("[N, dim1, 3]"), "\(error)")
    let long = try #require(throws: Failure.self) { try StimulusSet.zeros(for: model([("x", [33_554_432, 4])])) }
    #expect(long.message.contains("too long to be filled with zeros"), "\(long)")
  }
}
