import Arrays
import Files
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
import Testing

@Suite struct `An input binding` {
  private let folder = TemporaryFolder()

  private typealias Declaration = (name: String, dimensions: [Int?], type: ElementType)

  private func ports(_ declarations: [Declaration]) -> [Port] {
    var builder = GraphBuilder(name: "inputs")
    for input in declarations { builder.input(input.name, input.dimensions, type: input.type) }
    return Model(proto: builder.model).inputs
  }

  private func stimuli(_ arrays: [(String?, [Int])]) throws -> StimulusSet {
    try StimulusSet(
      arrays.map { name, shape in
        (name, NumericArray(shape: shape, floats: (0..<shape.reduce(1, *)).map(Float.init)))
      }, description: "numbers")
  }

  @Test(
    arguments: [
      ([nil, 3, 4], [5, 3, 4], 0, [1, 3, 4]), ([1, 3, 4], [5, 3, 4], 0, [1, 3, 4]),
      ([2, 1, 4], [5, 2, 4], 1, [2, 1, 4]), ([2, nil, 4], [5, 2, 4], 1, [2, 1, 4]),
      ([nil, nil, 4], [5, 7, 4], 0, [1, 7, 4]), ([3, 4], [5, 3, 4], nil, [3, 4]), ([], [5], nil, []),
      ([nil], [5], 0, [1]),
    ] as [([Int?], [Int], Int?, [Int])])
  func `finds the axis that counts stimuli`(
    _ declared: [Int?], _ array: [Int], _ axis: Int?, _ shape: [Int]
  ) throws {
    var stimuli = try stimuli([(nil, array)])
    let binding = try InputBinding.bind(ports([("x", declared, .float)]), to: &stimuli)[0]
    #expect(binding.batchAxis == axis)
    #expect(binding.shape == shape)
    if let axis {
      var batched = shape
      batched[axis] = 9
      #expect(binding.shape(batch: 9) == batched)
    } else {
      #expect(binding.shape(batch: 9) == shape)
    }
  }

  @Test func `brings arrays into the order of the model's inputs by their names`() throws {
    var stimuli = try stimuli([("mask", [2, 5]), ("tokens", [2, 7])])
    let bindings = try InputBinding.bind(
      ports([("tokens", [nil, nil], .int64), ("mask", [nil, nil], .float)]), to: &stimuli)
    #expect(bindings.map(\.name) == ["tokens", "mask"])
    #expect(bindings.map(\.shape) == [[1, 7], [1, 5]])
    #expect(bindings.map(\.elementType) == [.int64, .float])
    #expect(stimuli.inputs.map(\.name) == ["tokens", "mask"])
  }

  /// Edges of one graph: their axis is free, and counts no stimuli where an array has all of it.
  @Test func `gives all stimuli what they share, along an axis that is free but no batch`() throws {
    let path = folder.path("graphs.npz")
    try writeNPZ(
      [
        ("nodes", NumericArray(shape: [3, 4, 2], floats: (0..<24).map(Float.init))),
        ("shared/edges", NumericArray(shape: [2, 5], int64: [0, 1, 2, 3, 0, 1, 2, 3, 0, 2])),
      ], to: path)
    var stimuli = try StimulusSet(contentsOf: path)
    let inputs = try InputBinding.bind(ports([("nodes", [nil, 4, 2], .float), ("edges", [2, nil], .int64)]), to: &stimuli)
    #expect(inputs.map(\.batchAxis) == [0, nil] && inputs.map(\.shape) == [[1, 4, 2], [2, 5]])
    #expect(stimuli.notes.contains { $0.contains("count no stimuli") && $0.contains("\"edges\" [2, 5]") }, "\(stimuli.notes)")
  }

  @Test func `names the input that has no array, and what there is`() throws {
    var stimuli = try stimuli([("a", [2, 5]), ("b", [2, 7])])
    let error = try #require(throws: StimuliError.self) {
      try InputBinding.bind(ports([("a", [nil, 5], .float), ("tokens", [nil, 7], .float)]), to: &stimuli)
    }
    for word in ["\"tokens\"", "\"a\"", "\"b\""] { #expect(error.message.contains(word), "\(error)") }
  }

