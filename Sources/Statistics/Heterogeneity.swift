/// How much a region's ζ truly differs between stimuli: why a mean can be 0 where single stimuli are not.
///
/// τ² = max(0, s² − m), s² the variance of ζ across stimuli and m the mean of their squared first-level errors; I² = τ²/(τ² + m) is
/// the share of what is seen between stimuli that isn't measurement. Unweighted, so that exact ζ need no weights without end.
///
/// Source: Hedges & Olkin, "Statistical methods for meta-analysis" (1985), ch. 9; Higgins & Thompson, Statistics in Medicine 21
/// (2002) for I².
package struct Heterogeneity: Sendable, Hashable {
  /// In units of v².
  package let tauSquared: Double
  /// 0 to 1; 0 where nothing differs.
  package let iSquared: Double

  /// - Parameters:
  ///   - zeta: `[series]`, two or more.
  ///   - standardErrors: `[series]`, first level.
  package init(zeta: [Double], standardErrors: [Double]) {
    precondition(zeta.count > 1 && zeta.count == standardErrors.count)
    let measurement = standardErrors.reduce(0) { $0 + $1 * $1 } / Double(standardErrors.count)
    tauSquared = max(0, SampleMoments(zeta).variance - measurement)
    iSquared = tauSquared > 0 ? tauSquared / (tauSquared + measurement) : 0
  }
}
