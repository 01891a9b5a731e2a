import ScanResults
import Testing

@Suite struct `Groups of stimuli` {
  @Test func `leave out stimuli without a label, of which nothing is right or wrong`() throws {
    var result = try HandmadeScan().result()
    #expect(result.predictions == [0, 1, 0, 1, 0])
    result.labels = [0, 1, -1, -1, 1]
    let groups = StimulusGroups(result).groups
    #expect(groups.map(\.division) == [.predicted, .predicted, .labels, .labels, .correct, .correct])
    #expect(groups.map(\.stimuli) == [[0, 2, 4], [1, 3], [0], [1, 4], [4], [0, 1]])
    #expect(groups.suffix(2).map(\.name) == ["wrong", "correct"])
  }
}
