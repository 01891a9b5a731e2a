import Random
import TestSupport
import Testing

@testable import Statistics

@Suite struct GroupContrastTests {
  /// scipy.stats.ttest_ind(equal_var=False), SciPy 1.16.
  @Test func welchsTestIsThePublishedOne() {
    let test = WelchTest([3.1, 2.7, 4.2, 3.3, 2.9], [1.9, 2.5, 2.2])
    #expect(abs(test.effect - 1.04) < 1e-12)
    #expect(abs(test.t - 3.3289588782552935) < 1e-9)
    #expect(abs(test.degreesOfFreedom - 5.981864308859361) < 1e-9)
    #expect(abs(test.p - 0.015898634838439177) < 1e-9)
    #expect(abs(test.interval.lowerBound - 0.27499815342019573) < 1e-7)
    #expect(abs(test.interval.upperBound - 1.8050018465798034) < 1e-7)
  }

  @Test func equalSamplesWithoutSpreadDontDiffer() {
    let test = WelchTest([2, 2, 2], [2, 2])
    #expect(test.t == 0 && test.p == 1 && test.interval == 0...0)
    #expect(WelchTest([2, 2, 2], [1, 1]).p == 0)
  }

  /// The mean of 45 equal numbers is often another than that of 19, by rounding.
  @Test(arguments: [false, true])
  func whatIsTheSameInAllStimuliDoesntDiffer(isPaired: Bool) {
    for offset in [-1.8420680743952365, 0.1, 1e6 / 3] {
      let (a, b) = groups(5, isPaired ? 19 : 45, 19, regions: 2, effect: 0)
      let (first, second) = (a.map { $0 + [offset] }, b.map { $0 + [offset.nextUp] })
      let contrast = GroupContrast(first, second, isPaired: isPaired, permutations: 50, seed: 1, stream: 0)
      #expect(
        contrast.tests[2].t == 0 && contrast.tests[2].p == 1 && contrast.familyWiseP[2] == 1 && contrast.effectSizes[2] == 0)
      #expect(contrast.rank[2] == 3 && contrast.tests[0].t != 0)
    }
  }

  @Test func aFewStimuliCanTellLittle() {
    let (a, b) = groups(1, 3, 3, regions: 4, effect: 100)
    let contrast = GroupContrast(a, b, seed: 1, stream: 0)
    #expect(contrast.leastP == 0.1 && contrast.familyWiseP.min() == 0.1)
    #expect(GroupContrast(a, b, isPaired: true, seed: 1, stream: 0).leastP == 0.25)
    let (c, d) = groups(1, 3, 4, regions: 4, effect: 100)
    #expect(GroupContrast(c, d, seed: 1, stream: 0).leastP == 1.0 / 35)
  }

  private func groups(
    _ seed: UInt64, _ first: Int, _ second: Int, regions: Int, effect: Double
  ) -> ([[Double]], [[Double]]) {
    var random = CounterRandom(seed: seed, domain: 1005, index: 0)
    // What regions share makes them correlated, as ζ of one stimulus are.
    func stimulus(_ effect: Double) -> [Double] {
      let shared = random.nextNormal()
      return (0..<regions).map { shared + random.nextNormal() + ($0 == 3 ? effect : 0) }
    }
    return ((0..<first).map { _ in stimulus(effect) }, (0..<second).map { _ in stimulus(0) })
  }

  @Test(arguments: [(6, 6), (20, 30)])
  func aRealDifferenceIsFoundAndRankedFirst(first: Int, second: Int) {
    let (a, b) = groups(1, first, second, regions: 20, effect: 8)
    let contrast = GroupContrast(a, b, permutations: 500, seed: 1, stream: 0)
    #expect(contrast.rank[3] == 1 && contrast.familyWiseP[3] < 0.05 && contrast.q[3] < 0.05)
    #expect(contrast.tests[3].effect > 5)
    #expect(contrast.permutations == (first == 6 ? 924 : 500))
    let mirrored = GroupContrast(b, a, permutations: 500, seed: 1, stream: 0)
    #expect(zip(contrast.tests, mirrored.tests).allSatisfy { abs($0.t + $1.t) < 1e-12 })
  }

  /// 200 layers without any difference; the expected share is 0.05 or a little less, its standard error 0.015.
  @Test func familyWiseErrorStaysAtItsRate() {
    var wrong = 0
    for seed in 0..<200 {
      let (a, b) = groups(UInt64(100 + seed), 5, 5, regions: 20, effect: 0)
      let contrast = GroupContrast(a, b, seed: 1, stream: 0)
      if contrast.familyWiseP.contains(where: { $0 <= 0.05 }) { wrong += 1 }
    }
    #expect(wrong <= 19, "\(wrong) of 200, and at most 10 are expected")
  }

  @Test func enumerationTriesEveryDivisionOnce() {
    // The division at hand is the most extreme: it and, with equal sizes, its mirror image reach it.
    let contrast = GroupContrast([[9], [8], [10]], [[1], [0], [2]], seed: 1, stream: 0)
    #expect(contrast.permutations == 20 && abs(contrast.familyWiseP[0] - 0.1) < 1e-12)
  }

  /// A bias that stimuli share widens every error, and the family-wise p with them; without one nothing changes.
  @Test(arguments: [true, false])
  func aSharedBiasIsNoDifference(isPaired: Bool) {
    let (a, b) = groups(3, 20, 20, regions: 20, effect: 2)
    let shifted = a.map { stimulus in stimulus.map { $0 + 1 } }
    let plain = GroupContrast(shifted, b, isPaired: isPaired, permutations: 500, seed: 1, stream: 0)
    let none = GroupContrast(
      shifted, b, bias: [Double](repeating: 0, count: 20), isPaired: isPaired, permutations: 500, seed: 1, stream: 0)
    #expect(plain.tests == none.tests && plain.familyWiseP == none.familyWiseP)
    #expect(plain.tests.contains { $0.p < 0.01 } && plain.familyWiseP.contains { $0 < 0.05 })
    let counted = GroupContrast(
      shifted, b, bias: [Double](repeating: 4, count: 20), isPaired: isPaired, permutations: 500, seed: 1, stream: 0)
    #expect(counted.q.allSatisfy { $0 > 0.05 } && counted.familyWiseP.allSatisfy { $0 > 0.05 })
    for (wide, narrow) in zip(counted.tests, plain.tests) {
      #expect(wide.effect == narrow.effect && wide.degreesOfFreedom == narrow.degreesOfFreedom)
      #expect(abs(wide.standardError * wide.standardError - narrow.standardError * narrow.standardError - 4) < 1e-9)
    }
  }

  @Test func groupsThatAreTooSmallAreRefusedWithTheNumberNeeded() {
    #expect(GroupContrast.reasonForNone(3, 3) == nil)
    #expect(GroupContrast.reasonForNone(2, 50) == "The groups have 2 and 50 stimuli, and each needs at least 3.")
    #expect(GroupContrast.reasonForNone(9, 0) == "The groups have 9 and 0 stimuli, and each needs at least 3.")
  }
}
