import Grids
import Random

/// Family-wise error over the regions of a layer: the largest |t| against its distribution under random signs.
///
/// Under the null hypothesis a series' ζ are symmetric about 0, so flipping the signs of whole series leaves their joint
/// distribution over regions as it is. Source: Nichols & Holmes, Human Brain Mapping 15 (2002).
package enum SignFlips {
  /// Up to this many series all 2ᴺ flips are made, else `flips` random ones.
  package static let largestEnumeration = 12

  /// The least that p can be of so many series: that of the observed signs and their mirror, or of none of the drawn flips.
  package static func leastP(of series: Int, flips: Int) -> Double {
    series <= largestEnumeration ? 2 / Double(1 << max(series, 1)) : 1 / Double(1 + flips)
  }

  /// Corrected p-values: `[regions]`.
  ///
  /// Enumerated: the share of all 2ᴺ flips, the observed one among them, whose largest |t| reaches the region's.
  /// Random: p = (1 + b)/(1 + B). One series gives 1 everywhere.
  ///
  /// - Parameters:
  ///   - zeta: `[series][regions]`; of clusters the sums over their members.
  ///   - clusters: of which they are the sums, whose t is that of `ClusteredMean`.
  ///   - flips: B.
  ///   - stream: which family, for the draws.
  /// - Complexity: flips × series × regions.
  package static func familyWiseP(
    _ zeta: [[Double]], clusters: Clusters? = nil, flips: Int = 5000, seed: UInt64, stream: UInt64 = 0
  ) -> [Double] {
    precondition(!zeta.isEmpty && flips > 0 && zeta.allSatisfy { $0.count == zeta[0].count })
    let series = zeta.count
    let weights = clusters?.weights ?? [Double](repeating: 1, count: series)
    let squares = zeta[0].indices.map { region in zip(zeta, weights).reduce(0) { $0 + $1.1 * $1.0[region] * $1.0[region] } }
    func tSquared(_ signs: Coalition) -> [Double] {
      clusters.map { Self.tSquared(zeta, of: $0, weights, squares: squares, signs: signs) }
        ?? Self.tSquared(zeta, squares: squares, signs: signs)
    }
    let observed = tSquared(Coalition(fullOf: series))
    // The observed signs must count as reaching themselves whatever the rounding of mirrored sums.
    let thresholds = observed.map { $0 * (1 - 1e-10) }
    var counts = [Int](repeating: 0, count: observed.count)
    func count(_ signs: Coalition) {
      let largest = tSquared(signs).max() ?? 0
      for region in thresholds.indices where largest >= thresholds[region] { counts[region] += 1 }
    }
    if series <= largestEnumeration {
      // A flip and its mirror image have the same |t|.
      let half = 1 << (series - 1)
      for mask in 0..<half { count(Coalition(of: series, mask: UInt64(mask))) }
      return counts.map { Double($0) / Double(half) }
    }
    let drawSeed = CounterRandom.derivedSeed(from: seed, stream: stream)
    for flip in 0..<flips {
      var random = CounterRandom(
        seed: drawSeed, domain: .signFlips, index: UInt64(flip))
      count(random.coalition(of: series))
    }
    return counts.map { Double(1 + $0) / Double(1 + flips) }
  }

  /// t² of each region when the series outside `signs` are negated; infinite without variance, 0 for a mean of 0.
  private static func tSquared(_ zeta: [[Double]], squares: [Double], signs: Coalition) -> [Double] {
    let count = Double(zeta.count)
    var sums = [Double](repeating: 0, count: squares.count)
    for (number, series) in zeta.enumerated() {
      let sign = signs[number] ? 1.0 : -1.0
      for region in sums.indices { sums[region] += sign * series[region] }
    }
    return sums.indices.map { region in
      let explained = sums[region] * sums[region] / count
      if explained == 0 { return 0 }
      let rest = squares[region] - explained
      return rest > 1e-14 * squares[region] ? (count - 1) * explained / rest : .infinity
    }
  }

  /// The same of sums over clusters of any size. - Parameter squares: weighted.
  private static func tSquared(
    _ sums: [[Double]], of clusters: Clusters, _ weights: [Double], squares: [Double], signs: Coalition
  ) -> [Double] {
    let sizes = clusters.sizes
    let total = sizes.reduce(0, +)
    let spread = zip(sizes, weights).reduce(0) { $0 + $1.1 * $1.0 * $1.0 }
    var (whole, weighted) = ([Double](repeating: 0, count: squares.count), [Double](repeating: 0, count: squares.count))
    for (number, cluster) in sums.enumerated() {
      let sign = signs[number] ? 1.0 : -1.0
      for region in whole.indices {
        whole[region] += sign * cluster[region]
        weighted[region] += sign * cluster[region] * sizes[number] * weights[number]
      }
    }
    return whole.indices.map { region in
      let mean = whole[region] / total
      if mean == 0 { return 0 }
      let rest = squares[region] - 2 * mean * weighted[region] + mean * mean * spread
      return rest > 1e-14 * squares[region] ? whole[region] * whole[region] / rest : .infinity
    }
  }
}
