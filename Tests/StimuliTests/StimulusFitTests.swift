import Files
import TestSupport
import Testing

@testable import Arrays
@testable import Stimuli

@Suite("Arrays, fitted to a model,")
struct StimulusFitTests {
  let folder = TemporaryFolder()

  private static func numbers(_ shape: [Int]) -> NumericArray {
    NumericArray(shape: shape, floats: (0..<shape.reduce(1, *)).map(Float.init))
  }

  private func archive(_ arrays: [(String, NumericArray)]) -> String {
    folder.file("s.npz", Fixtures.storedZip(arrays.map { ($0 + ".npy", $1.npyBytes()) }))
  }

  @Test(
    "have their stimuli along the first axis, with or without the model's batch axis, or along that axis",
    arguments: [
      ([3, 2, 4], [8, 9, 10, 11, 12, 13, 14, 15]), ([3, 2, 1, 4], [8, 9, 10, 11, 12, 13, 14, 15]),
      ([2, 3, 4], [4, 5, 6, 7, 16, 17, 18, 19]), ([1, 2, 4], [0, 1, 2, 3, 4, 5, 6, 7]), ([2, 1, 4], [0, 1, 2, 3, 4, 5, 6, 7]),
    ] as [([Int], [Float])])
  func states(shape: [Int], second: [Float]) throws {
    var set = try StimulusSet(contentsOf: archive([("x", Self.numbers([3, 5])), ("state", Self.numbers(shape))]))
    #expect(set.count == 3)
    try set.fit(to: [ModelInput("x", [5]), ModelInput("state", [2, 4], batchAxis: 1)])
    #expect(set.inputs[1].shape == [2, 4])
    #expect(try set.floats(stimulus: 1, input: 1) == second)
    #expect(set.inputs[1].isShared == (shape[0] != 3 && shape[1] != 3))
    #expect(set.notes.isEmpty == (shape[0] == 3), "\(set.notes)")
  }

  @Test(
    "are taken for the one input there is, whatever they are called, and a name of their own is told",
    arguments: [("x", false), ("arr_0", false), ("pictures", true)])
  func loneName(_ name: String, isTold: Bool) throws {
    var set = try StimulusSet(contentsOf: archive([(name, Self.numbers([3, 5]))]))
    try set.fit(to: [ModelInput("x", [5])])
    #expect(set.notes.contains { $0.contains("its one array \"pictures\" is taken for \"x\"") } == isTold, "\(set.notes)")
  }

  @Test(
    "that lack an axis of several stimuli are refused with what to export",
    arguments: [(nil, true), (0, false)] as [(Int?, Bool)])
  func several(batchAxis: Int?, isTold: Bool) throws {
    var set = try StimulusSet(contentsOf: archive([("x", Self.numbers([7, 5, 3]))]))
    let refused = #expect(throws: StimuliError.self) { try set.fit(to: [ModelInput("x", [5, 2, 3], batchAxis: batchAxis)]) }
    #expect(refused?.message.contains("takes 2 stimuli at a time along axis 1") == isTold, "\(String(describing: refused))")
  }

  @Test(
    "of the model's own shape for a batch have their stimuli along the model's axis", arguments: [nil, "x", "other"] as [String?])
  func timeFirst(name: String?) throws {
    let input = ModelInput("x", [7, 3], batchAxis: 1)
    let numbers = Self.numbers([7, 5, 3])
    let path =
      name.map { archive([($0, numbers)]) } ?? folder.file("x.npy", numbers.npyBytes())
    var set = try StimulusSet(contentsOf: path, inputs: [input])
    #expect(set.count == 5)
    try set.fit(to: [input])
    #expect(set.inputs[0].shape == [7, 3])
    #expect(try set.floats(stimulus: 2).prefix(4) == [6, 7, 8, 21])
    #expect(set.notes.contains { $0.contains("axis 1") })
  }

  @Test(
    "get an axis of length 1 that only they lack, and a note tells",
    arguments: [
      ([3, 5], [1, 5], [1, 5]), ([3, 5], [1, nil], [1, 5]), ([3, 5], [5, 1], [5, 1]), ([3, 4, 5], [1, 4, 5], [1, 4, 5]),
      ([3, 4, 5], [nil, 1, nil], [4, 1, 5]), ([3, 5], [nil, 5], nil), ([3, 5], [1, 4], nil), ([3, 5], [1, 1, 5], nil),
    ] as [([Int], [Int?], [Int]?)])
  func missingAxis(shape: [Int], declared: [Int?], expected: [Int]?) throws {
    let input = ModelInput("x", declared)
    var set = try StimulusSet(contentsOf: folder.file("x.npy", Self.numbers(shape).npyBytes()), inputs: [input])
    guard let expected else {
      #expect(throws: StimuliError.self) { try set.fit(to: [input]) }
      return
    }
    try set.fit(to: [input])
    #expect(set.inputs[0].shape == expected)
    let size = expected.reduce(1, *)
    #expect(try set.floats(stimulus: 2) == (2 * size..<3 * size).map(Float.init))
    #expect(set.notes.contains { $0.contains("axis of length 1") })
  }

