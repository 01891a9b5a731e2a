import Files
import Testing

@testable import Arrays
@testable import Stimuli

@Suite("A survey of stimuli")
struct StimulusSurveyTests {
  private func set(_ rows: [[Float]], labels: [Int]? = nil) throws -> StimulusSet {
    try StimulusSet(
      [("x", NumericArray(shape: [rows.count, rows[0].count], floats: rows.flatMap { $0 }))], labels: labels,
      description: "rows")
  }

  private static let plain = [StimulusSurvey.Reading(type: .float32)]

  @Test("finds NaN, infinity and repeats")
  func survey() throws {
    let survey = try set([[1, 2], [.nan, 2], [1, 2], [3, .infinity], [2, 1], [1, 2]]).survey(Self.plain)
    #expect(survey.nonFinite == [1, 3])
    #expect(survey.repeats == [.init(stimulus: 2, original: 0), .init(stimulus: 5, original: 0)])
  }

  @Test("leaves out stimuli that aren't finite only where that is allowed, and names them by their places in the files")
  func nonFinite() throws {
    let all = try set([[9, 9], [1, 2], [.nan, 2], [3, 4]], labels: [9, 0, 1, 2])
    let some = try all.select([1, 2, 3])
    let survey = try some.survey(Self.plain)
    let error = #expect(throws: StimuliError.self) { try some.usable(by: survey, allowsNonFinite: false) }
    #expect(error?.message.contains("stimulus 2 of rows") == true)
    #expect(error?.message.contains("--allow-nonfinite") == true)
    let left = try some.usable(by: survey, allowsNonFinite: true)
    #expect(left.records == [1, 3])
    #expect(left.labels == [0, 2])
    #expect(left.notes.contains { $0.contains("1 of 3") && $0.contains(": 2.") })
  }

  @Test("refuses where nothing finite is left")
  func nothingLeft() throws {
    let set = try set([[.nan], [.infinity]])
    let survey = try set.survey(Self.plain)
    #expect(throws: StimuliError.self) { try set.usable(by: survey, allowsNonFinite: true) }
  }

  @Test("warns of stimuli that are all the same, or some of them")
  func repeats() throws {
    let same = try set([[1, 2], [1, 2], [1, 2]])
    #expect(try same.usable(by: same.survey(Self.plain), allowsNonFinite: false).notes.contains { $0.contains("All 3") })
    let some = try set([[1, 2], [3, 4], [1, 2]])
    #expect(try some.usable(by: some.survey(Self.plain), allowsNonFinite: false).notes.contains { $0.contains("1 of 3") })
    let none = try set([[1, 2], [3, 4]])
    #expect(try none.usable(by: none.survey(Self.plain), allowsNonFinite: false).notes.isEmpty)
  }

  @Test("refuses ids beyond an embedding with the id, the stimulus and the table", arguments: [7, -8])
  func ids(bad: Int64) throws {
    let set = try StimulusSet(
      [("ids", NumericArray(shape: [2, 3], int64: [0, 6, -7, 1, bad, 2]))], description: "tokens")
    let error = #expect(throws: StimuliError.self) {
      try set.survey([.init(type: .int64, tables: [("wte", 7, nil)])])
    }
    for word in ["stimulus 1", "\(bad)", "element 1", "\"ids\"", "\"wte\"", "0 to 6"] {
      #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    }
    _ = try set.prefix(1).survey([.init(type: .int64, tables: [("wte", 7, nil)])])
  }
}
