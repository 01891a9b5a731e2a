import Files
import TestSupport
import Testing

@testable import Arrays
@testable import Stimuli

@Suite("A selection of stimuli")
struct StimulusSelectionTests {
  private func set(names: [String]? = nil) throws -> StimulusSet {
    var set = try StimulusSet(
      [("x", NumericArray(shape: [6, 1], floats: [0, 1, 2, 3, 4, 5]))], labels: [0, 1, 2, 0, 1, 2], description: "six")
    set.setClassNames(names)
    return set
  }
  private static let predictions = [0, 2, 2, 1, 1, 0]

  @Test(
    "takes the stimuli that meet all criteria",
    arguments: [
      ("class=1", [1, 4]), ("class=cat", [0, 3]), ("class=cat, 2", [0, 2, 3, 5]), ("index=4,1", [4, 1]),
      ("index=2-4", [2, 3, 4]),
      ("wrong", [1, 3, 5]), ("right", [0, 2, 4]), ("predicted=2", [1, 2]), ("class=dog&wrong", [1]),
      ("index=5,3,1 & predicted=cat,dog", [5, 3]),
    ])
  func criteria(text: String, expected: [Int]) throws {
    let selection = try StimulusSelection(text)
    let chosen = try selection.apply(to: set(names: ["cat", "dog", "owl"]), predictions: Self.predictions)
    #expect(chosen.records == expected)
    #expect(chosen.labels == expected.map { $0 % 3 })
    #expect(selection.needsPredictions == (text.contains("predicted") || text.contains("wrong") || text.contains("right")))
  }

  @Test(
    "that can't be read is refused",
    arguments: ["", "class", "class=", "index=a", "index=4-2", "index=-1", "kind=3", "wrong&", "class=1,,2"])
  func unread(text: String) {
    #expect(throws: StimuliError.self) { try StimulusSelection(text) }
  }

  @Test("that chooses nothing, or what isn't there, is refused", arguments: ["class=7", "class=bird", "index=6"])
  func nothing(text: String) throws {
    let set = try set()
    #expect(throws: StimuliError.self) { try StimulusSelection(text).apply(to: set) }
  }

  @Test("by class needs labels")
  func unlabelled() throws {
    let set = try StimulusSet([("x", NumericArray(shape: [2, 1], floats: [0, 1]))], description: "two")
    let error = #expect(throws: StimuliError.self) { try StimulusSelection("class=1").apply(to: set) }
    #expect(error?.message.contains("--labels") == true)
  }

  @Test("by right and wrong takes no stimulus without a label")
  func partlyLabelled() throws {
    let set = try StimulusSet(
      [("x", NumericArray(shape: [4, 1], floats: [0, 1, 2, 3]))], labels: [-1, 1, 0, -1], description: "four")
    for (text, expected) in [("wrong", [2]), ("right", [1])] {
      #expect(try StimulusSelection(text).apply(to: set, predictions: [0, 1, 1, 1]).records == expected)
    }
  }

  @Test("shuffles by the seed alone, whatever else is chosen")
  func shuffle() throws {
    let many = try StimulusSet(
      [("x", NumericArray(shape: [200, 1], floats: (0..<200).map(Float.init)))], description: "many")
    let order = try StimulusSelection(nil, shuffleSeed: 7).apply(to: many).records
    #expect(order.sorted() == Array(0..<200))
    #expect(order != Array(0..<200))
    #expect(try StimulusSelection(nil, shuffleSeed: 7).apply(to: many).records == order)
    #expect(try StimulusSelection(nil, shuffleSeed: 8).apply(to: many).records != order)
    let half = try StimulusSelection("index=0-99", shuffleSeed: 7).apply(to: many).records
    #expect(half == order.filter { $0 < 100 })
  }

  @Test("without criteria leaves all as they are")
  func identity() throws {
    #expect(try StimulusSelection(nil).apply(to: set()).records == Array(0..<6))
  }

  @Test("reads class names, one a line")
  func classNames() throws {
    let folder = TemporaryFolder()
    #expect(try readClassNames(folder.file("a.txt", text: "\u{FEFF}cat\r\n great owl \nβ\n\n")) == ["cat", "great owl", "β"])
    for bad in ["", "\n", "a\n\nb\n"] {
      #expect(throws: StimuliError.self) { try readClassNames(folder.file("b.txt", text: bad)) }
    }
    #expect(throws: StimuliError.self) { try readClassNames(folder.file("c.txt", [0x61, 0xFF, 0x0A])) }
  }
}
