import ScanPlan
import Shapley
package import Statistics

/// What a layer's stimuli say beside their random-effects mean (`LayerStatistics`): each by itself, just these together, in how
/// many of their kind a region matters, and how much they differ.
package struct LayerAnswers: Sendable, Hashable {
  /// `[stimuli]`: how reliable each map is; `nil` for a series that was skipped, or whose ζ don't vary.
  package let reliability: [Double?]
  /// `[stimuli]`: the critical regions of each map, by number.
  package let critical: [[Int]]
  /// `[regions]`: in how many stimuli ζ is positive and p below 1 − confidence.
  package let needed: [Int]
  /// `[regions]`: the same with a negative ζ.
  package let heldBack: [Int]
  /// What two stimuli or more say together; `nil` for one.
  package let group: Group?

  package struct Group: Sendable, Hashable {
    /// `[regions]`: the mean over just these stimuli against 0.
    package let fixedEffects: [RegionTest]
    /// `[regions]`: Benjamini–Hochberg over the layer's fixed effects.
    package let fixedQ: [Double]
    /// `[regions]`: as `LayerStatistics` has it, of the fixed effects.
    package let isFixedCritical: [Bool]
    /// `[regions]`: tests within stimuli at level 1 − confidence, of either sign.
    package let prevalence: [Prevalence]
    /// `[regions]`
    package let heterogeneity: [Heterogeneity]
    /// The stimuli that the random-effects answer would need to find a critical region; `nil` where it has one, or where more
    /// stimuli are not expected to show any.
    package let stimuliNeeded: Int?
  }

  /// - Parameters:
  ///   - series: by stimulus; `nil` for one that was skipped; not all are.
  ///   - statistics: of the same series.
  ///   - sharedVariance: `[regions]`, the squared error that all series have in common; `nil` for none.
  ///   - independent: how many of them are.
  ///   - errorShare: as for `RegionTest`.
  init(
    _ series: [Estimate?], _ statistics: LayerStatistics, sharedVariance: [Double]?, independent: Int,
    _ analysis: AnalysisOptions,
    errorShare: Double
  ) {
    let regions = statistics.tests.indices
    var (needed, heldBack) = ([Int](repeating: 0, count: regions.count), [Int](repeating: 0, count: regions.count))
    var (reliability, critical): ([Double?], [[Int]]) = ([], [])
    let level = 1 - analysis.confidence
    for estimate in series {
      let map = estimate.map { StimulusMap($0, analysis, errorShare: errorShare) }
      reliability.append(map?.reliability)
      critical.append(map?.critical ?? [])
      guard let map else { continue }
      for region in regions where map.tests[region].p < level {
        if map.tests[region].mean > 0 { needed[region] += 1 } else { heldBack[region] += 1 }
      }
    }
    (self.reliability, self.critical, self.needed, self.heldBack) = (reliability, critical, needed, heldBack)
    let measured = series.compactMap(\.self)
    group =
      measured.count < 2
      ? nil
      : Group(
        measured, statistics, significant: zip(needed, heldBack).map(+), sharedVariance: sharedVariance, independent: independent,
        analysis,
        errorShare: errorShare)
  }

  /// The least and the middle reliability of the maps; `nil` where none has one.
  package var reliabilities: (least: Double, median: Double)? {
    let known = reliability.compactMap(\.self).sorted()
    return known.isEmpty ? nil : (known[0], known[known.count / 2])
  }
}

extension LayerAnswers.Group {
  fileprivate init(
    _ series: [Estimate], _ statistics: LayerStatistics, significant: [Int], sharedVariance: [Double]?, independent: Int,
    _ analysis: AnalysisOptions, errorShare: Double
  ) {
    fixedEffects = FixedEffects.tests(
      mean: statistics.zeta, standardErrors: series.map(\.standardError), degreesOfFreedom: series.map(\.degreesOfFreedom),
      sharedVariance: sharedVariance, confidence: analysis.confidence, errorShare: errorShare,
      rounding: series.reduce(0) { max($0, $1.rounding) })
    fixedQ = FalseDiscoveryRate.qValues(fixedEffects.map(\.p))
    isFixedCritical = LayerStatistics.critical(
      zeta: statistics.zeta, isSignificant: fixedQ.map { $0 < analysis.falseDiscoveryRate })
    // Where all coalitions were measured, no region is significant by chance.
    let isExact = series.allSatisfy { $0.standardError.allSatisfy { $0 == 0 } }
    let table = Prevalence.table(
      of: series.count, independent: independent, falsePositiveRate: isExact ? 0 : 1 - analysis.confidence,
      confidence: analysis.confidence)
    prevalence = significant.map { table[$0] }
    heterogeneity = statistics.tests.indices.map { region in
      Heterogeneity(zeta: series.map { $0.zeta[region] }, standardErrors: series.map { $0.standardError[region] })
    }
    let isFound = statistics.isCritical.contains(true)
    stimuliNeeded =
      isFound
      ? nil
      : StimuliNeeded.estimate(
        means: statistics.zeta,
        variances: statistics.tests.map { $0.standardError * $0.standardError * Double(series.count) },
        count: series.count, falseDiscoveryRate: analysis.falseDiscoveryRate)
  }
}
