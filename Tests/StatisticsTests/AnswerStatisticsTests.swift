import Random
import TestSupport
import Testing

@testable import Statistics

@Suite struct `What stimuli say one by one and together` {
  private static func random(_ index: UInt64) -> CounterRandom { CounterRandom(seed: 7, domain: 1002, index: index) }

  /// scipy.stats.beta.cdf and .ppf, SciPy 1.17.
  @Test func `the beta distribution is the published one`() {
    let beta = BetaDistribution(4, 9)
    #expect(abs(beta.cumulative(0.3) - 0.5074842265649997) < 1e-12)
    #expect(abs(beta.quantile(0.2) - 0.19794569918368848) < 1e-12)
    #expect(abs(BetaDistribution(1, 65).quantile(0.999) - 0.10082100353398794) < 1e-12)
    #expect(beta.quantile(0) == 0 && beta.quantile(1) == 1)
  }

  /// The shortest interval of SciPy 1.17's beta distribution cut off below α = 0.05, by brute force.
  @Test(arguments: [
    (14, 20, 0.95, 0.6842105263157894, 0.4639, 0.8568),
    (1, 8, 0.95, 0.07894736842105263, 0, 0.4054), (0, 16, 0.95, 0, 0, 0.1616), (16, 16, 0.95, 1, 0.8297, 1),
    (33, 64, 0.99, 0.4901315789473684, 0.3258, 0.6523),
  ])
  func `prevalence is the share beyond chance with the shortest interval`(
    significant: Int, count: Int, confidence: Double, estimate: Double, low: Double, high: Double
  ) {
    let found = Prevalence(
      significantCount: significant, of: count, falsePositiveRate: 0.05, confidence: confidence)
    #expect(abs(found.estimate - estimate) < 1e-12)
    #expect(abs(found.interval.lowerBound - low) < 1e-3 && abs(found.interval.upperBound - high) < 1e-3, "\(found)")
    #expect(found.interval.contains(found.estimate))
  }

  @Test func `prevalence is the share itself where chance makes nothing significant`() {
    let found = Prevalence(significantCount: 45, of: 1000, falsePositiveRate: 0)
    #expect(found.estimate == 0.045)
    // The shortest interval of Beta(46, 956), by SciPy.
    #expect(abs(found.interval.lowerBound - 0.03329) < 1e-4 && abs(found.interval.upperBound - 0.05904) < 1e-4, "\(found)")
    #expect(Prevalence(significantCount: 0, of: 9, falsePositiveRate: 0).interval.lowerBound == 0)
  }

  @Test func `intervals of prevalence hold it as often as they say`() {
    let (count, trials) = (24, 4000)
    let table = Prevalence.table(of: count, falsePositiveRate: 0.05)
    var random = Self.random(1)
    var covered = 0
    for _ in 0..<trials {
      let truth = random.nextUnit()
      let found = (0..<count).count { _ in random.nextUnit() < 0.05 + 0.95 * truth }
      if table[found].interval.contains(truth) { covered += 1 }
    }
    // A Bayesian interval holds its probability over its prior; four standard errors.
    #expect(abs(Double(covered) / Double(trials) - 0.95) < 0.014, "\(covered) of \(trials)")
  }

  @Test(arguments: [0.0, 0.2, 0.5, 0.8])
  func `intervals of prevalence hold a fixed one, whatever it is`(truth: Double) {
    let (count, trials) = (48, 3000)
    let table = Prevalence.table(of: count, falsePositiveRate: 0.05)
    var random = Self.random(2)
    let covered = (0..<trials).count { _ in
      table[(0..<count).count { _ in random.nextUnit() < 0.05 + 0.95 * truth }].interval.contains(truth)
    }
    #expect(Double(covered) / Double(trials) > 0.91, "\(covered) of \(trials)")
  }

  /// Stimuli whose ζ truly differ, each measured with an error of its own by few passes.
  private struct Sample {
    var zeta: [Double] = []
    var errors: [Double] = []
    var truth: [Double] = []

