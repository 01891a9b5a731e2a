import Grids
import Random

/// Family-wise error over the regions of a layer: the largest |t| against its distribution under random signs.
///
/// Under the null hypothesis a series' ζ are symmetric about 0, so flipping the signs of whole series leaves their joint
/// distribution over regions as it is. Source: Nichols & Holmes, Human Brain Mapping 15 (2002).
package enum SignFlips {
  /// Up to this many series all 2ᴺ flips are made, else `flips` random ones.
  package static let largestEnumeration = 12

  /// Corrected p-values: `[regions]`.
  ///
  /// Enumerated: the share of all 2ᴺ flips, the observed one among them, whose largest |t| reaches the region's.
  /// Random: p = (1 + b)/(1 + B). One series gives 1 everywhere.
  ///
  /// - Parameters:
  ///   - zeta: `[series][regions]`.
  ///   - flips: B.
  ///   - stream: which family, for the draws.
  /// - Complexity: flips × series × regions.
  package static func familyWiseP(
    _ zeta: [[Double]], flips: Int = 5000, seed: UInt64, stream: UInt64 = 0
  ) -> [Double] {
    precondition(!zeta.isEmpty && flips > 0 && zeta.allSatisfy { $0.count == zeta[0].count })
    let series = zeta.count
    let squares = zeta[0].indices.map { region in zeta.reduce(0) { $0 + $1[region] * $1[region] } }
    let observed = tSquared(zeta, squares: squares, signs: Coalition(fullOf: series))
    // The observed signs must count as reaching themselves whatever the rounding of mirrored sums.
    let thresholds = observed.map { $0 * (1 - 1e-10) }
    var counts = [Int](repeating: 0, count: observed.count)
    func count(_ signs: Coalition) {
      let largest = tSquared(zeta, squares: squares, signs: signs).max() ?? 0
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
}
