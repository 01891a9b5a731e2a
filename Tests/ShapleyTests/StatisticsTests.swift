import Random
import Statistics
import TestSupport
import Testing

@testable import Shapley

@Suite struct StatisticsTests {
  /// scipy.stats.t.ppf(0.975, ν), SciPy 1.17.
  @Test(arguments: [
    (1.0, 12.706204736174694), (2, 4.302652729749462), (9, 2.262157162798205), (30, 2.0422724563012378),
    (1000, 1.9623390808264083), (.infinity, 1.959963984540054),
  ])
  func quantilesAreThePublishedOnes(degreesOfFreedom: Double, quantile: Double) {
    let value = StudentT.criticalValue(confidence: 0.95, degreesOfFreedom: degreesOfFreedom)
    #expect(abs(value - quantile) < 1e-9 * quantile)
  }

  /// 2·scipy.stats.t.sf(t, ν), SciPy 1.17.
  @Test(arguments: [
    (2.0, 5.0, 0.10193947882985835), (-2, 5, 0.10193947882985835), (6, 100, 3.172491502802852e-08),
    (40, 10, 2.2808577430857535e-12), (10, .infinity, 1.523970604832094e-23), (0, 3, 1), (.infinity, 3, 0),
  ])
  func twoSidedPValuesKeepTheirDigits(t: Double, degreesOfFreedom: Double, p: Double) {
    #expect(abs(StudentT.twoSidedP(t, degreesOfFreedom: degreesOfFreedom) - p) <= 1e-6 * p)
  }

  /// scipy.stats.false_discovery_control, SciPy 1.17.
  @Test func qValuesAreNoLessThanTheirP() {
    for count in 1...60 {
      for tests in 1...12 {
        let p = (0..<tests).map { Double(1 + $0 % count) / Double(count + 1) }
        #expect(zip(FalseDiscoveryRate.qValues(p), p).allSatisfy { $0 >= $1 }, "\(count) \(tests)")
      }
    }
  }

  @Test func qValuesAreThePublishedOnes() {
    let q = FalseDiscoveryRate.qValues([0.01, 0.04, 0.03, 0.005, 0.03, 0.5, 0.9, 0.0])
    let expected = [0.026666666666666665, 0.05333333333333333, 0.048, 0.02, 0.048, 0.5714285714285714, 0.9, 0.0]
    #expect(largestDifference(q, expected) < 1e-15)
    #expect(FalseDiscoveryRate.qValues([]).isEmpty)
    #expect(FalseDiscoveryRate.qValues([0.2]) == [0.2])
  }

  /// 200 layers of 80 null and 20 real regions, 10 series each.
  @Test func falseDiscoveriesStayBelowTheirRate() {
    var random = CounterRandom(seed: 11, domain: 1002, index: 0)
    var shareSum = 0.0
    var found = 0
    for _ in 0..<200 {
      let p = (0..<100).map { region in
        let moments = SampleMoments((0..<10).map { _ in random.nextNormal() + (region < 20 ? 2 : 0) })
        return RegionTest(
          mean: moments.mean, standardError: moments.standardError, degreesOfFreedom: 9, confidence: 0.95
        ).p
      }
      let q = FalseDiscoveryRate.qValues(p)
      let discovered = q.indices.filter { q[$0] < 0.05 }
      let wrong = discovered.count { $0 >= 20 }
      found += discovered.count - wrong
      shareSum += discovered.isEmpty ? 0 : Double(wrong) / Double(discovered.count)
    }
    #expect(shareSum / 200 < 0.05)  // its expectation is 0.04
    #expect(Double(found) / 4000 > 0.8)
  }

  @Test func aRegionWithoutErrorIsEitherNothingOrCertain() {
    let nothing = RegionTest(mean: 0, standardError: 0, degreesOfFreedom: .infinity, confidence: 0.95)
    #expect(nothing.t == 0 && nothing.p == 1 && nothing.interval == 0...0)
    let certain = RegionTest(mean: -2, standardError: 0, degreesOfFreedom: 4, confidence: 0.95)
    #expect(certain.t == -.infinity && certain.p == 0 && certain.interval == -2...(-2))
  }

  @Test func ranksFollowZetaAndThenTheRegionNumber() {
    #expect(Ranking.ranks([1, 3, 2, 3, -1]) == [4, 1, 3, 2, 5])
    #expect(Ranking.order([1, 3, 2, 3, -1]) == [1, 3, 2, 0, 4])
  }

  @Test func rankIntervalsCountTheRegionsWhollyAboveAndBelow() {
    let intervals: [ClosedRange<Double>] = [5...6, 1...2, 1.5...5, 0...0.5, 2.5...2.5]
    // Touching intervals overlap.
    let byDefinition = intervals.map { own in
      1 + intervals.count { $0.lowerBound > own.upperBound }...5 - intervals.count { $0.upperBound < own.lowerBound }
    }
    #expect(Ranking.intervals(intervals) == byDefinition)
    #expect(Ranking.intervals(intervals)[0] == 1...2)
    #expect(Ranking.intervals(intervals)[3] == 5...5)
  }

  private func estimate(_ zeta: [Double], error: Double = 0.1, full: Double = 1, empty: Double = 0) -> Estimate {
    Estimate(
      zeta: zeta, standardError: zeta.map { _ in error }, degreesOfFreedom: 20, full: full, empty: empty,
      evaluations: 10, efficiencyResidual: 0, notes: [])
  }

