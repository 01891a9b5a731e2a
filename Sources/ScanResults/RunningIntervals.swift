package import Distribution
package import ScanPlan
package import Shapley
import Statistics

/// How wide the intervals of a scan's layers are while its series come in: for people to watch it converge.
///
/// Only what is shown follows from this, so the order in which series arrive doesn't matter. Cost: one pass over the
/// regions a series.
package struct RunningIntervals {
  /// Welford's sums over the series of a layer.
  private struct Layer {
    package var count = 0
    package var mean: [Double]
    /// Σ(ζ − mean)², by region.
    package var deviation: [Double]
    package var effect = 0.0
    package var widest: Double?
    /// Whether series were added since `widest` was found.
    package var isStale = false
    /// The estimate, where the layer has one series.
    package var only: Estimate?

    /// Adds a series, or takes one away again. - Parameter number: 1 or -1.
    package mutating func count(_ estimate: Estimate, as number: Int) {
      count += number
      effect += Double(number) * estimate.effect
      for (region, zeta) in estimate.zeta.enumerated() {
        let difference = zeta - mean[region]
        mean[region] = count == 0 ? 0 : mean[region] + Double(number) * difference / Double(count)
        deviation[region] = count == 0 ? 0 : deviation[region] + Double(number) * difference * (zeta - mean[region])
      }
    }
  }

  private let confidence: Double
  private let seriesCount: Int
  private var layers: [Layer]

  package init(_ plan: ScanPlan, confidence: Double) {
    self.confidence = confidence
    seriesCount = plan.stimulusCount
    layers = plan.layers.map {
      Layer(mean: Array(repeating: 0, count: $0.regionCount), deviation: Array(repeating: 0, count: $0.regionCount))
    }
  }

  /// Takes note of a series, in place of what was known of it.
  package mutating func replace(_ earlier: Estimate?, by estimate: Estimate, layer number: Int) {
    var layer = layers[number]
    // Moved out, so that its arrays are changed in place.
    layers[number].mean = []
    layers[number].deviation = []
    if let earlier { layer.count(earlier, as: -1) }
    layer.count(estimate, as: 1)
    layer.isStale = true
    if seriesCount == 1 { layer.only = estimate }
    layers[number] = layer
  }

  /// Whether every series of a layer has been taken note of.
  package func holdAll(layer: Int) -> Bool { layers[layer].count == seriesCount }

  /// Half the width of the widest interval in v; `nil` where nothing can be said yet.
  private func halfWidth(_ layer: Layer) -> Double? {
    if let estimate = layer.only {
      let critical = StudentT.criticalValue(confidence: confidence, degreesOfFreedom: estimate.degreesOfFreedom)
      return estimate.standardError.max().map { critical * $0 }
    }
    guard layer.count > 1, let largest = layer.deviation.max() else { return nil }
    let freedom = Double(layer.count - 1)
    return StudentT.criticalValue(confidence: confidence, degreesOfFreedom: freedom)
      * (largest / freedom / Double(layer.count)).squareRoot()
  }

  /// The widest of all layers that can say so far.
  package mutating func widest() -> Progress.Convergence? {
    for number in layers.indices where layers[number].isStale {
      layers[number].widest = halfWidth(layers[number]).map {
        100 * $0 / abs(layers[number].effect / Double(layers[number].count))
      }
      layers[number].isStale = false
    }
    let known = layers.indices.filter { layers[$0].widest?.isFinite == true }
    return known.max { layers[$0].widest! < layers[$1].widest! }.map {
      Progress.Convergence(part: $0, percent: layers[$0].widest!, samples: layers[$0].count)
    }
  }
}
