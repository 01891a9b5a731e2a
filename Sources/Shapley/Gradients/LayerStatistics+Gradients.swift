package import Statistics

extension LayerStatistics {
  /// Series that were measured by gradients: their bias pooled, taken off and counted in the errors.
  ///
  /// Per region the mean of the correction's pseudo-values; its squared error is their variance over N plus what the correction
  /// leaves, with N − 1 degrees of freedom, or both from clusters. One series: its first-level errors.
  ///
  /// - Parameters:
  ///   - series: not empty, all of the same regions.
  ///   - correction: of these series; nil for one series.
  ///   - clusters: of the series; `nil` where they are independent.
  ///   - confidence: of the intervals, between 0 and 1.
  ///   - falseDiscoveryRate: the bound on q.
  ///   - errorShare: how much of the error probability this analysis of the data may spend (`AnalysisSchedule`).
  package init(
    gradients series: [GradientEstimate], correction: PooledCorrection?, clusters: Clusters? = nil,
    confidence: Double = 0.95, falseDiscoveryRate: Double = 0.05, errorShare: Double = 1
  ) {
    guard series.count > 1, let correction else {
      self.init(
        series: [series[0].estimate], confidence: confidence, falseDiscoveryRate: falseDiscoveryRate, errorShare: errorShare)
      return
    }
    precondition(correction.zeta.count == series.count)
    let rounding = Estimate.rounding(of: series.map(\.estimate))
    let tests = correction.remainingBias.indices.map { region in
      let mean = ClusteredMean(correction.zeta.map { $0[region] }, clusters: clusters)
      return RegionTest(
        mean: mean.mean, standardError: (mean.squaredError + correction.remainingBias[region]).squareRoot(),
        degreesOfFreedom: mean.degreesOfFreedom, confidence: confidence, errorShare: errorShare, rounding: rounding,
        roundsAlike: true)
    }
    self.init(
      level: .second, tests: tests, full: series.map(\.estimate.full), empty: series.map(\.estimate.empty),
      falseDiscoveryRate: falseDiscoveryRate)
  }
}
