import Files
import TestSupport
import Testing

@testable import Arrays
@testable import Stimuli

@Suite("An .npz archive of stimuli")
struct NPZTests {
  let folder = TemporaryFolder()
  static let tokens = Fixtures.npy("'<i8'", "(2, 1)", [7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0])
  static let mask = Fixtures.npy("'|b1'", "(2, 2)", [1, 0, 1, 1])
  static let labels = Fixtures.npy("'<i4'", "(2,)", [3, 0, 0, 0, 4, 0, 0, 0])

  @Test("gives one array to each model input by name, and labels")
  func stored() throws {
    let path = folder.file(
      "s.npz", Fixtures.storedZip([("mask.npy", Self.mask), ("labels.npy", Self.labels), ("ids/x:0.npy", Self.tokens)]))
    var set = try StimulusSet(contentsOf: path)
    #expect(set.labels == [3, 4])
    #expect(set.inputs.map(\.name) == ["mask", "ids/x:0"])
    try set.fit(to: [ModelInput("ids/x:0", [nil]), ModelInput("mask", [2])])
    #expect(set.inputs.map(\.name) == ["ids/x:0", "mask"])
    #expect(try set.floats(stimulus: 1, input: 0) == [9])
    #expect(try set.floats(stimulus: 0, input: 1) == [1, 0])

    let error = #expect(throws: StimuliError.self) { try set.fit(to: [ModelInput("ids/x:0", [1]), ModelInput("other", nil)]) }
    #expect(error?.message.contains("\"other\"") == true)
    #expect(error?.message.contains("\"mask\"") == true)
  }

  @Test(
    "leaves an array of labels out that are none, with a note, and says so where labels are asked for",
    arguments: [
      (NumericArray(shape: [2, 2], int64: [1, 0, 1, 1]), "[2, 2]"),
      (NumericArray(shape: [2], floats: [0.5, 1]), "no whole numbers"),
    ])
  func noLabels(labels: NumericArray, word: String) throws {
    let path = folder.path + "/multi.npz"
    try writeNPZ([("x", NumericArray(shape: [2, 1], floats: [1, 2])), ("labels", labels)], to: path)
    let set = try StimulusSet(contentsOf: path)
    #expect(set.labels == nil)
    #expect(set.notes.count == 1 && set.notes.first?.contains(word) == true, "\(set.notes)")
    let error = #expect(throws: StimuliError.self) { try StimulusSelection("class=1").apply(to: set) }
    #expect(
      error?.message.contains("needs labels") == true && error?.message.contains(word) == true, "\(String(describing: error))")
    let own = try StimulusSet(contentsOf: path, labels: folder.file("labels.txt", Array("1\n0\n".utf8)))
    #expect(own.labels == [1, 0])
    #expect(own.notes.isEmpty)
  }

  @Test("deflated and read back is the same, and always the same bytes")
  func deflated() throws {
    let image = NumericArray(shape: [3, 4], floats: (0..<12).map { Float($0) })
    let ids = NumericArray(shape: [3, 1], int64: [5, 6, 7])
    let labels = NumericArray(shape: [3], int64: [2, 1, 0])
    for name in ["a.npz", "b.npz"] {
      try writeNPZ([("image", image), ("ids", ids), ("labels", labels)], to: folder.path + "/" + name)
    }
    #expect(TemporaryFolder.read(folder.path + "/a.npz") == TemporaryFolder.read(folder.path + "/b.npz"))
    let set = try StimulusSet(contentsOf: folder.path + "/a.npz")
    #expect(set.labels == [2, 1, 0])
    #expect(try set.floats(stimulus: 2, input: 0) == [8, 9, 10, 11])
    #expect(set.inputs[1].scalarType == .int64)
  }

  @Test("large and stored stays in the mapped file")
  func largeStored() throws {
    let values = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let path = folder.file("l.npz", Fixtures.storedZip([("x.npy", Fixtures.npy("'|u1'", "(2, 1000000)", values))]))
    let set = try StimulusSet(contentsOf: path)
    #expect(try set.floats(stimulus: 1) == values[1_000_000...].map { Float($0) })
  }

  @Test("without arrays is refused as such")
  func nothing() throws {
    let path = folder.file("nothing.npz", [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18))
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
    #expect(error?.message.contains("nothing.npz has nothing in it") == true, "\(String(describing: error))")
  }

  @Test("cut short anywhere is refused")
  func truncated() throws {
    try writeNPZ([("x", NumericArray(shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]))], to: folder.path + "/whole.npz")
    let whole = TemporaryFolder.read(folder.path + "/whole.npz")
    for length in 0..<whole.count {
      let path = folder.file("cut.npz", Array(whole[..<length]))
      let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
      #expect(error?.code == .badInput)
    }
  }

  @Test("with a flipped byte in its data is refused", arguments: [true, false])
  func flipped(isStored: Bool) throws {
    let npy = NumericArray(shape: [2, 100], floats: (0..<200).map { Float($0) }).npyBytes()
    try writeNPZ([("x", NumericArray(shape: [2, 100], floats: (0..<200).map { Float($0) }))], to: folder.path + "/w.npz")
    var bytes = isStored ? Fixtures.storedZip([("x.npy", npy)]) : TemporaryFolder.read(folder.path + "/w.npz")
    bytes[250] ^= 0x40
    let path = folder.file("flipped.npz", bytes)
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
    #expect(error?.code == .badInput)
    #expect(error?.message.contains("\"x.npy\" is damaged") == true, "\(error?.message ?? "")")
  }

  @Test("whose arrays differ in the number of stimuli is refused with the shape that differs")
  func mismatch() throws {
    let path = folder.file(
      "m.npz", Fixtures.storedZip([("a.npy", Self.mask), ("b.npy", Fixtures.npy("'|u1'", "(3,)", [1, 2, 3]))]))
    var set = try StimulusSet(contentsOf: path)
    let error = #expect(throws: StimuliError.self) {
      try set.fit(to: [ModelInput("a", [2]), ModelInput("b", [], batchAxis: 0)])
    }
    #expect(error?.message.contains("[3]") == true)
    #expect(error?.message.contains("2 stimuli") == true)
  }

  @Test("without arrays is refused")
  func empty() {
    let path = folder.file("e.npz", Fixtures.storedZip([("labels.npy", Self.labels)]))
    #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
  }
}
