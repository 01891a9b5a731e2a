import Files
import TestSupport
import Testing

@testable import Arrays
@testable import Stimuli

@Suite("A set of stimuli")
struct StimulusSetTests {
  let folder = TemporaryFolder()

  static func integers<Value: FixedWidthInteger>(
    _ set: StimulusSet, as type: ScalarType, _: Value.Type
  ) throws -> [Value] {
    var result = [Value](repeating: 0, count: set.inputs[0].elementCount)
    try result.withUnsafeMutableBytes { try set.read(stimulus: 0, input: 0, as: type, into: $0) }
    return result
  }

  @Test("made in memory hands floats over as they are")
  func floats() throws {
    let set = try StimulusSet(
      [("x", NumericArray(shape: [3, 2], floats: [1, 2, 3, 4, 5, 6]))], labels: [7, 8, 9], description: "three pairs")
    #expect(set.count == 3)
    #expect(set.inputs[0].shape == [2])
    #expect(try set.floats(stimulus: 1) == [3, 4])
    #expect(set.files.isEmpty)
  }

  @Test("can be cut to its first stimuli or to chosen ones, labels and all")
  func selection() throws {
    let set = try StimulusSet(
      [(nil, NumericArray(shape: [4, 1], floats: [1, 2, 3, 4]))], labels: [10, 20, 30, 40], description: "four")
    #expect(set.prefix(2).labels == [10, 20])
    #expect(set.prefix(9).count == 4)
    let chosen = try set.select([3, 1, 3])
    #expect(chosen.labels == [40, 20, 40])
    #expect(try chosen.floats(stimulus: 0) == [4])
    #expect(try chosen.prefix(2).select([1]).floats(stimulus: 0) == [2])
    #expect(throws: StimuliError.self) { try set.select([4]) }
    #expect(throws: StimuliError.self) { try set.select([-1]) }
    #expect(throws: StimuliError.self) { try set.select([]) }
  }

  @Test("scales, then standardises, channel by channel")
  func preprocessing() throws {
    var set = try StimulusSet(pixels: [0, 255, 51, 102, 204, 0], channels: 3, height: 1, width: 2, description: "a row")
    try set.setPreprocessing(Preprocessing(mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225]))
    let expected: [Float] = [
      (0 / 255 - 0.485) / 0.229, (255 / 255 - 0.485) / 0.229, (51 / 255 - 0.456) / 0.224, (102 / 255 - 0.456) / 0.224,
      (204 / 255 - 0.406) / 0.225, (0 / 255 - 0.406) / 0.225,
    ]
    #expect(try set.floats(stimulus: 0) == expected)

