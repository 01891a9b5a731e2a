/// The mean over just these stimuli: what neuroimaging calls fixed effects.
///
/// The stimuli are no sample of anything; the only chance is the measurement's, so the squared error of the mean is the mean of
/// the first-level ones over N, plus what errors share, which no number of stimuli averages out. Degrees of freedom are
/// Satterthwaite's, (Σs²)²/Σ(s⁴/ν); infinite where all is exact.
package enum FixedEffects {
  /// `[regions]`: a test of each region's mean.
  ///
  /// - Parameters:
  ///   - mean: `[regions]`, over the series.
  ///   - standardErrors: `[series][regions]`, first level.
  ///   - degreesOfFreedom: `[series]`, of those.
  ///   - sharedVariance: `[regions]`, the squared error that all series have in common; `nil` for none.
  ///   - confidence: of the intervals.
  ///   - errorShare: as for `RegionTest`.
  ///   - rounding: likewise.
  package static func tests(
    mean: [Double], standardErrors: [[Double]], degreesOfFreedom: [Double], sharedVariance: [Double]? = nil,
    confidence: Double, errorShare: Double = 1, rounding: Double = 0
  ) -> [RegionTest] {
    precondition(!standardErrors.isEmpty && standardErrors.count == degreesOfFreedom.count)
    let count = Double(standardErrors.count)
    return mean.indices.map { region in
      var (squares, fourths) = (0.0, 0.0)
      for (errors, freedom) in zip(standardErrors, degreesOfFreedom) {
        let square = errors[region] * errors[region]
        squares += square
        fourths += square * square / freedom
      }
      return RegionTest(
        mean: mean[region], standardError: (squares / (count * count) + (sharedVariance?[region] ?? 0)).squareRoot(),
        degreesOfFreedom: fourths > 0 ? squares * squares / fourths : .infinity, confidence: confidence,
        errorShare: errorShare, rounding: rounding)
    }
  }
}
