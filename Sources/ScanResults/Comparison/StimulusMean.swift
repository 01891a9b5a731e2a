import Statistics

/// A mean over stimuli with its interval.
package struct StimulusMean: Sendable, Hashable {
  package let mean: Double
  package let interval: ClosedRange<Double>
  package let count: Int

  /// Student's interval of the mean; Wilson's where the values say whether something holds.
  ///
  /// `nil` without a value, or for a mean with fewer than two.
  package init?(_ values: [Double], isShare: Bool, confidence: Double) {
    guard values.count > (isShare ? 0 : 1) else { return nil }
    let moments = SampleMoments(values)
    mean = moments.mean
    count = values.count
    if isShare {
      interval = WilsonInterval.interval(share: min(max(moments.mean, 0), 1), count: count, confidence: confidence)
    } else {
      let half =
        StudentT.criticalValue(confidence: confidence, degreesOfFreedom: Double(count - 1)) * moments.standardError
      interval = mean - half...mean + half
    }
  }
}
