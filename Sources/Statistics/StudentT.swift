internal import CSpecialFunctions

/// Student's t distribution. Infinite degrees of freedom mean the standard normal.
package enum StudentT {
  /// P(|T| ≥ |t|), two-sided. Computed from the upper tail, so small p keep their digits.
  ///
  /// - Parameter degreesOfFreedom: above 0.
  package static func twoSidedP(_ t: Double, degreesOfFreedom: Double) -> Double {
    precondition(degreesOfFreedom > 0)
    if t.isInfinite { return 0 }
    return min(1, 2 * nnfmri_student_t_upper_tail(abs(t), degreesOfFreedom))
  }

  /// The t below which the given share of the distribution lies, 0 < probability < 1.
  package static func quantile(_ probability: Double, degreesOfFreedom: Double) -> Double {
    precondition(probability > 0 && probability < 1 && degreesOfFreedom > 0)
    return nnfmri_student_t_quantile(probability, degreesOfFreedom)
  }

  /// The half-width of a two-sided interval in standard errors: the quantile at (1 + confidence)/2.
  package static func criticalValue(confidence: Double, degreesOfFreedom: Double) -> Double {
    quantile((1 + confidence) / 2, degreesOfFreedom: degreesOfFreedom)
  }
}
