import Foundation
import Lesion
import Testing

@Suite("Scores of the leading classes")
struct LeadingScoresTests {
  private static let scores: [Float] = [0.5, 3, -2, 3, 1, -40, 2.5, 0]

  @Test("are of those that are needed, then of the largest, of equal ones the first")
  func choice() {
    #expect(LeadingScores.classes(of: Self.scores, count: 3, needed: []) == [1, 3, 6])
    #expect(LeadingScores.classes(of: Self.scores, count: 3, needed: [5, 5]) == [1, 3, 5])
    #expect(LeadingScores.classes(of: Self.scores, count: 8, needed: [2]) == [1, 3, 6, 4, 0, 7, 2, 5])
    #expect(LeadingScores.classes(of: [.nan, 1, 2], count: 2, needed: []) == [2, 1])
  }

  @Test("add up with what stands for the others to all of them", arguments: 0...8)
  func logSum(count: Int) {
    let kept = LeadingScores.classes(of: Self.scores, count: count, needed: [])
    let numbers = LeadingScores.numbers(Self.scores, of: kept)
    #expect(Array(numbers.prefix(count)) == kept.map { Self.scores[$0] })
    let others = Self.scores.indices.filter { !kept.contains($0) }.map { Self.scores[$0] }
    #expect(numbers[count + 1] == others.max() ?? -.infinity)
    func logSum(_ scores: [Float]) -> Double { log(scores.reduce(0) { $0 + exp(Double($1)) }) }
    #expect(abs(logSum(Array(numbers.prefix(count + 1))) - logSum(Self.scores)) < 1e-6)
  }

  @Test("don't hide what isn't a number among the others")
  func notNumbers() {
    let numbers = LeadingScores.numbers([1, .nan, 2], of: [2]).map { $0.isNaN ? "none" : "\($0)" }
    #expect(numbers == ["2.0", "none", "none"])
    #expect(LeadingScores.numbers([1, -.infinity, -.infinity], of: [0]) == [1, -.infinity, -.infinity])
    #expect(LeadingScores.numbers([1, .infinity, 0], of: [0]) == [1, .infinity, .infinity])
  }
}
