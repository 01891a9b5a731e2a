import Testing

@testable import Stimuli

@Suite("A set of stimuli made in memory")
struct StimulusSetTests {
  @Test("hands floats over as they are")
  func floats() throws {
    let set = try StimulusSet(
      [("x", NumericArray(shape: [3, 2], floats: [1, 2, 3, 4, 5, 6]))], labels: [7, 8, 9], description: "three pairs")
    #expect(set.count == 3)
    #expect(set.inputs[0].shape == [2])
    #expect(try set.floats(stimulus: 1) == [3, 4])
    #expect(set.prefix(2).labels == [7, 8])
    #expect(try set.select([2, 0]).floats(stimulus: 0) == [5, 6])
    #expect(set.files.isEmpty)
  }
}
