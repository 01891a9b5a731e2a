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
  /// What curvature did to it, where it was made from gradient passes.
  package var gradient: GradientParts?

  package init(
    zeta: [Double], standardError: [Double], degreesOfFreedom: Double, full: Double, empty: Double, evaluations: Int,
    efficiencyResidual: Double, notes: [String]
  ) {
    self.zeta = zeta
    self.standardError = standardError
    self.degreesOfFreedom = degreesOfFreedom
    self.full = full
    self.empty = empty
    self.evaluations = evaluations
    self.efficiencyResidual = efficiencyResidual
    self.notes = notes
  }

  /// The same, where region i has the number `numbers[i]`; nil leaves all as they are.
  func renumbered(_ numbers: [Int]?) -> Estimate {
    guard let numbers else { return self }
    var (zeta, standardError) = (zeta, standardError)
    for (region, number) in numbers.enumerated() {
      zeta[number] = self.zeta[region]
      standardError[number] = self.standardError[region]
    }
    return Estimate(
      zeta: zeta, standardError: standardError, degreesOfFreedom: degreesOfFreedom, full: full, empty: empty,
      evaluations: evaluations, efficiencyResidual: efficiencyResidual, notes: notes)
  }

  /// Δ = v(G) − v(∅), the whole effect.
  package var effect: Double { full - empty }

  /// What values in single precision may be off by, in units of v: 16 units in the last place of the larger of |v(G)| and |v(∅)|.
  package var rounding: Double { 16 * Double(Float.ulpOfOne) * max(abs(full), abs(empty)) }

  /// The same of a mean over series, which may all be off alike.
  package static func rounding(of series: [Estimate]) -> Double {
    series.reduce(0) { $0 + $1.rounding } / Double(series.count)
  }
}
