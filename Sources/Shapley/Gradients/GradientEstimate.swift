/// What the gradient passes of a series say beside ζ: what curvature did to it.
package struct GradientParts: Sendable, Hashable {
  /// `[players]`: T, the mean of the derivatives where the region is intact and where it is lesioned.
  package let trapezoid: [Double]
  /// `[players]`: T's sampling variance.
  package let trapezoidVariance: [Double]
  /// `[players]`: S − T, S = T/3 + 2·Mid/3 by Simpson's rule; 0 where the region never was a midpoint.
  package let correction: [Double]
  /// `[players]`: pairs in which the region was a midpoint.
  package let correctionPairs: [Double]
  /// λ: how much of the correction was applied, 0...1.
  package let shrinkage: Double
  /// τ²: the mean squared difference between T's limit and Simpson's, measured or given.
  package let curvature: Double
  /// s²: the mean sampling variance of the correction; 0 where it isn't known.
  package let correctionVariance: Double
  /// The share of (region, pass) that was half lesioned.
  package let midpointShare: Double

  package init(
    trapezoid: [Double], trapezoidVariance: [Double], correction: [Double], correctionPairs: [Double], shrinkage: Double,
    curvature: Double, correctionVariance: Double, midpointShare: Double
  ) {
    self.trapezoid = trapezoid
    self.trapezoidVariance = trapezoidVariance
    self.correction = correction
    self.correctionPairs = correctionPairs
    self.shrinkage = shrinkage
    self.curvature = curvature
    self.correctionVariance = correctionVariance
    self.midpointShare = midpointShare
  }
}

/// ζ of one series from gradient passes, and what curvature did to it.
@dynamicMemberLookup
package struct GradientEstimate: Sendable, Hashable {
  /// ζ with its errors: sampling, and what curvature leaves.
  package let estimate: Estimate
  package let parts: GradientParts

  /// - Parameter parts: of the same passes.
  package init(_ estimate: Estimate, _ parts: GradientParts) {
    var estimate = estimate
    estimate.gradient = parts
    self.estimate = estimate
    self.parts = parts
  }

  /// An estimate that was made from gradient passes; `nil` for another.
  package init?(_ estimate: Estimate) {
    guard let parts = estimate.gradient else { return nil }
    self.estimate = estimate
    self.parts = parts
  }

  package subscript<Value>(dynamicMember path: KeyPath<GradientParts, Value>) -> Value { parts[keyPath: path] }

  package var zeta: [Double] { estimate.zeta }
  package var standardError: [Double] { estimate.standardError }

  /// The same passes' estimate with other ζ and errors, `[players]` each.
  func replacing(zeta: [Double], squaredErrors: [Double], degreesOfFreedom: Double) -> GradientEstimate {
    GradientEstimate(
      Estimate(
        zeta: zeta, standardError: squaredErrors.map { $0.squareRoot() }, degreesOfFreedom: degreesOfFreedom,
        full: estimate.full, empty: estimate.empty, evaluations: estimate.evaluations,
        efficiencyResidual: estimate.efficiencyResidual,
        notes: estimate.notes), parts)
  }

  /// ΣT/(v(G) − v(∅)): away from 1 where curvature is strong; near 1 proves nothing. 1 without an effect.
  package var trapezoidShare: Double { estimate.effect == 0 ? 1 : parts.trapezoid.reduce(0, +) / estimate.effect }
}
