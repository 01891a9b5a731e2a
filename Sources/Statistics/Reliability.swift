/// How far a map of noisy numbers can be trusted.
package enum Reliability {
  /// The share of the variance between regions that is not sampling, 0 to 1: what a second measurement's map would correlate
  /// with this one by; `nil` where nothing varies.
  ///
  /// - Parameters:
  ///   - zeta: `[regions]`, two or more.
  ///   - standardErrors: `[regions]`.
  package static func of(zeta: [Double], standardErrors: [Double]) -> Double? {
    let variance = SampleMoments(zeta).variance
    guard zeta.count > 1, variance > 0 else { return nil }
    let sampling = standardErrors.reduce(0) { $0 + $1 * $1 } / Double(standardErrors.count)
    return max(0, 1 - sampling / variance)
  }
}
