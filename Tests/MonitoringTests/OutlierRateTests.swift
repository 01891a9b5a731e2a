import TestSupport
import Testing
import UserErrors

@testable import Monitoring

@Suite("The rate of outliers")
struct OutlierRateTests {
  @Test("is the usual one where p-values can be as small, else the smallest there is, and says so")
  func usualRate() throws {
    let small = try MonitorBench(stimuli: 120).reference
    let heldOut = small.calibration(.combined).scores.count
    let rate = try OutlierRate(nil, of: small)
    #expect(rate.value == 1 / Double(heldOut + 1) && rate.note?.contains("297") == true)
    let large = try MonitorBench(stimuli: 300).reference
    #expect(try OutlierRate(nil, of: large).value == 0.01)
    #expect(try OutlierRate(nil, of: large).note == nil)
  }

  @Test("is refused where no p-value is as small, with one that is taken, and how many stimuli it needs")
  func refusal() throws {
    let reference = try MonitorBench(stimuli: 120).reference
    let heldOut = reference.calibration(.combined).scores.count
    let error = #expect(throws: Failure.self) { try OutlierRate(0.01, of: reference) }
    let message = try #require(error?.message)
    #expect(error?.exitStatus == .usage && message.contains("297 stimuli"))
    let named = try #require(message.split(separator: " ").compactMap { Double($0) }.last { $0 < 1 })
    #expect(named >= 1 / Double(heldOut + 1) && named < 1.02 / Double(heldOut + 1), "\(message)")
    let taken = try OutlierRate(named, of: reference)
    #expect(taken.value == named && taken.note == nil)
    #expect(throws: Failure.self) { try OutlierRate(1e-12, of: reference) }
  }

  /// scipy.stats.betabinom.ppf([0.025, 0.975], n, k, m + 1 − k), k the largest with k/(m + 1) ≤ rate.
  @Test(
    "gives how many outliers normal stimuli have, as SciPy's beta-binomial distribution does",
    arguments: [
      (60, 20, 0.05, 0...11), (300, 135, 0.01, 0...9), (4000, 333, 0.01, 6...88), (1, 99, 0.01, 0...0),
      (200_000, 1000, 0.05, 7461...12860), (0, 99, 0.01, 0...0), (50, 99, 0.99, 47...50),
    ])
  func usualNumber(count: Int, heldOut: Int, rate: Double, expected: ClosedRange<Int>) {
    #expect(OutlierRate(value: rate, heldOut: heldOut).usual(among: count) == expected)
  }

  @Test("gives a range of millions in proportion")
  func many() {
    let rate = OutlierRate(value: 0.01, heldOut: 999)
    let (one, ten) = (rate.usual(among: 1_000_000), rate.usual(among: 10_000_000))
    #expect(abs(ten.lowerBound - 10 * one.lowerBound) <= 1 && abs(ten.upperBound - 10 * one.upperBound) <= 1)
  }
}
