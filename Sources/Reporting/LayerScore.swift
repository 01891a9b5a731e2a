package import ScanResults
import Shapley
import Statistics

/// ζ of a layer in percent of the layer's whole effect.
package struct LayerScore {
  /// Mean of v(G) − v(∅) over the series.
  package let effect: Double
  /// Why there are no scores; `nil` where there are.
  package let reason: String?

  package init(_ layer: ScanResult.Layer) {
    effect = SampleMoments(layer.series.compactMap { $0?.effect }).mean
    reason = if case .undefined(let reason) = layer.statistics.score { reason } else { nil }
  }

  /// `nil` where the effect isn't clearly above 0.
  package func percent(_ zeta: Double) -> Double? {
    reason == nil ? 100 * zeta / effect : nil
  }

  func percent(_ interval: ClosedRange<Double>) -> ClosedRange<Double>? {
    guard let low = percent(interval.lowerBound), let high = percent(interval.upperBound) else { return nil }
    return low...high
  }
}
