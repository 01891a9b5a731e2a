import Statistics
import Testing

@Suite("Wilson's interval of a share")
struct WilsonIntervalTests {
  /// Table I of Newcombe, "Two-sided confidence intervals for the single proportion" (Statistics in Medicine 17, 1998).
  @Test(
    "is the published one",
    arguments: [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)])
  func published(successes: Int, count: Int, low: Double, high: Double) {
    let interval = WilsonInterval.interval(share: Double(successes) / Double(count), count: count, confidence: 0.95)
    #expect(abs(interval.lowerBound - low) < 5e-5 && abs(interval.upperBound - high) < 5e-5)
  }
}
