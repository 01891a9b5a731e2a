/// One region's ζ against 0: an estimate, its error and what follows from them.
package struct RegionTest: Sendable, Hashable {
  /// In units of v.
  package let mean: Double
  /// In units of v.
  package let standardError: Double
  package let degreesOfFreedom: Double
  /// mean / standard error. 0/0 is 0, and so is rounding without error; another mean without error gives ±infinity.
  package let t: Double
  /// Two-sided, divided by the share of the error probability; 1 for t = 0, 0 for infinite t. Never NaN.
  package let p: Double
  /// mean ± critical value × standard error.
  package let interval: ClosedRange<Double>

  /// - Parameters:
  ///   - errorShare: how much of the error probability this analysis of the data may spend, where it is one of
  ///     several (`AnalysisSchedule`): the interval is of level 1 − share·(1 − confidence).
  ///   - rounding: what a mean without error may be though it is 0 in truth, in units of v.
  ///   - roundsAlike: whether a mean with an error may be so, too: what stimuli round alike, the spread across them doesn't tell.
  package init(
    mean: Double, standardError: Double, degreesOfFreedom: Double, confidence: Double, errorShare: Double = 1,
    rounding: Double = 0, roundsAlike: Bool = false
  ) {
    precondition(standardError >= 0 && degreesOfFreedom > 0 && confidence > 0 && confidence < 1)
    precondition(errorShare > 0 && errorShare <= 1)
    self.mean = mean
    self.standardError = standardError
    self.degreesOfFreedom = degreesOfFreedom
    let isRounding = abs(mean) <= rounding && (roundsAlike ? standardError <= rounding : standardError == 0)
    t = mean == 0 || isRounding ? 0 : mean / standardError
    p = min(1, StudentT.twoSidedP(t, degreesOfFreedom: degreesOfFreedom) / errorShare)
    let halfWidth =
      standardError == 0
      ? 0
      : StudentT.criticalValue(
        confidence: confidence + (1 - errorShare) * (1 - confidence), degreesOfFreedom: degreesOfFreedom) * standardError
    interval = mean - halfWidth...mean + halfWidth
  }
}
