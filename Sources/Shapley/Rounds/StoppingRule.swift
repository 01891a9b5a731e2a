package import Statistics

/// When a layer has been measured enough, and which of its series deserve more.
///
/// A function of the estimates alone, so that every run of a scan takes the same decisions.
package struct StoppingRule: Sendable, Hashable {
  /// Which series of an undecided layer are measured further.
  package enum Allocation: String, CaseIterable, Sendable, Codable, Hashable {
    /// All of them.
    case even
    /// A layer ends once more coalitions would hardly change which of its regions are called critical; until then, the
    /// series that say much about those in doubt.
    case decisions
  }

  /// Why a layer was measured no further.
  package enum Reason: String, Sendable, Codable, Hashable {
    /// Every interval is narrow enough.
    case narrow
    /// Few of the regions whose intervals aren't narrow enough are expected to change sides.
    case decided
    /// What is left comes from the spread across stimuli, which coalitions can't lessen.
    case stimuli
    /// The whole budget was spent.
    case budget
  }

  /// What an analysis says.
  package struct Verdict: Sendable, Hashable {
    /// `nil` to go on.
    package let reason: Reason?
    /// The series to be measured further, by their place; empty at the end.
    package let wanted: [Int]
    /// Half the width of the widest interval in percent of the layer's effect.
    package let widest: Double
    /// Share of the sampling error in the variance of ζ: over the regions that aren't narrow enough, under `decisions`
    /// weighted by their doubt; over all if there are none.
    package let samplingShare: Double
    /// How many regions are expected to be called otherwise if all coalitions were measured; `nil` without `decisions`.
    package let doubt: Double?
  }

  /// Sampling that adds less than this to the variance of ζ doesn't matter: measuring all coalitions would narrow the
  /// intervals by 5 % at most.
  package static let leastSamplingShare = 0.1
  /// Under `decisions` a layer ends when the regions expected to change sides are at most this share of those above the
  /// bound.
  package static let mostDoubt = 0.03
  /// A series waits while its sampling variance is below this share of the mean series'. A round takes `growth` times the
  /// rows and leaves 1/growth of the variance, so each row of the round after it gains 1/growth² of what a row gains now.
  package static let leastVariance = 1 / Double(AnalysisSchedule.growth * AnalysisSchedule.growth)

  /// Half-widths up to this, in percent of the layer's effect, are narrow enough; `nil` asks for none.
  package let tolerance: Double?
  package let allocation: Allocation
  package let confidence: Double

  package init(tolerance: Double?, allocation: Allocation, confidence: Double) {
    self.tolerance = tolerance
    self.allocation = allocation
    self.confidence = confidence
  }

  /// Whether there is anything to look for before the end.
  package var isAdaptive: Bool { tolerance != nil || allocation == .decisions }

  /// - Parameters:
  ///   - series: the layer's, as estimated from the rows that were measured by the analysis.
  ///   - clusters: of the series; `nil` where they are independent.
  ///   - analysis: its number.
  package func verdict(
    _ series: [Estimate], clusters: Clusters? = nil, analysis: Int, of schedule: AnalysisSchedule
  ) -> Verdict {
    let statistics = LayerStatistics(
      series: series, clusters: clusters, confidence: confidence, errorShare: schedule.errorShare)
    let effect = abs(SampleMoments(series.map(\.effect)).mean)
    let halfWidths = statistics.tests.map { test in
      let width = (test.interval.upperBound - test.interval.lowerBound) / 2
      return width == 0 ? 0 : 100 * width / effect
    }
    let isNarrow = halfWidths.map { $0 <= tolerance ?? -1 }
    let doubts = allocation == .decisions ? Self.doubts(series, statistics) : nil
    let weights = isNarrow.indices.map { isNarrow[$0] ? 0 : doubts?[$0] ?? 1 }
    let doubt = doubts == nil ? nil : weights.reduce(0, +)
    let share = samplingShare(series, statistics, weights: weights)
    var reason: Reason?
    if analysis == schedule.count - 1 {
      reason = .budget
    } else if isNarrow.allSatisfy(\.self) {
      reason = .narrow
    } else if let doubt {
      let bound = Self.bound(statistics)
      let above = statistics.zeta.count { $0 >= bound }
      if doubt <= Self.mostDoubt * Double(max(1, above)) { reason = .decided }
    } else if share < Self.leastSamplingShare {
      reason = .stimuli
    }
    return Verdict(
      reason: reason, wanted: reason == nil ? wanted(series, weights) : [], widest: halfWidths.max() ?? 0,
      samplingShare: share, doubt: doubt)
  }

  /// The ζ from which on a significant region is critical.
  private static func bound(_ statistics: LayerStatistics) -> Double {
    max(0, LayerStatistics.criticalBound(statistics.zeta))
  }

  /// `[regions]`: the probability that the mean ζ of these stimuli with all coalitions lies on the other side of the bound
  /// than its estimate, by Student's t from the sampling errors alone; degrees of freedom by Welch and Satterthwaite.
  ///
  /// 0 for a region that isn't significant, and whose variance owes so little to sampling that it would hardly become so.
  /// The bound is taken as it is estimated: of a region on it, ζ minus the bound has the variance of ζ up to a factor of
  /// about 1 − 2/n, since the bound goes up with the region.
  private static func doubts(_ series: [Estimate], _ statistics: LayerStatistics) -> [Double] {
    let bound = bound(statistics)
    let count = Double(series.count)
    return statistics.tests.indices.map { region in
      let test = statistics.tests[region]
      let variances = series.map { $0.standardError[region] * $0.standardError[region] }
      let variance = variances.reduce(0, +)
      guard variance > 0 else { return 0 }
      let error = variance.squareRoot() / count
      if !statistics.isSignificant[region],
        error * error < leastSamplingShare * test.standardError * test.standardError
      {
        return 0
      }
      let spread = zip(variances, series).reduce(0) { $0 + $1.0 * $1.0 / $1.1.degreesOfFreedom }
      return StudentT.twoSidedP(
        (test.mean - bound) / error, degreesOfFreedom: spread > 0 ? variance * variance / spread : .infinity) / 2
    }
  }

  /// The share of the series' own sampling variance in that of their mean, over regions with weights, or over all alike
  /// where none has any.
  private func samplingShare(_ series: [Estimate], _ statistics: LayerStatistics, weights: [Double]) -> Double {
    let count = Double(series.count)
    let isUnweighted = weights.allSatisfy { $0 == 0 }
    var (sampling, all) = (0.0, 0.0)
    for region in weights.indices {
      let weight = isUnweighted ? 1 : weights[region]
      let error = statistics.tests[region].standardError
      all += weight * error * error
      sampling +=
        weight * series.reduce(0) { $0 + $1.standardError[region] * $1.standardError[region] } / (count * count)
    }
    return all == 0 ? 0 : min(1, sampling / all)
  }

  private func wanted(_ series: [Estimate], _ weights: [Double]) -> [Int] {
    if allocation == .even { return Array(series.indices) }
    let variances = series.map { series in
      weights.indices.reduce(0) { $0 + weights[$1] * series.standardError[$1] * series.standardError[$1] }
    }
    let least = Self.leastVariance * SampleMoments(variances).mean
    return series.indices.filter { variances[$0] >= least }
  }
}