    init(_ random: inout CounterRandom, count: Int, passes: Int, mean: Double, spread: Double) {
      for stimulus in 0..<count {
        let one = mean + spread * random.nextNormal()
        let noise = 1 + 0.5 * Double(stimulus % 3)
        let moments = SampleMoments((0..<passes).map { _ in one + noise * random.nextNormal() })
        truth.append(one)
        zeta.append(moments.mean)
        errors.append(moments.standardError)
      }
    }
  }

  @Test func `fixed effects hold the mean of just these stimuli, and random effects that of their kind`() {
    let (trials, count, passes) = (3000, 12, 8)
    var random = Self.random(3)
    var (fixed, fixedOnKind, kind) = (0, 0, 0)
    for _ in 0..<trials {
      let sample = Sample(&random, count: count, passes: passes, mean: 0.5, spread: 2)
      let moments = SampleMoments(sample.zeta)
      let test = FixedEffects.tests(
        mean: [moments.mean], standardErrors: sample.errors.map { [$0] },
        degreesOfFreedom: sample.errors.map { _ in Double(passes - 1) }, confidence: 0.95)[0]
      let level = RegionTest(
        mean: moments.mean, standardError: moments.standardError, degreesOfFreedom: Double(count - 1), confidence: 0.95)
      if test.interval.contains(sample.truth.reduce(0, +) / Double(count)) { fixed += 1 }
      if test.interval.contains(0.5) { fixedOnKind += 1 }
      if level.interval.contains(0.5) { kind += 1 }
    }
    #expect(abs(Double(fixed) / Double(trials) - 0.95) < 0.016, "\(fixed)")
    #expect(abs(Double(kind) / Double(trials) - 0.95) < 0.016, "\(kind)")
    // The narrow interval says nothing of other stimuli, which is why it has another name.
    #expect(Double(fixedOnKind) / Double(trials) < 0.7, "\(fixedOnKind)")
  }

  @Test func `what errors share doesn't average out`() {
    let alone = FixedEffects.tests(
      mean: [1], standardErrors: [[0.3], [0.4]], degreesOfFreedom: [5, 5], confidence: 0.95)[0]
    #expect(abs(alone.standardError - 0.25) < 1e-15)
    // (0.09 + 0.16)² / ((0.09² + 0.16²)/5)
    #expect(abs(alone.degreesOfFreedom - 0.0625 / (0.0337 / 5)) < 1e-12)
    let shared = FixedEffects.tests(
      mean: [1], standardErrors: [[0.3], [0.4]], degreesOfFreedom: [5, 5], sharedVariance: [0.09], confidence: 0.95)[0]
    #expect(abs(shared.standardError * shared.standardError - 0.0625 - 0.09) < 1e-15)
    let exact = FixedEffects.tests(
      mean: [1], standardErrors: [[0], [0]], degreesOfFreedom: [.infinity, .infinity], confidence: 0.95)[0]
    #expect(exact.p == 0 && exact.interval == 1...1 && exact.degreesOfFreedom == .infinity)
  }

  @Test func `means without error are significant above what values are rounded to`() {
    func test(_ mean: Double, error: Double) -> RegionTest {
      FixedEffects.tests(
        mean: [mean], standardErrors: [[error], [error]],
        degreesOfFreedom: [error == 0 ? .infinity : 9, error == 0 ? .infinity : 9],
        confidence: 0.95, rounding: 1e-6)[0]
    }
    #expect(test(-1e-7, error: 0).p == 1 && test(1e-6, error: 0).t == 0)
    #expect(test(-1.1e-6, error: 0).p == 0)
    // Errors that were measured count rounding themselves.
    #expect(test(1e-7, error: 1e-9).p < 1e-6)
  }

