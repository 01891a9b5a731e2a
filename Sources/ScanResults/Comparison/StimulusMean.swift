package import ScanPlan
import Statistics

/// A mean over stimuli with its interval.
///
/// Student's, by clusters where stimuli are repeated measures; Wilson's where the values say whether something holds, of as many as there are
/// clusters, as if those of one were all the same.
package struct StimulusMean: Sendable, Hashable {
  package let mean: Double
  package let interval: ClosedRange<Double>
  package let count: Int

  /// `nil` without a value, and for a mean without two that are independent.
  ///
  /// - Parameters:
  ///   - values: by stimulus; `nil` where there is none.
  ///   - units: of all stimuli.
  ///   - stimuli: whose the values are.
  package init?(_ values: [Double?], units: IndependentUnits, stimuli: [Int], isShare: Bool, confidence: Double) {
    let known = zip(stimuli, values).compactMap { stimulus, value in value.map { (stimulus: stimulus, value: $0) } }
    let counted = known.map(\.stimulus)
    let independent = units.independent(of: counted).count
    guard independent > (isShare ? 0 : 1) else { return nil }
    let estimate = ClusteredMean(known.map(\.value), clusters: units.clusters(of: counted))
    mean = estimate.mean
    count = known.count
    if isShare {
      interval = WilsonInterval.interval(share: min(max(mean, 0), 1), count: independent, confidence: confidence)
    } else {
      let half =
        StudentT.criticalValue(confidence: confidence, degreesOfFreedom: estimate.degreesOfFreedom)
        * estimate.squaredError.squareRoot()
      interval = mean - half...mean + half
    }
  }
}
