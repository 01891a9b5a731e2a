import Foundation
import Monitoring
import Random
import Testing

@Suite("The drift test")
struct DriftTestTests {
  private func calibration(_ count: Int, _ random: inout CounterRandom) -> Calibration {
    Calibration((0..<count).map { _ in random.nextUnit() })
  }

  /// However few scores were held out: 400 streams at α = 0.1 give at most 40 alarms on average; 62 are four standard errors more.
  @Test("alarms in at most the stated share of streams in which nothing changes", arguments: [10, 200])
  func falseAlarms(_ heldOut: Int) {
    var alarms = 0
    for stream in 0..<400 {
      var random = CounterRandom(seed: 7, domain: .tieBreaking, index: UInt64(stream) << 32)
      var test = DriftTest(calibration(heldOut, &random), falseAlarms: 0.1, seed: UInt64(stream))
      for _ in 0..<400 { test.take(random.nextUnit()) }
      alarms += test.alarm == nil ? 0 : 1
    }
    #expect(alarms <= 62, "\(alarms)")
  }

  /// 100 streams at α = 0.2 give at most 20 alarms on average; 36 are four standard errors more.
  @Test("alarms in at most the stated share of long streams, too")
  func longFalseAlarms() {
    var alarms = 0
    for stream in 0..<100 {
      var random = CounterRandom(seed: 8, domain: .tieBreaking, index: UInt64(stream) << 32)
      var test = DriftTest(calibration(100, &random), falseAlarms: 0.2, seed: UInt64(stream))
      for _ in 0..<3000 { test.take(random.nextUnit()) }
      alarms += test.alarm == nil ? 0 : 1
    }
    #expect(alarms <= 36, "\(alarms)")
  }

  /// A change that strikes every second stimulus, after as many clean ones. A test that never stops betting all that it has
  /// never finds it after the longest.
  @Test(
    "finds a change after long streams nearly as soon as after short ones",
    arguments: [0, 400, 5000, 50_000, 200_000])
  func afterLongStreams(_ clean: Int) throws {
    var random = CounterRandom(seed: 19, domain: .tieBreaking, index: UInt64(clean))
    for stream in 0..<(clean > 10_000 ? 2 : 10) {
      var test = DriftTest(calibration(1000, &random), falseAlarms: 0.01, seed: UInt64(stream))
      for _ in 0..<clean { test.take(random.nextUnit()) }
      #expect(test.alarm == nil)
      // No more is lost than a part that shrinks with the logarithm.
      #expect(test.logCapital > -log(10 * (1 + log(1 + Double(clean) / 1000))) - 1e-9)
      for _ in 0..<60 where test.alarm == nil { test.take(random.nextUnit() + (random.nextUnit() < 0.5 ? 0.9 : 0)) }
      let alarm = try #require(test.alarm)
      #expect((clean..<clean + 45).contains(alarm), "\(alarm - clean)")
      #expect(abs(test.changePoint - clean) < 25, "\(test.changePoint - clean)")
    }
  }

  /// As Docs/method.md has it, one start at a time.
  private struct OneStart {
    private static let weights = [4, 4, 2, 2, 1, 1].map { $0 / 14.0 }
    private var held = OneStart.weights
    var capital: Double { held.reduce(0, +) }

    mutating func take(_ p: Double) {
      let factors = [
        0.94 + 0.06 * 0.4 * pow(p, -0.6), p < 0.02 ? 0.96 + 2 : 0.96, 0.3 * pow(p, -0.7), 0.6 * pow(p, -0.4),
        0.6 * pow(1 - p, -0.4), 0.5 + p,
      ]
      held = zip(held, factors).map { $0 * $1 }
      let capital = capital
      held = zip(held, Self.weights).map { 0.999 * $0 + 0.001 * capital * $1 }
    }
  }

  @Test("has the capital of a mixture of tests that begin at each stimulus, and never much less than any of them")
  func mixture() {
    func kept(_ count: Int) -> Double { 0.1 / (1 + log(1 + Double(count) / 1000)) }
    var random = CounterRandom(seed: 23, domain: .tieBreaking, index: 4)
    var test = DriftTest(calibration(100, &random), falseAlarms: 1e-300, seed: 2)
    var starts: [OneStart] = []
    for number in 0..<600 {
      starts.append(OneStart())
      let p = test.take(random.nextUnit() + (number >= 400 && random.nextUnit() < 0.3 ? 0.8 : 0))
      for start in starts.indices { starts[start].take(p) }
      var capital = kept(number + 1)
      for (begin, start) in starts.enumerated() {
        let part = kept(begin) - kept(begin + 1) + (begin == 0 ? 0.9 : 0)
        capital += part * start.capital
        let least = 1 / (10 * (1001 + Double(begin)) * pow(1 + log(1 + Double(begin + 1) / 1000), 2))
        #expect(part >= least && test.logCapital > log(least * start.capital) - 1e-9)
      }
      #expect(abs(test.logCapital - log(capital)) < 1e-9)
    }
  }

