package import Statistics

/// The interactions of a layer's regions, tested and corrected.
package struct PairStatistics: Sendable, Hashable {
  package let pairs: RegionPairs
  package let level: LayerStatistics.Level
  /// `[pairs]`.
  package let tests: [RegionTest]
  /// `[pairs]`: Benjamini–Hochberg over the layer's pairs.
  package let q: [Double]

  /// Errors as in `LayerStatistics`: across series, or of the design of a single one.
  ///
  /// - Parameters:
  ///   - series: not empty, all of the same pairs.
  ///   - clusters: of the series; `nil` where they are independent.
  ///   - rounding: what values of the series may be off by, in units of v.
  package init(
    pairs: RegionPairs, series: [PairEstimate], clusters: Clusters? = nil, rounding: Double = 0, confidence: Double = 0.95,
    errorShare: Double = 1
  ) {
    precondition(!series.isEmpty && series.allSatisfy { $0.interaction.count == pairs.count })
    self.pairs = pairs
    level = series.count == 1 ? .first : .second
    tests = (0..<pairs.count).map { pair in
      if series.count == 1 {
        return RegionTest(
          mean: series[0].interaction[pair], standardError: series[0].standardError[pair],
          degreesOfFreedom: series[0].degreesOfFreedom, confidence: confidence, errorShare: errorShare, rounding: rounding)
      }
      let mean = ClusteredMean(series.map { $0.interaction[pair] }, clusters: clusters)
      return RegionTest(
        mean: mean.mean, standardError: mean.squaredError.squareRoot(), degreesOfFreedom: mean.degreesOfFreedom,
        confidence: confidence, errorShare: errorShare, rounding: rounding, roundsAlike: true)
    }
    q = FalseDiscoveryRate.qValues(tests.map(\.p))
  }
}
