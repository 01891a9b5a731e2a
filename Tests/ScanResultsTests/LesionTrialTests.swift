import Foundation
import ScanPlan
import TestSupport
import Testing

@testable import ScanResults

@Suite struct `Lesions of what was found` {
  private let zeta: [Double] = (0..<40).map { (region: Int) -> Double in
    region < 4 ? -Double(region + 1) : Double(region % 7) + 0.01 * Double(region)
  }

  private func lesioned(layer: Int = 0, stimulus: Int = 0) -> [LesionTrials.Trial: [Int]] {
    let trials = LesionTrials.trials(regions: zeta.count)
    let regions = LesionTrials.lesioned(
      trials, zeta: zeta, mean: zeta.reversed(), all: Array(zeta.indices), seed: 1, layer: layer, stimulus: stimulus)
    return Dictionary(uniqueKeysWithValues: zip(trials, regions))
  }

  @Test func `take the largest, the most negative, the mean map's, and some by chance`() {
    let found = lesioned()
    func of(_ choice: LesionTrials.Choice, _ count: Int) -> [Int]? { found[LesionTrials.Trial(choice: choice, count: count)] }
    #expect(of(.none, 0) == [] && of(.all, 40) == Array(0..<40))
    let largest = zeta.indices.sorted { zeta[$0] > zeta[$1] }
    #expect(of(.strongest, 10) == Array(largest.prefix(10)) && of(.strongest, 1) == [largest[0]])
    // Only four are negative.
    #expect(of(.mostNegative, 10) == [3, 2, 1, 0] && of(.mostNegative, 3) == [3, 2, 1])
    #expect(of(.strongestMean, 10) == largest.prefix(10).map { 39 - $0 })
    #expect(Set(of(.random, 10) ?? []).count == 10)
    // More than half of a layer isn't a part of it.
    #expect(of(.strongest, 30) == nil)
  }

  @Test func `draw other regions for another series, and the same ones again`() {
    let random = LesionTrials.Trial(choice: .random, count: 10)
    #expect(lesioned()[random] == lesioned()[random])
    #expect(lesioned()[random] != lesioned(stimulus: 1)[random])
    #expect(lesioned()[random] != lesioned(layer: 1)[random])
  }

  private func answer(_ predicted: Int, _ probability: Float, _ value: Float) -> Answer {
    Answer(predicted: predicted, probability: probability, value: value)
  }

  private var layer: LesionTrials.Layer {
    LesionTrials.Layer(
      trials: [
        LesionTrials.Trial(choice: .none, count: 0), LesionTrials.Trial(choice: .all, count: 8),
        LesionTrials.Trial(choice: .strongest, count: 3),
      ],
      answers: [
        [answer(1, 0.9, 5), answer(7, 1, -1), answer(2, 0.5, 1)],
        [],
        [answer(3, 0.6, 4), answer(7, 0.9, 0), answer(3, 0.5, 3)],
      ], otherEmpty: [answer(0, 0.2, 0), answer(1, 0.2, 0), answer(0, 0.5, 0)])
  }

  @Test func `count answers that changed, and errors that were mended`() {
    let outcomes = layer.outcomes(labels: [2, 2, 3])
    #expect(outcomes.map(\.stimuli) == [2, 2] && outcomes.map(\.changed) == [2, 1])
    #expect(outcomes.map(\.wrong) == [1, 1] && outcomes.map(\.mended) == [0, 1])
    #expect(outcomes.map(\.loss) == [5, 2.5])
    // A stimulus without a label is none that was answered wrongly.
    #expect(layer.outcomes(labels: [-1, 2, 2]).map(\.wrong) == [1, 1])
    #expect(layer.outcomes(labels: nil).map(\.wrong) == [0, 0])
  }

  @Test func `tell what everything lesioned is taken for`() throws {
    let empty = try #require(layer.empty)
    #expect(empty.predicted == 7 && empty.share == 1 && abs(empty.confidence - 0.95) < 1e-6 && empty.isConfident)
    let other = try #require(layer.otherEmptyAnswer)
    #expect(other.predicted == 0 && abs(other.confidence - 0.3) < 1e-6 && !other.isConfident)
  }
}
