package import ScanPlan
package import Shapley
package import Statistics

/// One stimulus's ζ with its tests: the answer to *which regions does this answer depend on*, at the first level.
package struct StimulusMap: Sendable {
  /// A map below this reliability is more noise than answer, and isn't shown as one.
  package static let leastReliability = 0.5

  /// `[regions]`
  package let tests: [RegionTest]
  /// `[regions]`: Benjamini–Hochberg within the map.
  package let q: [Double]
  /// `[regions]`: q below the wanted false discovery rate.
  package let isSignificant: [Bool]
  /// `[regions]`: significant, ζ > 0 and at least one standard deviation above the map's mean ζ.
  package let isCritical: [Bool]

  /// - Parameters:
  ///   - analysis: confidence and false discovery rate.
  ///   - errorShare: as for `RegionTest`.
  package init(_ estimate: Estimate, _ analysis: AnalysisOptions, errorShare: Double = 1) {
    tests = estimate.zeta.indices.map {
      RegionTest(
        mean: estimate.zeta[$0], standardError: estimate.standardError[$0], degreesOfFreedom: estimate.degreesOfFreedom,
        confidence: analysis.confidence, errorShare: errorShare, rounding: estimate.rounding)
    }
    q = FalseDiscoveryRate.qValues(tests.map(\.p))
    isSignificant = q.map { $0 < analysis.falseDiscoveryRate }
    isCritical = LayerStatistics.critical(zeta: tests.map(\.mean), isSignificant: isSignificant)
  }

  package var zeta: [Double] { tests.map(\.mean) }

  /// `[regions]`: the ranks that each region's interval overlaps.
  package var rankIntervals: [ClosedRange<Int>] { Ranking.intervals(tests.map(\.interval)) }

  /// The share of the variance between regions that is not sampling, 0 to 1; `nil` where ζ doesn't vary but by rounding.
  package var reliability: Double? {
    guard tests.count > 1, tests.contains(where: { $0.t != 0 }) else { return nil }
    return Reliability.of(zeta: zeta, standardErrors: tests.map(\.standardError))
  }

  /// The numbers of the critical regions.
  package var critical: [Int] { isCritical.indices.filter { isCritical[$0] } }
}

extension ScanResult.Layer {
  /// The map of a stimulus; `nil` where its series was skipped.
  package func map(of stimulus: Int, _ analysis: AnalysisOptions) -> StimulusMap? {
    series[stimulus].map { StimulusMap($0, analysis, errorShare: rounds?.errorShare ?? 1) }
  }
}