  @Test func oneSeriesUsesItsOwnErrorsAndMoreUseTheirSpread() {
    let first = LayerStatistics(series: [estimate([1, 2], error: 0.25)])
    #expect(first.level == .first && first.tests[0].standardError == 0.25 && first.tests[0].degreesOfFreedom == 20)
    let second = LayerStatistics(series: [estimate([1, 2]), estimate([2, 2]), estimate([3, 2])])
    #expect(second.level == .second && second.seriesCount == 3 && second.zeta == [2, 2])
    #expect(abs(second.tests[0].standardError - 1 / 3.0.squareRoot()) < 1e-15)
    #expect(second.tests[0].degreesOfFreedom == 2 && second.tests[1].p == 0)
  }

  @Test func criticalRegionsAreSignificantPositiveAndStandOut() {
    let critical = LayerStatistics.critical(
      zeta: [10, 10, 1, 1, 1, 1, -9], isSignificant: [true, false, true, true, true, true, true])
    #expect(critical == [true, false, false, false, false, false, false])
    #expect(LayerStatistics.critical(zeta: [2, 2], isSignificant: [true, true]) == [false, false])
    #expect(LayerStatistics.critical(zeta: [-1, -5, -5, -5], isSignificant: [true, true, true, true])[0] == false)
  }

  @Test(arguments: [0, 1e-10]) func whatStimuliRoundAlikeIsNoEffect(deviation: Double) {
    let series = (0..<16).map { number in
      Estimate(
        zeta: [-1.5e-7 + (number.isMultiple(of: 2) ? deviation : -deviation), 0.25], standardError: [0, 0],
        degreesOfFreedom: .infinity, full: 1.25, empty: 1, evaluations: 4, efficiencyResidual: 0, notes: [])
    }
    let statistics = LayerStatistics(series: series)
    #expect(statistics.tests[0].t == 0 && statistics.tests[0].p == 1)
    #expect(statistics.isSignificant == [false, true])
    let familyWise = statistics.familyWiseP(series.map(\.zeta), flips: 200, seed: 1, stream: 0)
    #expect(familyWise[0] == 1 && familyWise[1] < 0.05)
    let pairs = RegionPairs(of: [0, 1, 2])
    for count in [1, 16] {
      let interactions = PairStatistics(
        pairs: pairs,
        series: (0..<count).map { number in
          PairEstimate(
            interaction: [6e-9 + (number.isMultiple(of: 2) ? deviation / 1e4 : 0), 0, 0.125], standardError: [0, 0, 0],
            degreesOfFreedom: .infinity)
        }, rounding: Estimate.rounding(of: series))
      #expect(interactions.tests.map(\.p) == [1, 1, 0])
    }
  }

  @Test func scoresAddUpToAHundredUnlessTheEffectIsUnclear() throws {
    guard case .percent(let scores) = ZetaScore(zeta: [1, 3], full: [5, 5.1], empty: [1, 1.1]) else {
      Issue.record("the effect is clear")
      return
    }
    #expect(scores == [25, 75])
    guard case .undefined(let unclear) = ZetaScore(zeta: [1, 3], full: [5, -4], empty: [1, 1]) else {
      Issue.record("the effect is unclear")
      return
    }
    #expect(unclear.contains("isn't clearly different from 0"))
    guard case .undefined(let negative) = ZetaScore(zeta: [-1, -3], full: [1, 1.1], empty: [5, 5.1]) else {
      Issue.record("the effect is negative")
      return
    }
    #expect(negative.contains("larger with all of the layer lesioned, by 4.0"))
    guard case .undefined(let rounding) = ZetaScore(zeta: [0, 0], full: [5], empty: [5 + 1e-6]) else {
      Issue.record("the effect is rounding")
      return
    }
    #expect(rounding.contains("which is rounding"))
    guard case .undefined(let cancelled) = ZetaScore(zeta: [0, 0], full: [5, 1], empty: [3, 3]) else {
      Issue.record("the effects cancel")
      return
    }
    #expect(cancelled.contains("of up to 2.0, cancel to 0"))
  }

  @Test func signFlipsOfFewSeriesAreEnumerated() {
    // Of the 2⁴ flips two line region 0 up and two line region 1 up; both give an infinite |t|.
    let p = SignFlips.familyWiseP([[1, 1], [1, -1], [1, 1], [1, -1]], seed: 1)
    #expect(p == [0.25, 1])
    #expect(SignFlips.familyWiseP([[3, 4]], seed: 1) == [1, 1])
    #expect(SignFlips.familyWiseP([[0, 0], [0, 0]], seed: 1) == [1, 1])
  }

  @Test func randomSignFlipsFindTheRealRegionAndRepeatThemselves() {
    var random = CounterRandom(seed: 12, domain: 1002, index: 0)
    let zeta = (0..<16).map { _ in (0..<30).map { random.nextNormal() + ($0 == 7 ? 3 : 0) } }
    let p = SignFlips.familyWiseP(zeta, flips: 999, seed: 5, stream: 2)
    #expect(p[7] == 0.001)
    #expect(p.enumerated().allSatisfy { $0.offset == 7 || $0.element > 0.02 })
    #expect(p == SignFlips.familyWiseP(zeta, flips: 999, seed: 5, stream: 2))
  }

  /// The chance of any false alarm among 20 null regions, over 300 layers.
  @Test func signFlipsControlTheFamilyWiseError() {
    var random = CounterRandom(seed: 13, domain: 1002, index: 0)
    var alarms = 0
    for _ in 0..<300 {
      let zeta = (0..<7).map { _ in (0..<20).map { _ in random.nextNormal() } }
      if SignFlips.familyWiseP(zeta, seed: 1).contains(where: { $0 <= 0.05 }) { alarms += 1 }
    }
    #expect(alarms <= 24)  // 15 expected, standard deviation 3.8
  }
}
