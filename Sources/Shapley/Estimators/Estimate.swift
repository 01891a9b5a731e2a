/// ζ of every region of one series, with first-level errors.
package struct Estimate: Sendable, Hashable {
  /// `[players]`, in units of v.
  package let zeta: [Double]
  /// `[players]`, in units of v; 0 where ζ is exact. Never NaN.
  package let standardError: [Double]
  /// Degrees of freedom of the standard errors; infinite where ζ is exact.
  package let degreesOfFreedom: Double
  /// v(G): nothing lesioned.
  package let full: Double
  /// v(∅): everything lesioned.
  package let empty: Double
  /// Evaluations used.
  package let evaluations: Int
  /// v(G) − v(∅) − Σζ before ζ was made efficient; what is left over where the estimator isn't efficient.
  package let efficiencyResidual: Double
  /// Sentences for the reader of the result.
  package let notes: [String]

  /// Δ = v(G) − v(∅), the whole effect.
  package var effect: Double { full - empty }
}
