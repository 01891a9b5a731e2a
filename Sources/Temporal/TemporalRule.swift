internal import Glibc
internal import Statistics

/// States and anomalies by rhythm: from band powers and level of a layer's signal.
enum TemporalRule {
  /// What is compared with the reference period: the logarithms of the known band powers, then the mean of the signal.
  /// Silence has the logarithm of the least number above 0.
  static func features(_ bands: BandPowers, level: Double) -> [Double] {
    FrequencyBand.allCases.compactMap { bands.powers[$0] }.map(logarithm) + [level]
  }

  /// How far a window is from reference windows: max over features of |z|/q, z the robust z and q the largest |z| that
  /// reference windows have in that feature but for a share of `rate`, and at least `limit`.
  ///
  /// Dividing by q lets every feature have its own normal range: a network that does several things has band powers in
  /// clusters, where a normal window can be many deviations from the median.
  static func score(_ reference: [[Double]], rate: Double, limit: Double) -> ([Double]) -> Double {
    let scales = reference[0].indices.map { feature in RobustScale(reference.map { $0[feature] }) }
    let ranges = scales.enumerated().map { feature, scale in
      let sizes = reference.map { abs(scale.z($0[feature])) }.sorted()
      return max(limit, sizes[min(Int(((1 - rate) * Double(sizes.count)).rounded(.up)), sizes.count) - 1])
    }
    return { features in features.indices.map { abs(scales[$0].z(features[$0])) / ranges[$0] }.max() ?? 0 }
  }

  /// The amount is the power in all bands, work that in β and γ, where they hold more than the slow bands: harmonics of a slow
  /// rhythm lie in fast bands too.
  static func states(
    _ bands: [BandPowers], reference: [Int], isAnomalous: [Bool], limit: Double
  ) -> [NetworkState] {
    let total = bands.map { logarithm($0.total) }
    let fast = bands.map { $0.fast.map(logarithm) }
    let amount = RobustScale(reference.map { total[$0] })
    let work = fast.allSatisfy { $0 != nil } ? RobustScale(reference.map { fast[$0]! }) : nil
    return bands.indices.map { window in
      let isFast = bands[window].fast.map { 2 * $0 > bands[window].total } ?? false
      return NetworkState(
        isAnomalous: isAnomalous[window], amount: amount.z(total[window]),
        work: isFast ? work.map { $0.z(fast[window]!) } : nil, limit: limit)
    }
  }

  /// k: beyond ±k lies the share `rate` of a normal distribution.
  static func limit(rate: Double) -> Double { StandardNormal.quantile(1 - rate / 2) }

  private static func logarithm(_ power: Double) -> Double { log(max(power, .leastNormalMagnitude)) }
}
