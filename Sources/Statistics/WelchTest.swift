/// Two samples' means against each other, without assuming equal variances.
///
/// Source: Welch, Biometrika 34 (1947), with Satterthwaite's degrees of freedom; the same as
/// `scipy.stats.ttest_ind(equal_var=False)`.
package struct WelchTest: Sendable, Hashable {
  /// Mean of the first minus mean of the second sample.
  package let effect: Double
  package let standardError: Double
  package let degreesOfFreedom: Double
  /// effect / standard error. 0/0 is 0; a difference without any spread gives ±infinity.
  package let t: Double
  /// Two-sided.
  package let p: Double
  package let interval: ClosedRange<Double>

  /// - Parameters:
  ///   - first: two values or more, like `second`.
  ///   - confidence: of the interval.
  package init(_ first: [Double], _ second: [Double], confidence: Double = 0.95) {
    precondition(first.count > 1 && second.count > 1)
    let (a, b) = (SampleMoments(first), SampleMoments(second))
    let (u, v) = (a.variance / Double(a.count), b.variance / Double(b.count))
    let degrees =
      u + v > 0
      ? (u + v) * (u + v) / (u * u / Double(a.count - 1) + v * v / Double(b.count - 1)) : Double(a.count + b.count - 2)
    self.init(
      RegionTest(
        mean: a.mean - b.mean, standardError: (u + v).squareRoot(), degreesOfFreedom: degrees, confidence: confidence))
  }

  /// The same difference with a squared error on top that more values wouldn't lower.
  func widened(by squaredError: Double, confidence: Double) -> WelchTest {
    WelchTest(
      RegionTest(
        mean: effect, standardError: (standardError * standardError + squaredError).squareRoot(),
        degreesOfFreedom: degreesOfFreedom, confidence: confidence))
  }

  private init(_ test: RegionTest) {
    (effect, standardError, degreesOfFreedom) = (test.mean, test.standardError, test.degreesOfFreedom)
    (t, p, interval) = (test.t, test.p, test.interval)
  }

  /// Pairs: Student's t of their differences.
  ///
  /// - Parameter pairs: two or more.
  package init(pairs: [(first: Double, second: Double)], confidence: Double = 0.95) {
    precondition(pairs.count > 1)
    let moments = SampleMoments(pairs.map { $0.first - $0.second })
    self.init(
      RegionTest(
        mean: moments.mean, standardError: moments.standardError, degreesOfFreedom: Double(pairs.count - 1),
        confidence: confidence))
  }
}
