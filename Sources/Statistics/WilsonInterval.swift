/// The score interval of a share (Wilson, JASA 22, 1927): honest near 0 and 1, where the normal interval of a mean has no
/// width.
package enum WilsonInterval {
  /// - Parameters:
  ///   - share: 0...1; need not be a whole number of successes.
  ///   - count: independent trials, above 0.
  package static func interval(share: Double, count: Int, confidence: Double) -> ClosedRange<Double> {
    precondition((0...1).contains(share) && count > 0)
    let z = StudentT.criticalValue(confidence: confidence, degreesOfFreedom: .infinity)
    let n = Double(count)
    let scale = 1 + z * z / n
    let centre = (share + z * z / (2 * n)) / scale
    let half = z / scale * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, centre - half)...min(1, centre + half)
  }
}