  @Test func `refuses inputs that take text, whatever is given, and says what to export`() throws {
    let inputs = ports([("age", [nil, 1], .float), ("sex", [nil, 1], .string)])
    var stimuli = try stimuli([("age", [2, 1]), ("sex", [2, 1])])
    let folder = TemporaryFolder()
    let table = folder.file("t.csv", text: "age,sex\n1,male\n")
    for error in [
      try #require(throws: StimuliError.self) { try InputBinding.bind(inputs, to: &stimuli) },
      try #require(throws: StimuliError.self) { try StimulusSet(contentsOf: table, inputs: inputs.map(ModelInput.init)) },
    ] {
      for word in ["\"sex\"", "text", "behind its encoder"] { #expect(error.message.contains(word), "\(error)") }
      #expect(!error.message.contains("\"age\""))
    }
  }

  @Test(arguments: [nil, "x=ntc", "x=nct"] as [String?])
  func `takes means along the axis that the network has its channels on, or that a layout calls so`(_ layout: String?) throws {
    var builder = GraphBuilder(name: "channels last")
    builder.input("x", [nil, 3, 3])
    builder.weight("w", [2, 3, 3], [Float](repeating: 1, count: 18))
    builder.node("Transpose", ["x"], ["turned"], ["perm": .ints([0, 2, 1])])
    builder.node("Conv", ["turned", "w"], ["conv"])
    builder.node("Relu", ["conv"], ["relu"])
    builder.node("Flatten", ["relu"], ["y"])
    builder.output("y", [nil, 2])
    let model = Model(proto: builder.model)
    var stimuli = try stimuli([(nil, [2, 3, 3])])
    let layouts = try layout.map { [try LayoutOverride(parsing: $0)] } ?? []
    try stimuli.setPreprocessing(Preprocessing(mean: [0, 10, 20], layouts: layouts.map(\.ofInputs)))
    _ = try NetworkSurvey(
      model: model, stimuli: stimuli, runtime: TestRuntime.make(), session: Session.Options(for: model),
      reading: ReadoutRequest(value: .logit, layouts: layouts))
    _ = try InputBinding.bind(model.inputs, to: &stimuli)
    let expected: [Float] = layout == "x=nct" ? [0, 1, 2, -7, -6, -5, -14, -13, -12] : [0, -9, -18, 3, -6, -15, 6, -3, -12]
    #expect(try stimuli.floats(stimulus: 0) == expected)
  }

  @Test func `gives both shapes where they differ`() throws {
    var stimuli = try stimuli([(nil, [2, 3, 8, 8])])
    let error = try #require(throws: StimuliError.self) {
      try InputBinding.bind(ports([("image", [nil, 3, 32, 32], .float)]), to: &stimuli)
    }
    for word in ["[3, 8, 8]", "[3, 32, 32]", "\"image\""] { #expect(error.message.contains(word), "\(error)") }
  }

  @Test func `feeds rows along whichever axis counts them`() throws {
    let stimuli = try stimuli([(nil, [3, 2, 2])])
    let feed = try StimulusFeed(
      runtime: TestRuntime.make(), stimuli: stimuli, inputs: ports([("state", [2, nil, 2], .float)]))
    let tensor = try feed.tensors(["state"], rows: [2, 0])[0]
    #expect(tensor.shape == [2, 2, 2])
    #expect(Array(tensor.floats) == [8, 9, 0, 1, 10, 11, 2, 3])
  }

  @Test func `feeds what has no such axis once`() throws {
    let stimuli = try stimuli([("x", [3, 2]), ("rate", [3])])
    let feed = try StimulusFeed(
      runtime: TestRuntime.make(), stimuli: stimuli, inputs: ports([("rate", [], .float), ("x", [nil, 2], .float)]))
    let tensors = try feed.tensors(["x", "rate"], rows: [1, 1])
    #expect(tensors.map(\.shape) == [[2, 2], []])
    #expect(Array(tensors[0].floats) == [2, 3, 2, 3])
    #expect(Array(tensors[1].floats) == [1])
  }

  @Test func `feeds 16-bit floats rounded to nearest`() throws {
    let stimuli = try StimulusSet(
      [(nil, NumericArray(shape: [1, 3], floats: [0.1, -2, 65504]))], description: "numbers")
    let feed = try StimulusFeed(
      runtime: TestRuntime.make(), stimuli: stimuli, inputs: ports([("x", [nil, 3], .float16)]))
    let tensor = try feed.tensors(["x"], rows: [0])[0]
    let halves = tensor.bytes.withMemoryRebound(to: Float16.self) { Array($0) }
    #expect(halves == [Float16(Float(0.1)), -2, 65504])
  }

  @Test func `feeds bfloat16 rounded to even`() throws {
    let stimuli = try StimulusSet(
      [(nil, NumericArray(shape: [1, 5], floats: [1, -2.5, 0x1.01p0, 0x1.03p0, .infinity]))], description: "numbers")
    let feed = try StimulusFeed(
      runtime: TestRuntime.make(), stimuli: stimuli, inputs: ports([("x", [nil, 5], .bfloat16)]))
    let tensor = try feed.tensors(["x"], rows: [0])[0]
    let words = tensor.bytes.withMemoryRebound(to: UInt16.self) { Array($0) }
    #expect(words == [0x3F80, 0xC020, 0x3F80, 0x3F82, 0x7F80])
  }

  @Test func `refuses a type that stimuli can't have`() throws {
    let stimuli = try stimuli([(nil, [3, 2])])
    let feed = try StimulusFeed(
      runtime: TestRuntime.make(), stimuli: stimuli, inputs: ports([("x", [nil, 2], ElementType(rawValue: 14))]))
    let error = try #require(throws: LesionError.self) { try feed.tensors(["x"], rows: [0]) }
    #expect(error.message.contains("which stimuli can't feed"))
  }
}
