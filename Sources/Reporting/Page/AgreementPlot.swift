import Shapley
import Statistics

/// Found ζ with its interval over exact ζ, one point a region.
struct AgreementPlot {
  private static let side = 300.0

  let title: String
  /// [regions]
  let exact: [Double]
  /// [regions]
  let tests: [RegionTest]
  let unit: String

  /// What the template of the page wants.
  var context: [String: Any] {
    let low = min(exact.min() ?? 0, tests.map(\.interval.lowerBound).min() ?? 0)
    let high = max(exact.max() ?? 0, tests.map(\.interval.upperBound).max() ?? 0)
    func place(_ value: Double) -> Double { high > low ? Self.side * (value - low) / (high - low) : 0 }
    func x(_ value: Double) -> String { Number.fixed(place(value), 1) }
    func y(_ value: Double) -> String { Number.fixed(Self.side - place(value), 1) }
    let covered = zip(exact, tests).count { $1.interval.contains($0) }
    return [
      "title": title, "unit": unit, "low": Number.significant(low), "high": Number.significant(high),
      "axes": "M\(x(0)) 0v300M0 \(y(0))h300",
      "intervals": zip(exact, tests).map { exact, test in
        "M\(x(exact)) \(y(test.interval.lowerBound))V\(y(test.interval.upperBound))"
      }.joined(),
      // A line of no length with round ends is a dot.
      "points": zip(exact, tests).map { exact, test in "M\(x(exact)) \(y(test.mean))h0" }.joined(),
      "alt": "\(title): \(covered) of \(exact.count) intervals hold the exact value",
    ]
  }
}
