/// What a layer does in a window, by either modality.
///
/// The same four states come from rhythms and from regions, by rules of the same form (`TemporalRule`, `SpatialRule`), so
/// that they can be compared. "Low" and "high" are more than k robust deviations below or above the median of the
/// reference period, k the normal quantile at which a reference window is called so by chance with half the wanted rate.
package enum NetworkState: String, Sendable, Hashable, CaseIterable {
  /// High in what is taken for work: fast rhythms (β, γ), or a region of high ζ.
  case active
  /// Neither of the others: what the reference period does.
  case processing
  /// Low altogether: little power, or little density and coverage.
  case idle
  /// Like nothing in the reference period.
  case anomalous

  /// - Parameters:
  ///   - amount: z of how much is going on.
  ///   - work: z of what is taken for work; `nil` where it isn't known, or isn't what most of the window is.
  ///   - limit: k.
  init(isAnomalous: Bool, amount: Double, work: Double?, limit: Double) {
    if isAnomalous {
      self = .anomalous
    } else if let work, work > limit {
      self = .active
    } else if amount < -limit {
      self = .idle
    } else {
      self = .processing
    }
  }
}
