/// Sums over the units of each region that every statistic of level and spread is made of.
///
/// Per region: the number of activations seen, Σ|a|, their mean, and the sum of squared deviations from that mean. Deviations
/// are kept instead of Σa², whose difference from (Σa)²/n loses all digits where the mean is large and the spread small.
/// Moments of several stimuli are combined by Chan, Golub and LeVeque (1983, doi 10.1080/00031305.1983.10483115). Combining
/// rounds, so the same bytes need the same order: by stimulus, whatever rank measured it.
package struct RegionMoments: Hashable, Sendable {
  /// Numbers kept per region in `values`.
  package static let valuesPerRegion = 4

  /// Count, Σ|a|, mean and Σ(a − mean)² of each region. [regions x 4], to be sent and stored.
  package private(set) var values: [Double]

  /// Moments of nothing: the neutral element of `combine`.
  package init(regionCount: Int) {
    values = Array(repeating: 0, count: regionCount * Self.valuesPerRegion)
  }

  /// Moments that were sent or stored as `values`.
  package init(values: [Double]) {
    precondition(values.count.isMultiple(of: Self.valuesPerRegion), "four numbers a region")
    self.values = values
  }

  package var regionCount: Int { values.count / Self.valuesPerRegion }

  /// Activations seen by a region: its units times the stimuli.
  package func count(_ region: Int) -> Double { values[region * Self.valuesPerRegion] }

  /// Σ|a|.
  package func magnitude(_ region: Int) -> Double { values[region * Self.valuesPerRegion + 1] }

  /// mean a; 0 where nothing was seen.
  package func mean(_ region: Int) -> Double { values[region * Self.valuesPerRegion + 2] }

  /// Σ(a − mean)².
  package func squaredDeviation(_ region: Int) -> Double { values[region * Self.valuesPerRegion + 3] }

  /// mean|a|; 0 where nothing was seen.
  package func meanMagnitude(_ region: Int) -> Double {
    count(region) > 0 ? magnitude(region) / count(region) : 0
  }

  /// σ², the population variance over units and stimuli; 0 where nothing was seen.
  package func variance(_ region: Int) -> Double {
    count(region) > 0 ? squaredDeviation(region) / count(region) : 0
  }

  /// φ of a region. See `Density`.
  package func density(_ region: Int) -> Double {
    Density.value(meanMagnitude: meanMagnitude(region), variance: variance(region))
  }

  /// φ of every region, by region number.
  package var densities: [Double] { (0..<regionCount).map(density) }

  /// mean|a| over all units of the layer.
  package var layerMeanMagnitude: Double {
    var total = 0.0
    var units = 0.0
    for region in 0..<regionCount {
      total += magnitude(region)
      units += count(region)
    }
    return units > 0 ? total / units : 0
  }

  /// The population variance over all units of the layer and the stimuli.
  package var layerVariance: Double {
    var layer = RegionMoments(regionCount: 1)
    for region in 0..<regionCount {
      let start = region * Self.valuesPerRegion
      layer.combine(RegionMoments(values: Array(values[start..<start + Self.valuesPerRegion])))
    }
    return layer.variance(0)
  }

  /// The share of regions whose mean|a| is at least 5 % of the layer's; 0 for a layer that is silent throughout.
  package var coverage: Double {
    let layerMean = layerMeanMagnitude
    guard layerMean > 0 else { return 0 }
    let active = (0..<regionCount).count { meanMagnitude($0) >= 0.05 * layerMean }
    return Double(active) / Double(regionCount)
  }

  mutating func set(_ region: Int, count: Double, magnitude: Double, mean: Double, squaredDeviation: Double) {
    let start = region * Self.valuesPerRegion
    values[start] = count
    values[start + 1] = magnitude
    values[start + 2] = mean
    values[start + 3] = squaredDeviation
  }

  /// Adds what another part of the data saw.
  package mutating func combine(_ other: RegionMoments) {
    precondition(other.regionCount == regionCount, "moments of two different grids")
    for region in 0..<regionCount where other.count(region) > 0 {
      let start = region * Self.valuesPerRegion
      let added = other.count(region)
      let total = count(region) + added
      let difference = other.mean(region) - mean(region)
      values[start + 3] += other.squaredDeviation(region) + difference * difference * (count(region) / total) * added
      values[start + 2] += difference * (added / total)
      values[start + 1] += other.magnitude(region)
      values[start] = total
    }
  }
}