    var last = try StimulusSet([(nil, NumericArray(shape: [1, 2, 2], floats: [1, 2, 3, 4]))], description: "H, W, C")
    try last.setPreprocessing(Preprocessing(scale: 2, mean: [0, 1], layouts: [InputLayout(input: nil, letters: "ntc")]))
    #expect(try last.floats(stimulus: 0) == [0.5, 0, 1.5, 1])
    try last.setPreprocessing(Preprocessing(mean: [1], standardDeviation: [2]))
    #expect(try last.floats(stimulus: 0) == [0, 0.5, 1, 1.5])
  }

  @Test("refuses means and deviations that do not fit its channels, or are none")
  func badPreprocessing() throws {
    var set = try StimulusSet(pixels: [1, 2, 3], channels: 3, height: 1, width: 1, description: "a pixel")
    let error = #expect(throws: StimuliError.self) { try set.setPreprocessing(Preprocessing(mean: [1, 2])) }
    #expect(error?.message.contains("[3, 1, 1]") == true)
    for bad in [
      Preprocessing(scale: 0), Preprocessing(standardDeviation: [0]), Preprocessing(standardDeviation: [1, -1, 1]),
      Preprocessing(mean: [.nan]), Preprocessing(scale: .infinity),
    ] {
      #expect(throws: StimuliError.self) { try set.setPreprocessing(bad) }
    }
  }

  @Test(
    "finds the channels that numbers are given for: as the user says, as the model tells, or where only one axis has as many",
    arguments: [
      // Of shape [2, 3, 3], the first or the last axis may be meant.
      ([2, 3, 3], 0, [], 0), ([2, 3, 3], 1, [], 1), ([2, 3, 3], nil, [], nil),
      ([2, 3, 3], 1, [InputLayout(input: nil, letters: "nct")], 0),
      ([2, 3, 3], nil, [InputLayout(input: "x", letters: "NTC")], 1),
      ([2, 3, 3], nil, [InputLayout(input: "other", letters: "ntc")], nil),
      ([2, 3, 3], 0, [InputLayout(input: nil, letters: "nhwc")], 0),
      ([2, 4, 3], nil, [], 1), ([2, 3, 4], nil, [], 0), ([2, 4, 4], nil, [], nil), ([2, 4, 3], 0, [], nil),
      ([2, 4, 5, 3], 2, [], 2), ([2, 4, 3, 5], 1, [], 1), ([2, 4, 3, 5], nil, [], nil), ([2, 3], nil, [], 0),
      ([2, 3, 4, 4, 3], nil, [InputLayout(input: nil, letters: "nhwc")], 3),
      ([2, 3, 4], nil, [InputLayout(input: "x", letters: "nhwc")], nil),
    ] as [([Int], Int?, [InputLayout], Int?)])
  func channels(shape: [Int], told: Int?, layouts: [InputLayout], expected: Int?) throws {
    let count = shape.reduce(1, *)
    var set = try StimulusSet(
      [("x", NumericArray(shape: shape, floats: (0..<count).map(Float.init)))], description: "numbers")
    let mean = [1.0, 20, 300]
    try set.setPreprocessing(Preprocessing(mean: mean, layouts: layouts))
    let input = ModelInput("x", shape.dropFirst().map { $0 }, channelAxis: told)
    guard let expected else {
      #expect(throws: StimuliError.self) { try set.fit(to: [input]) }
      return
    }
    try set.fit(to: [input])
    let own = Array(shape.dropFirst())
    let inner = own[(expected + 1)...].reduce(1, *)
    let size = own.reduce(1, *)
    #expect(try set.floats(stimulus: 1) == (0..<size).map { Float(size + $0) - Float(mean[$0 / inner % 3]) })
  }

  @Test("says how to tell its channels where nothing does")
  func untoldChannels() throws {
    var set = try StimulusSet(
      [("x", NumericArray(shape: [2, 3, 3], floats: [Float](repeating: 0, count: 18)))], description: "n")
    try set.setPreprocessing(Preprocessing(mean: [1, 2, 3]))
    let error = #expect(throws: StimuliError.self) { try set.fit(to: [ModelInput("x", [nil, 3])]) }
    #expect(error?.message.contains("--layout \"x=nct\" or \"x=ntc\"") == true, "\(String(describing: error))")
  }

  @Test("hands tokens over unchanged, whatever the preprocessing")
  func tokens() throws {
    var set = try StimulusSet(
      [("ids", NumericArray(shape: [1, 3], int64: [0, -1, 1 << 53 + 1]))], description: "tokens")
    try set.setPreprocessing(Preprocessing(scale: 255))
    #expect(try Self.integers(set, as: .int64, Int64.self) == [0, -1, 1 << 53 + 1])
    let error = #expect(throws: StimuliError.self) { try Self.integers(set, as: .int32, Int32.self) }
    #expect(error?.code == .badInput)
    #expect(error?.message.contains("element 2") == true)
    #expect(error?.message.contains("int32") == true)
  }

  @Test("refuses to scale or standardise what no input of the model can take so")
  func unusedPreprocessing() throws {
    func pixels() throws -> StimulusSet {
      try StimulusSet(pixels: [1, 2, 3], channels: 3, height: 1, width: 1, description: "a pixel")
    }
    let bytes = ModelInput("x", [3, 1, 1], isFloatingPoint: false)
    for (asked, flags) in [
      (Preprocessing(scale: 2), "--scale "), (Preprocessing(mean: [1, 2, 3]), "--mean "),
      (Preprocessing(mean: [1], standardDeviation: [2]), "--mean, --std "),
    ] {
      var set = try pixels()
      try set.setPreprocessing(asked)
      let error = #expect(throws: StimuliError.self) { try set.fit(to: [bytes]) }
      #expect(error?.message.hasPrefix(flags) == true && error?.message.contains("\"x\"") == true, "\(String(describing: error))")
      try set.fit(to: [ModelInput("x", [3, 1, 1])])
    }
    var plain = try pixels()
    try plain.setPreprocessing(Preprocessing(layouts: [InputLayout(input: nil, letters: "nchw")]))
    try plain.fit(to: [bytes])

    // Of several arrays those with three axes are meant, and one that is changed is enough.
    func several(_ shape: [Int]) throws -> StimulusSet {
      let count = shape.reduce(2, *)
      var set = try StimulusSet(
        [
          ("image", NumericArray(shape: [2] + shape, floats: [Float](repeating: 1, count: count))),
          ("age", NumericArray(shape: [2, 1], floats: [1, 2])),
        ], description: "two arrays")
      try set.setPreprocessing(Preprocessing(mean: [1]))
      return set
    }
    var image = try several([1, 2, 2])
    try image.fit(to: [ModelInput("image", [1, 2, 2]), ModelInput("age", [1])])
    #expect(try image.floats(stimulus: 0, input: 0) == [0, 0, 0, 0])
    var table = try several([4])
    let error = #expect(throws: StimuliError.self) { try table.fit(to: [ModelInput("image", [4]), ModelInput("age", [1])]) }
    #expect(error?.message.contains("three axes") == true, "\(String(describing: error))")
  }

  @Test("converts between integer types only where no number changes")
  func exactness() throws {
    func set(_ floats: [Float]) throws -> StimulusSet {
      try StimulusSet([(nil, NumericArray(shape: [1, floats.count], floats: floats))], description: "numbers")
    }
    #expect(try Self.integers(set([0, 255, 7]), as: .uint8, UInt8.self) == [0, 255, 7])
    #expect(try Self.integers(set([-128, 127]), as: .int8, Int8.self) == [-128, 127])
    #expect(try Self.integers(set([0, 1]), as: .bool, UInt8.self) == [0, 1])
    for (bad, type) in [
      ([256], .uint8), ([-1], .uint16), ([0.5], .int32), ([.nan], .int64), ([.infinity], .int64), ([2], .bool), ([1e30], .uint64),
    ] as [([Float], ScalarType)] {
      #expect(throws: StimuliError.self) {
        var buffer = [UInt8](repeating: 0, count: type.byteCount)
        try buffer.withUnsafeMutableBytes { try set(bad).read(stimulus: 0, input: 0, as: type, into: $0) }
      }
    }
  }

  @Test("serves inputs of 16- and 64-bit floats")
  func otherFloats() throws {
    let set = try StimulusSet(pixels: [0, 51, 255], channels: 1, height: 1, width: 3, description: "a row")
    var doubles = [Double](repeating: 0, count: 3)
    try doubles.withUnsafeMutableBytes { try set.read(stimulus: 0, input: 0, as: .float64, into: $0) }
    #expect(doubles == [0, 0.2, 1])
    var halves = [Float16](repeating: 0, count: 3)
    try halves.withUnsafeMutableBytes { try set.read(stimulus: 0, input: 0, as: .float16, into: $0) }
    #expect(halves == [0, Float16(Float(51) / 255), 1])
  }

  @Test("refuses a model input of another shape, with both shapes")
  func shapes() throws {
    var set = try StimulusSet([(nil, NumericArray(shape: [2, 3, 4], floats: Array(repeating: 0, count: 24)))], description: "x")
    try set.fit(to: [ModelInput("in", [3, nil])])
    let error = #expect(throws: StimuliError.self) { try set.fit(to: [ModelInput("in", [4, nil, 3])]) }
    #expect(error?.message.contains("[3, 4]") == true)
    #expect(error?.message.contains("[4, ?, 3]") == true)
    #expect(error?.message.contains("\"in\"") == true)
  }

  @Test("takes labels from a file of their own", arguments: ["npy", "txt", "column", "marked"])
  func labels(kind: String) throws {
    let stimuli = folder.file("x.npy", Fixtures.npy("'|u1'", "(3, 1)", [1, 2, 3]))
    let labels =
      switch kind {
      case "npy": folder.file("l.npy", Fixtures.npy("'<i4'", "(3,)", [5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0]))
      case "column": folder.file("l.npy", Fixtures.npy("'<u2'", "(3, 1)", [5, 0, 0, 0, 7, 0]))
      case "marked": folder.file("l.txt", Array("\u{FEFF}5\n0\n7".utf8))
      default: folder.file("l.txt", Array("5\r\n 0 zero\n\n7\n".utf8))
      }
    let set = try StimulusSet(contentsOf: stimuli, labels: labels)
    #expect(set.labels == [5, 0, 7])
    #expect(set.files == [stimuli, labels])
  }

  @Test("refuses labels that are too few or no whole numbers")
  func badLabels() {
    let stimuli = folder.file("x.npy", Fixtures.npy("'|u1'", "(3, 1)", [1, 2, 3]))
    for (name, bytes, expected) in [
      ("l.txt", Array("1\n2\n".utf8), "2 labels for 3 stimuli"), ("l.txt", Array("1\ncat\n2".utf8), "line 2 is \"cat\""),
      ("l.npy", Fixtures.npy("'<f4'", "(1,)", [0, 0, 0, 0x3F]), "no whole numbers"),
      ("l.npy", Fixtures.npy("'|u1'", "(1, 3)", [1, 2, 3]), "[1, 3]"),
    ] {
      let path = folder.file(name, bytes)
      let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: stimuli, labels: path) }
      #expect(error?.code == .badInput)
      #expect(error?.message.contains(expected) == true)
    }
  }

  @Test("of no known format, or not there, is refused")
  func noFile() {
    let missing = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: folder.path + "/none.npy") }
    #expect(missing?.code == .missingInput)
    let emptyFolder = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: folder.path) }
    #expect(emptyFolder?.code == .missingInput)
    let unknown = folder.file("cat.gif", Array("GIF89a".utf8))
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: unknown) }
    #expect(error?.code == .badInput)
    for format in [".bin", "IDX", ".npy", ".npz"] { #expect(error?.message.contains(format) == true) }
  }
}
