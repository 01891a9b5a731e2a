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
  static func score(_ reference: [[Double]], rate: Double, limit: Double) -> @Sendable ([Double]) -> Double {
    let scales = reference[0].indices.map { feature in RobustScale(reference.map { $0[feature] }) }
    let ranges = scales.enumerated().map { feature, scale in
      let sizes = reference.map { abs(scale.z($0[feature])) }.sorted()
      return max(limit, sizes[min(Int(((1 - rate) * Double(sizes.count)).rounded(.up)), sizes.count) - 1])
    }
    return { features in features.indices.map { abs(scales[$0].z(features[$0])) / ranges[$0] }.max() ?? 0 }
  }

  /// What tells states from each other. The amount is the power in all bands, work that in β and γ, where they hold more than the
  /// slow bands: harmonics of a slow rhythm lie in fast bands too.
  struct States: Sendable {
    private let amount: RobustScale
    private let work: RobustScale?
    private let limit: Double

    /// - Parameter reference: of the reference windows, at least one.
    init(_ reference: [BandPowers], limit: Double) {
      let fast = reference.compactMap(\.fast)
      amount = RobustScale(reference.map { logarithm($0.total) })
      work = fast.isEmpty ? nil : RobustScale(fast.map(logarithm))
      self.limit = limit
    }

    /// - Parameter bands: of a window as long as those of the reference.
    func state(_ bands: BandPowers, isAnomalous: Bool) -> NetworkState {
      let fast = bands.fast.flatMap { 2 * $0 > bands.total ? logarithm($0) : nil }
      return NetworkState(
        isAnomalous: isAnomalous, amount: amount.z(logarithm(bands.total)), work: fast.flatMap { work?.z($0) }, limit: limit)
    }
  }

  /// k: beyond ±k lies the share `rate` of a normal distribution.
  static func limit(rate: Double) -> Double { StandardNormal.quantile(1 - rate / 2) }

  private static func logarithm(_ power: Double) -> Double { log(max(power, .leastNormalMagnitude)) }
}
