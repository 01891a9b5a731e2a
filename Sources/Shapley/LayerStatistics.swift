package import Statistics

/// The regions of a layer, tested, corrected and ranked.
package struct LayerStatistics: Sendable, Hashable {
  /// How the errors came about.
  package enum Level: String, Sendable, Hashable {
    /// From the design of a single series.
    case first
    /// From the spread of ζ across series, which carries the sampling noise along.
    case second
  }

  package let level: Level
  package let seriesCount: Int
  /// `[regions]`.
  package let tests: [RegionTest]
  /// `[regions]`: Benjamini–Hochberg within the layer.
  package let q: [Double]
  /// `[regions]`: q below the wanted false discovery rate.
  package let isSignificant: [Bool]
  /// `[regions]`: 1 is the largest ζ.
  package let rank: [Int]
  /// `[regions]`: the ranks that the confidence interval overlaps.
  package let rankInterval: [ClosedRange<Int>]
  /// `[regions]`: significant, ζ > 0 and ζ at least one standard deviation above the layer's mean ζ.
  package let isCritical: [Bool]
  package let score: ZetaScore

  /// `[regions]`: mean ζ.
  package var zeta: [Double] { tests.map(\.mean) }

  /// Second level with two series or more: per region the mean, sd/√N and Student t with N − 1 degrees of freedom, or both from
  /// clusters (`ClusteredMean`). One series: its first-level errors.
  ///
  /// - Parameters:
  ///   - series: not empty, all of the same regions.
  ///   - clusters: of the series; `nil` where they are independent.
  ///   - confidence: of the intervals, between 0 and 1.
  ///   - falseDiscoveryRate: the bound on q.
  ///   - errorShare: how much of the error probability this analysis of the data may spend (`AnalysisSchedule`).
  package init(
    series: [Estimate], clusters: Clusters? = nil, confidence: Double = 0.95, falseDiscoveryRate: Double = 0.05,
    errorShare: Double = 1
  ) {
    precondition(!series.isEmpty && series.allSatisfy { $0.zeta.count == series[0].zeta.count })
    let tests: [RegionTest]
    if series.count == 1 {
      tests = series[0].zeta.indices.map {
        RegionTest(
          mean: series[0].zeta[$0], standardError: series[0].standardError[$0],
          degreesOfFreedom: series[0].degreesOfFreedom, confidence: confidence, errorShare: errorShare,
          rounding: series[0].rounding)
      }
    } else {
      let rounding = Estimate.rounding(of: series)
      tests = series[0].zeta.indices.map { region in
        let mean = ClusteredMean(series.map { $0.zeta[region] }, clusters: clusters)
        return RegionTest(
          mean: mean.mean, standardError: mean.squaredError.squareRoot(), degreesOfFreedom: mean.degreesOfFreedom,
          confidence: confidence, errorShare: errorShare, rounding: rounding, roundsAlike: true)
      }
    }
    self.init(
      level: series.count == 1 ? .first : .second, tests: tests, full: series.map(\.full), empty: series.map(\.empty),
      falseDiscoveryRate: falseDiscoveryRate)
  }

  /// What follows from the regions' tests.
  ///
  /// - Parameters:
  ///   - full: `[series]`, v(G), like `empty`, v(∅).
  package init(level: Level, tests: [RegionTest], full: [Double], empty: [Double], falseDiscoveryRate: Double = 0.05) {
    self.level = level
    self.tests = tests
    seriesCount = full.count
    q = FalseDiscoveryRate.qValues(tests.map(\.p))
    isSignificant = q.map { $0 < falseDiscoveryRate }
    let zeta = tests.map(\.mean)
    rank = Ranking.ranks(zeta)
    rankInterval = Ranking.intervals(tests.map(\.interval))
    isCritical = LayerStatistics.critical(zeta: zeta, isSignificant: isSignificant)
    score = ZetaScore(zeta: zeta, full: full, empty: empty)
  }

  /// Family-wise p-values by sign flips (`SignFlips.familyWiseP`), 1 where t is 0: rounding has no sign to flip, and by its own t would
  /// be as large as any effect.
  ///
  /// - Parameters:
  ///   - zeta: `[series][regions]`, what was tested.
  ///   - clusters: of the series, whose signs are flipped together; `nil` where they are independent.
  package func familyWiseP(_ zeta: [[Double]], clusters: Clusters? = nil, flips: Int, seed: UInt64, stream: UInt64) -> [Double] {
    let told = zeta.map { zip($0, tests).map { $1.t == 0 ? 0 : $0 } }
    return SignFlips.familyWiseP(clusters?.sums(told) ?? told, clusters: clusters, flips: flips, seed: seed, stream: stream)
  }

  /// Critical regions: significant, ζ > 0, and ζ ≥ mean + sd of the layer's ζ (population standard deviation over its
  /// regions) but for rounding: the larger of two is exactly there. A layer whose ζ are all equal has none.
  package static func critical(zeta: [Double], isSignificant: [Bool]) -> [Bool] {
    let bound = criticalBound(zeta)
    return zeta.indices.map { isSignificant[$0] && zeta[$0] > 0 && zeta[$0] >= bound }
  }

  /// The ζ from which on a significant region is critical, where it is positive; infinite where all are equal.
  static func criticalBound(_ zeta: [Double]) -> Double {
    let mean = zeta.reduce(0, +) / Double(zeta.count)
    let deviation = (zeta.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(zeta.count)).squareRoot()
    return deviation > 0 ? mean + deviation * (1 - 1e-12) : .infinity
  }
}
