internal import CSpecialFunctions

/// The standard normal distribution (Boost.Math).
package enum StandardNormal {
  /// P(Z > z).
  package static func upperTail(_ z: Double) -> Double { nnfmri_normal_upper_tail(z) }

  /// The z with P(Z ≤ z) = `probability`, which lies between 0 and 1.
  package static func quantile(_ probability: Double) -> Double { nnfmri_normal_quantile(probability) }
}

/// ψ(x), the derivative of log Γ, for x > 0 (Boost.Math).
package func digamma(of x: Double) -> Double { nnfmri_digamma(x) }
