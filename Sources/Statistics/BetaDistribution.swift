internal import CSpecialFunctions

/// The beta distribution (Boost.Math).
package struct BetaDistribution: Sendable, Hashable {
  package let a: Double
  package let b: Double

  /// - Parameters:
  ///   - a: the first shape, above 0, like `b`.
  package init(_ a: Double, _ b: Double) {
    precondition(a > 0 && b > 0)
    (self.a, self.b) = (a, b)
  }

  /// P(X ≤ x), x from 0 to 1.
  package func cumulative(_ x: Double) -> Double {
    precondition(x >= 0 && x <= 1)
    return nnfmri_beta_cdf(x, a, b)
  }

  /// The x with P(X ≤ x) = `probability`, which lies from 0 to 1.
  package func quantile(_ probability: Double) -> Double {
    precondition(probability >= 0 && probability <= 1)
    if probability == 0 { return 0 }
    if probability == 1 { return 1 }
    return nnfmri_beta_quantile(probability, a, b)
  }
}
