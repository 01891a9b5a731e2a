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
  }
}