  @Test("say how they were understood where two ways fit")
  func ambiguity() throws {
    var set = try StimulusSet(contentsOf: archive([("x", Self.numbers([2, 5])), ("state", Self.numbers([2, 2, 4]))]))
    try set.fit(to: [ModelInput("x", [5]), ModelInput("state", [2, 4], batchAxis: 1)])
    #expect(try set.floats(stimulus: 0, input: 1) == [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(set.notes.contains { $0.contains("first axis") })
  }

  @Test(
    "are given to all stimuli as single numbers, as one row, or under shared/",
    arguments: [("rate", []), ("rate", [1]), ("shared/rate", []), ("shared/rate", [1])] as [(String, [Int])])
  func shared(name: String, shape: [Int]) throws {
    let rate = NumericArray(shape: shape, int64: [16000])
    var set = try StimulusSet(contentsOf: archive([("x", Self.numbers([4, 5])), (name, rate)]))
    #expect(set.count == 4)
    try set.fit(to: [ModelInput("rate", [], batchAxis: nil), ModelInput("x", [5])])
    #expect(set.inputs[0].isShared)
    for stimulus in 0..<4 { #expect(try set.floats(stimulus: stimulus, input: 0) == [16000]) }
    #expect(set.notes.contains { $0.contains("\"rate\"") })
  }

  @Test("under shared/ may be as many as there are stimuli")
  func sharedOfSameLength() throws {
    let set = try StimulusSet(contentsOf: archive([("x", Self.numbers([4, 5])), ("shared/m", Self.numbers([4, 5]))]))
    var fitted = set
    try fitted.fit(to: [ModelInput("x", [5]), ModelInput("m", [4, 5], batchAxis: nil)])
    #expect(try fitted.floats(stimulus: 3, input: 1) == (0..<20).map(Float.init))
  }

  @Test("that fill an input without a batch axis are given to all stimuli and count none")
  func whole() throws {
    let inputs = [ModelInput("x", [7, 5]), ModelInput("edges", [7, 7], batchAxis: nil)]
    let path = archive([("edges", Self.numbers([7, 7])), ("x", Self.numbers([4, 7, 5]))])
    var set = try StimulusSet(contentsOf: path, inputs: inputs)
    #expect(set.count == 4)
    try set.fit(to: inputs)
    #expect(try set.floats(stimulus: 3, input: 1) == (0..<49).map(Float.init))
    #expect(set.notes.contains { $0.contains("\"edges\"") })
  }

  @Test("that a model lacks are left out with a note, be they numbers or not, and however many rows they have")
  func extra() throws {
    let text = Fixtures.npy("'<U5'", "()", [UInt8](repeating: 0, count: 20))
    let path = folder.file(
      "e.npz",
      Fixtures.storedZip([
        ("meta.npy", text), ("a.npy", Self.numbers([9, 1]).npyBytes()), ("b.npy", Self.numbers([9, 2]).npyBytes()),
        ("x.npy", Self.numbers([4, 5]).npyBytes()),
      ]))
    var set = try StimulusSet(contentsOf: path, inputs: [ModelInput("x", [5])])
    #expect(set.count == 4)
    try set.fit(to: [ModelInput("x", [5])])
    #expect(try set.floats(stimulus: 3) == [15, 16, 17, 18, 19])
    #expect(set.notes.count == 1)
    for name in ["\"a\"", "\"b\"", "\"meta\""] { #expect(set.notes[0].contains(name)) }
    var asked = try StimulusSet(contentsOf: path, inputs: [ModelInput("x", [5]), ModelInput("meta", nil)])
    let error = #expect(throws: StimuliError.self) { try asked.fit(to: [ModelInput("x", [5]), ModelInput("meta", nil)]) }
    #expect(error?.message.contains("<U5") == true)
  }

  @Test("are made where a state or a cache isn't given")
  func made() throws {
    var set = try StimulusSet(contentsOf: archive([("ids", Self.numbers([4, 6]))]))
    try set.fit(to: [
      ModelInput("ids", [nil]), ModelInput("past", [2, nil, 4], isState: true),
      ModelInput("h0", [2, 4], batchAxis: 1, isState: true),
    ])
    #expect(set.inputs.map(\.shape) == [[6], [2, 0, 4], [2, 4]])
    #expect(try set.floats(stimulus: 3, input: 1) == [])
    #expect(try set.floats(stimulus: 3, input: 2) == [Float](repeating: 0, count: 8))
    #expect(set.notes.contains { $0.contains("\"past\"") && $0.contains("empty") })
    #expect(set.notes.contains { $0.contains("\"h0\"") && $0.contains("zeros") })
  }

  @Test("may be empty where the model allows it")
  func emptyCache() throws {
    var set = try StimulusSet(contentsOf: archive([("ids", Self.numbers([4, 6])), ("past", Self.numbers([4, 2, 0, 4]))]))
    try set.fit(to: [ModelInput("ids", [nil]), ModelInput("past", [2, nil, 4], isState: true)])
    #expect(set.inputs[1].shape == [2, 0, 4])
  }

  @Test("are refused with the number of stimuli where they have another")
  func mismatch() throws {
    var set = try StimulusSet(contentsOf: archive([("x", Self.numbers([8, 6])), ("m", Self.numbers([5, 8]))]))
    #expect(set.count == 8)
    let error = #expect(throws: StimuliError.self) { try set.fit(to: [ModelInput("x", [6]), ModelInput("m", [8])]) }
    for word in ["\"m\"", "[5, 8]", "8 stimuli"] {
      #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    }
  }

  @Test("are no thumbnails, nor read beyond their end, where they are fewer than the stimuli")
  func fewer() throws {
    let few = NumericArray(shape: [2, 8, 8, 3], uint8: [UInt8](repeating: 0, count: 384))
    let set = try StimulusSet(
      [("picture", few), ("x", Self.numbers([4, 5])), ("y", Self.numbers([4, 5]))], description: "some")
    #expect(set.count == 4)
    #expect(try set.thumbnails() == nil)
    #expect(throws: StimuliError.self) { try set.floats(stimulus: 2, input: 0) }
    var fitted = set
    #expect(throws: StimuliError.self) { try fitted.fit(to: [ModelInput("picture", nil), ModelInput("x", nil)]) }
  }

  @Test("without an axis for stimuli are refused rather than shared")
  func unbatched() throws {
    var set = try StimulusSet(contentsOf: archive([("x", Self.numbers([3, 8, 8]))]))
    let error = #expect(throws: StimuliError.self) { try set.fit(to: [ModelInput("x", [3, 8, 8])]) }
    #expect(error?.message.contains("[3, 8, 8]") == true)
  }

  @Test("named twice are refused")
  func twice() {
    for names in [("x", "x"), ("x", "shared/x")] {
      let path = archive([(names.0, Self.numbers([2, 5])), (names.1, Self.numbers([2, 5]))])
      let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
      #expect(error?.message.contains("two arrays named \"x\"") == true)
    }
  }

  @Test(
    "of bytes are images, divided by 255, where a stimulus has two axes or more", arguments: [[2, 4], [2, 2, 2], [2, 1, 2, 2]])
  func bytes(shape: [Int]) throws {
    let bytes = NumericArray(shape: shape, uint8: [0, 51, 102, 255, 1, 2, 3, 4])
    var set = try StimulusSet([("x", bytes)], description: "bytes")
    let wanted = [ModelInput("x", shape.dropFirst().map { $0 })]
    try set.fit(to: wanted)
    let isImage = shape.count > 2
    #expect(try set.floats(stimulus: 0) == (isImage ? [0, 0.2, 0.4, 1] : [0, 51, 102, 255]))
    #expect(set.notes.count == 1)
    #expect(set.notes[0].contains("divided by 255") == isImage)

    var told = try StimulusSet([("x", bytes)], description: "bytes")
    try told.setPreprocessing(Preprocessing(scale: 51))
    try told.fit(to: wanted)
    #expect(try told.floats(stimulus: 0) == [0, 1, 2, 5])
    #expect(told.notes.isEmpty)
  }

  @Test("that overflow the model's type are refused with the number", arguments: [ScalarType.float32, .float16])
  func overflow(type: ScalarType) throws {
    let set = try StimulusSet([("x", NumericArray(shape: [2, 2], doubles: [1, 2, 3, 1e300]))], description: "doubles")
    var buffer = [UInt8](repeating: 0, count: 2 * type.byteCount)
    try buffer.withUnsafeMutableBytes { try set.read(stimulus: 0, input: 0, as: type, into: $0) }
    let error = #expect(throws: StimuliError.self) {
      try buffer.withUnsafeMutableBytes { try set.read(stimulus: 1, input: 0, as: type, into: $0) }
    }
    for word in ["1e+300", "stimulus 1", "element 1", type.rawValue] { #expect(error?.message.contains(word) == true) }
  }

  @Test("that are infinite as stored stay so")
  func infinite() throws {
    let set = try StimulusSet([("x", NumericArray(shape: [1, 2], doubles: [.infinity, -.infinity]))], description: "x")
    #expect(try set.floats(stimulus: 0) == [.infinity, -.infinity])
  }
}

@Suite("Thumbnails")
struct ThumbnailTests {
  @Test("of the largest floats are pictures still")
  func extremes() throws {
    let largest = Float.greatestFiniteMagnitude
    let values = (0..<100 * 8).map { $0.isMultiple(of: 2) ? largest : -largest }
    let set = try StimulusSet([("x", NumericArray(shape: [1, 1, 100, 8], floats: values))], description: "extremes")
    #expect(try set.thumbnails()?.images.first?.count == 3 * 50 * 4)
  }
}
