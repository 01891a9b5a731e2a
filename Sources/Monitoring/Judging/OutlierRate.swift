internal import Glibc
package import UserErrors

/// The share of normal stimuli that may be called outliers, as far as a reference can tell so small a one.
package struct OutlierRate: Sendable, Hashable {
  /// Where nothing is said.
  package static let usual = 0.01

  package let value: Double
  /// Scores that were held out.
  package let heldOut: Int
  /// Whether nobody has asked for it.
  private let isDefault: Bool

  init(value: Double, heldOut: Int) { (self.value, self.heldOut, isDefault) = (value, heldOut, false) }

  /// - Parameter asked: `nil` for the usual rate, or the smallest p-value where that is larger.
  /// - Throws: `Failure` (`usage`) where no p-value can be as small as is asked for.
  package init(_ asked: Double?, of reference: MonitorReference) throws(Failure) {
    heldOut = reference.calibration(.combined).scores.count
    let least = reference.smallestPValue
    isDefault = asked == nil
    value = asked ?? max(Self.usual, least)
    guard value >= least else {
      throw Failure(
        .usage,
        "--outliers \(value): the reference holds \(heldOut) stimuli out, so that no p-value is below \(Self.written(least)) and nothing would be an outlier: give that or more, or learn from \(Self.learning(for: value)) stimuli"
      )
    }
  }

  /// What a user should know who has asked for nothing.
  package var note: String? {
    !isDefault || value <= Self.usual
      ? nil
      : "The reference holds \(heldOut) stimuli out, so that no p-value is below \(Self.written(value)), which is what is called an outlier; learn from \(Self.learning(for: Self.usual)) stimuli for \(Self.usual)."
  }

  /// How many stimuli have to be learnt from for p-values of a rate. A third of them, at least, is held out.
  private static func learning(for rate: Double) -> String { "\(3 * Int(min(ceil(1 / rate) - 1, 1e15)))" }

  /// Three digits, rounded up, so that what is written can be asked for.
  private static func written(_ p: Double) -> String {
    let scale = pow(10, 2 - floor(log10(p)))
    return "\((p * scale).rounded(.up) / scale)"
  }

  /// How many outliers so many normal stimuli have, in 95 of 100 cases.
  ///
  /// A stimulus is one where at most k − 1 of the m that were held out are as strange, k the largest with k/(m + 1) at most the rate. How often that
  /// is so is Beta(k, m + 1 − k) distributed over references, so that the number among n is beta-binomial; smaller where scores are tied.
  /// Source: Vovk, "Conditional validity of inductive conformal predictors", Machine Learning 92 (2013). Cost: a few operations for each
  /// number that is likely at all.
  package func usual(among count: Int) -> ClosedRange<Int> {
    // Beyond this the distribution keeps its form.
    let most = 1_000_000
    guard count <= most else {
      let (scale, range) = (Double(count) / Double(most), usual(among: most))
      return Int((Double(range.lowerBound) * scale).rounded(.down))...Int((Double(range.upperBound) * scale).rounded(.up))
    }
    var rank = min(max(Int(value * Double(heldOut + 1)), 1), heldOut)
    while rank < heldOut, Double(rank + 1) / Double(heldOut + 1) <= value { rank += 1 }
    while rank > 1, Double(rank) / Double(heldOut + 1) > value { rank -= 1 }
    let (n, a, b) = (Double(count), Double(rank), Double(heldOut + 1 - rank))
    func logOdds(_ j: Double) -> Double {
      lgamma(n + 1) - lgamma(j + 1) - lgamma(n - j + 1) + lgamma(j + a) + lgamma(n - j + b) - lgamma(n + a + b)
        + lgamma(a + b) - lgamma(a) - lgamma(b)
    }
    var (low, high, sum) = (count, count, 0.0)
    for number in 0...count {
      sum += exp(logOdds(Double(number)))
      if sum >= 0.025, low == count { low = number }
      if sum >= 0.975 {
        high = number
        break
      }
    }
    return min(low, high)...high
  }
}