  /// A thousand stimuli win more than a double holds, and as many normal ones of the new kind lose it again.
  @Test("stays a number after an alarm, however much is won")
  func muchWon() {
    var random = CounterRandom(seed: 29, domain: .tieBreaking, index: 5)
    var test = DriftTest(calibration(50_000, &random), falseAlarms: 0.01, seed: 3)
    for _ in 0..<600 { test.take(2 + random.nextUnit()) }
    #expect(test.logCapital > 710 && test.logCapital.isFinite)
    for _ in 0..<200 { test.take(random.nextUnit()) }
    #expect(test.logCapital.isFinite && test.alarm.map { $0 < 5 } == true)
  }

  @Test("gives p-values that are uniform while nothing changes, with all scores equal too", arguments: [true, false])
  func uniform(_ isConstant: Bool) {
    var random = CounterRandom(seed: 3, domain: .tieBreaking, index: 1)
    var test = DriftTest(
      isConstant ? Calibration([1, 1, 1]) : calibration(50, &random), falseAlarms: 0.01, seed: 5)
    let p = (0..<4000).map { _ in test.take(isConstant ? 1 : random.nextUnit()) }
    // Kolmogorov and Smirnov's distance at one in ten thousand.
    let sorted = p.sorted()
    let distance = sorted.enumerated().reduce(0.0) { max($0, abs(Double($1.offset + 1) / 4000 - $1.element)) }
    #expect(distance < 2.23 / 4000.0.squareRoot())
  }

  @Test("finds that scores have grown, or shrunk, soon after they did, and about where", arguments: [1.5, -0.45])
  func change(_ shift: Double) throws {
    var random = CounterRandom(seed: 11, domain: .tieBreaking, index: 2)
    var test = DriftTest(calibration(300, &random), falseAlarms: 0.01, seed: 1)
    for number in 0..<700 {
      test.take(random.nextUnit() * (shift < 0 && number >= 500 ? 0.3 : 1) + (number >= 500 ? max(shift, 0) : 0))
    }
    let alarm = try #require(test.alarm)
    #expect((500..<560).contains(alarm), "\(alarm)")
    #expect((470..<530).contains(test.changePoint), "\(test.changePoint)")
  }

  @Test("finds that one stimulus in twenty is strange, where a thousand normal ones are known")
  func few() throws {
    var random = CounterRandom(seed: 17, domain: .tieBreaking, index: 3)
    var alarms: [Int] = []
    for stream in 0..<10 {
      var test = DriftTest(calibration(1000, &random), falseAlarms: 0.01, seed: UInt64(stream))
      for number in 0..<1000 { test.take(random.nextUnit() + (number >= 400 && random.nextUnit() < 0.05 ? 1 : 0)) }
      alarms.append(test.alarm ?? .max)
    }
    #expect(alarms.count { (401..<1000).contains($0) } >= 8, "\(alarms)")
  }

  @Test("takes infinity and NaN for the strangest of all")
  func notFinite() {
    var random = CounterRandom(seed: 13, domain: .tieBreaking, index: 2)
    var test = DriftTest(calibration(99, &random), falseAlarms: 0.01, seed: 1)
    #expect(test.take(.infinity) <= 0.011)
    #expect(test.take(.nan) <= 0.03)
  }
}

@Suite("Held-out scores")
struct CalibrationTests {
  /// Of n + 1 exchangeable scores each is equally likely to be the new one, so all p-values together are k/(n + 1).
  @Test("give p-values that are exact for exchangeable scores")
  func exactness() {
    let scores = [0.3, 2.5, -1, 7, 4.25, 0, 9, 3]
    let p = scores.indices.map { new in
      Calibration(scores.enumerated().filter { $0.offset != new }.map(\.element)).pValue(scores[new])
    }
    #expect(p.sorted() == (1...8).map { Double($0) / 8 })
  }

  @Test("give equal scores no smaller p-values than they deserve")
  func ties() {
    #expect(Calibration([1, 1, 1]).pValue(1) == 1)
    #expect(Calibration([1, 1, 2]).pValue(2) == 0.5)
    #expect(Calibration([1, 1, 2]).pValue(.infinity) == 0.25)
    // Of nine, with the new one: the smallest and the largest have rank 1 of 10 on their side.
    let nine = Calibration((1...9).map(Double.init))
    #expect(nine.twoSidedPValue(0) == 0.2 && nine.twoSidedPValue(10) == 0.2 && nine.twoSidedPValue(.infinity) == 0.2)
    #expect(nine.twoSidedPValue(5) == 1 && nine.twoSidedPValue(1) == 0.4 && nine.twoSidedPValue(9) == 0.4)
  }
}