  @Test func `false discoveries stay below their rate in the map of every stimulus`() {
    var random = Self.random(4)
    let (stimuli, passes) = (400, 10)
    var (share, found) = (0.0, 0)
    for _ in 0..<stimuli {
      let p = (0..<80).map { region in
        let moments = SampleMoments((0..<passes).map { _ in random.nextNormal() + (region < 16 ? 2 : 0) })
        return RegionTest(
          mean: moments.mean, standardError: moments.standardError, degreesOfFreedom: Double(passes - 1), confidence: 0.95
        ).p
      }
      let q = FalseDiscoveryRate.qValues(p)
      let discovered = q.indices.filter { q[$0] < 0.05 }
      let wrong = discovered.count { $0 >= 16 }
      found += discovered.count - wrong
      share += discovered.isEmpty ? 0 : Double(wrong) / Double(discovered.count)
    }
    #expect(share / Double(stimuli) < 0.05)
    #expect(Double(found) / Double(16 * stimuli) > 0.8)
  }

  @Test func `heterogeneity is what measurement doesn't explain`() {
    var random = Self.random(5)
    let sample = Sample(&random, count: 4000, passes: 8, mean: 0, spread: 1.5)
    let found = Heterogeneity(zeta: sample.zeta, standardErrors: sample.errors)
    #expect(abs(found.tauSquared - 2.25) < 0.2)
    // The mean squared error is (1 + 2.25 + 4)/3/8.
    #expect(abs(found.iSquared - 2.25 / (2.25 + 0.302)) < 0.02)
    let alike = Heterogeneity(zeta: [1, 1, 1], standardErrors: [0.1, 0.1, 0.1])
    #expect(alike.tauSquared == 0 && alike.iSquared == 0)
    #expect(Heterogeneity(zeta: [1, 2], standardErrors: [0, 0]).iSquared == 1)
  }

  @Test func `the stimuli that are said to be needed find a region as often as they should`() throws {
    let regions = 60
    let truth = (0..<regions).map { $0 < 6 ? 0.5 : 0.0 }
    func isFound(_ count: Int, _ random: inout CounterRandom) -> Bool {
      let tests = truth.map { mean in
        let moments = SampleMoments((0..<count).map { _ in mean + random.nextNormal() })
        return RegionTest(
          mean: moments.mean, standardError: moments.standardError, degreesOfFreedom: Double(count - 1), confidence: 0.95)
      }
      let q = FalseDiscoveryRate.qValues(tests.map(\.p))
      return tests.indices.contains { tests[$0].mean > 0 && q[$0] < 0.05 }
    }
    let needed = try #require(
      StimuliNeeded.estimate(
        means: truth, variances: truth.map { _ in 1 }, count: 100_000, falseDiscoveryRate: 0.05))
    var random = Self.random(6)
    let found = (0..<200).count { _ in isFound(needed, &random) }
    // Six regions are tried, so one of them is found more often than any single one.
    #expect(found > 160, "\(found) of 200 with \(needed)")
    #expect((0..<200).count { _ in isFound(needed / 4, &random) } < 120)
  }

  @Test func `nothing is promised where means differ by chance alone`() {
    #expect(
      StimuliNeeded.estimate(
        means: [0.1, -0.1, 0.05, 0], variances: [1, 1, 1, 1], count: 8, falseDiscoveryRate: 0.05) == nil)
  }

  @Test func `reliability is the correlation of two measurements' maps`() throws {
    var random = Self.random(8)
    let truth = (0..<20_000).map { _ in random.nextNormal() }
    let (first, second) = (truth.map { $0 + 0.5 * random.nextNormal() }, truth.map { $0 + 0.5 * random.nextNormal() })
    let found = try #require(Reliability.of(zeta: first, standardErrors: truth.map { _ in 0.5 }))
    let (a, b) = (SampleMoments(first), SampleMoments(second))
    let covariance = zip(first, second).reduce(0) { $0 + ($1.0 - a.mean) * ($1.1 - b.mean) } / Double(truth.count - 1)
    #expect(abs(found - covariance / (a.variance * b.variance).squareRoot()) < 0.02)
    #expect(Reliability.of(zeta: [1, 1], standardErrors: [0, 0]) == nil)
  }
}
