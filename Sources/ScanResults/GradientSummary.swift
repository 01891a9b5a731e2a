package import ScanPlan
import Shapley

/// How gradient passes fared in a layer: what curvature did, and what of it was taken off.
package struct GradientSummary: Sendable, Hashable {
  /// Gradient passes of a series.
  package var passes: Int
  /// The share of (region, pass) that was a midpoint.
  package var midpointShare: Double
  package var finding: GradientFinding
  /// ΣT over v(G) − v(∅), the mean over series: away from 1 where curvature is strong.
  package var trapezoidShare: Double
  /// Of the trapezoid, pooled over the stimuli: root mean square over the regions, in units of v; `nil` for one series.
  package var bias: Double?
  /// How much of what the midpoints found was taken off, 0 to 1; `nil` for one series.
  package var shrinkage: Double?
  /// What may be left of it, counted in every interval: root mean square over the regions, in units of v; `nil` for one.
  package var remainingBias: Double?

  init(_ layer: ScanPlan.Layer, _ series: [GradientEstimate], _ correction: PooledCorrection?) {
    passes = layer.rows
    midpointShare = series[0].midpointShare
    finding = layer.gradients ?? GradientFinding(reason: "")
    trapezoidShare = series.reduce(0) { $0 + $1.trapezoidShare } / Double(series.count)
    bias = correction.map { $0.found.bias.squareRoot() }
    shrinkage = correction?.shrinkage
    remainingBias = correction.map { correction in
      (correction.remainingBias.reduce(0, +) / Double(correction.remainingBias.count)).squareRoot()
    }
  }
}
