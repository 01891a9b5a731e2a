/// What the gradient passes of a series say beside ζ: what curvature did to it.
package struct GradientParts: Sendable, Hashable {
  /// `[players]`: T, the mean of the derivatives where the region is intact and where it is lesioned.
  package let trapezoid: [Double]
  /// `[players]`: T's sampling variance.
  package let trapezoidVariance: [Double]
  /// `[players]`: S − T, S = (1 − a)·T + a·Mid, a of the design's rule (⅔ by Simpson's); 0 where the region never was a midpoint.
  package let correction: [Double]
  /// `[players]`: pairs in which the region was a midpoint.
  package let correctionPairs: [Double]
  /// λ: how much of the correction was applied, 0...1.
  package let shrinkage: Double
  /// τ²: the mean squared difference between T's limit and the rule's, measured or given.
  package let curvature: Double
  /// s²: the mean sampling variance of the correction; 0 where it isn't known.
  package let correctionVariance: Double
  /// The share of (region, pass) that was a midpoint.
  package let midpointShare: Double
  /// `[players]`: the share of ζ's squared error that the passes' own values left, 0...1; empty where they weren't used.
  package internal(set) var unexplained: [Double]

  package init(
    trapezoid: [Double], trapezoidVariance: [Double], correction: [Double], correctionPairs: [Double], shrinkage: Double,
    curvature: Double, correctionVariance: Double, midpointShare: Double, unexplained: [Double]
  ) {
    self.trapezoid = trapezoid
    self.trapezoidVariance = trapezoidVariance
    self.correction = correction
    self.correctionPairs = correctionPairs
    self.shrinkage = shrinkage
    self.curvature = curvature
    self.correctionVariance = correctionVariance
    self.midpointShare = midpointShare
    self.unexplained = unexplained
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

  /// The share of a region's squared error that the passes' own values left, 0...1.
  func left(of region: Int) -> Double { parts.unexplained.isEmpty ? 1 : parts.unexplained[region] }

  /// `[players]`: what of S − T ζ doesn't hold, (1 − λ)(S − T), as far as the passes' own values left it.
  package var withheld: [Double] {
    parts.correction.indices.map { (1 - parts.shrinkage) * left(of: $0) * parts.correction[$0] }
  }

  /// `[players]`: ζ without its share of what Σζ missed of the effect, as far as the passes' own values left that: over many series it is
  /// better told who misses it.
  package var unshared: [Double] {
    let squares = zeta.indices.map { standardError[$0] * standardError[$0] }
    // Squared errors before the values came.
    let before = squares.indices.map { left(of: $0) > 0 ? squares[$0] / left(of: $0) : 0 }
    let total = before.reduce(0, +)
    guard total > 0 else { return zeta }
    let missed =
      estimate.effect - zip(parts.trapezoid, parts.correction).reduce(0) { $0 + $1.0 + parts.shrinkage * $1.1 }
    return zeta.indices.map { zeta[$0] - missed * squares[$0] / total }
  }

  /// The same passes' estimate with ζ and errors, `[players]` each, that their own values made better.
  ///
  /// - Parameter scale: what the values made of the squared errors before they lowered them.
  func improved(
    zeta: [Double], squaredErrors: [Double], scale: Double, degreesOfFreedom: Double
  ) -> GradientEstimate {
    var parts = parts
    parts.unexplained = zip(squaredErrors, standardError).map { $1 > 0 ? $0 / (scale * $1 * $1) : 1 }
    return GradientEstimate(
      Estimate(
        zeta: zeta, standardError: squaredErrors.map { $0.squareRoot() }, degreesOfFreedom: degreesOfFreedom,
        full: estimate.full, empty: estimate.empty, evaluations: estimate.evaluations,
        efficiencyResidual: estimate.efficiencyResidual,
        notes: estimate.notes), parts)
  }

  /// ΣT/(v(G) − v(∅)): away from 1 where curvature is strong; near 1 proves nothing. 1 without an effect.
  package var trapezoidShare: Double { estimate.effect == 0 ? 1 : parts.trapezoid.reduce(0, +) / estimate.effect }
}
