internal import Statistics

/// States and anomalies by place: from a layer's densities, coverage and ζ.
enum SpatialRule {
  /// How far a window's density vector is from reference windows': the distance under a shrinkage covariance of densities
  /// that are centred by their medians and scaled by their robust deviations.
  ///
  /// A region that never changes in the reference period has no deviation; it is taken to vary as the least varying of the
  /// others, so that a change there counts much but not beyond all measure.
  static func score(_ reference: [[Double]]) -> ([Double]) -> Double {
    let scales = reference[0].indices.map { region in RobustScale(reference.map { $0[region] }) }
    let least = scales.map(\.deviation).filter { $0 > 0 }.min() ?? 1
    func scaled(_ densities: [Double]) -> [Double] {
      densities.indices.map { (densities[$0] - scales[$0].centre) / (scales[$0].deviation > 0 ? scales[$0].deviation : least) }
    }
    let covariance = ShrinkageCovariance(reference.map(scaled), centre: scales.map { _ in 0 })
    return { covariance.squaredDistance(scaled($0)).squareRoot() }
  }

  /// The amount is the mean of the robust z of mean density and coverage, work the largest ζ.
  ///
  /// - Parameters:
  ///   - density: `[windows]`, the mean φ over regions.
  ///   - coverage: `[windows]`.
  ///   - zeta: `[windows]`, max over regions; `nil` where nothing was scanned.
  static func states(
    density: [Double], coverage: [Double], zeta: [Double?], reference: [Int], isAnomalous: [Bool], limit: Double
  ) -> [NetworkState?] {
    let densityScale = RobustScale(reference.map { density[$0] })
    let coverageScale = RobustScale(reference.map { coverage[$0] })
    // A coverage that never changes in the reference period has no scale to be measured on.
    let amounts = density.indices.map { window -> Double in
      let z = densityScale.z(density[window])
      return coverageScale.deviation > 0 ? (z + coverageScale.z(coverage[window])) / 2 : z
    }
    let amount = RobustScale(reference.map { amounts[$0] })
    let known = reference.compactMap { zeta[$0] }
    guard !known.isEmpty else { return zeta.map { _ in nil } }
    let work = RobustScale(known)
    return zeta.indices.map { window in
      zeta[window].map {
        NetworkState(
          isAnomalous: isAnomalous[window], amount: amount.z(amounts[window]), work: work.z($0), limit: limit)
      }
    }
  }
}
