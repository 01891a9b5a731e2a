/// When a layer has been measured enough, and which of its series deserve more.
///
/// A function of the estimates alone, so that every run of a scan takes the same decisions.
package struct StoppingRule: Sendable, Hashable {
  /// Which series of an undecided layer are measured further.
  package enum Allocation: String, CaseIterable, Sendable, Codable, Hashable {
    /// All of them.
    case even
    /// Those with most of the sampling error where it still matters; and a layer ends once it is known which of its
    /// regions are critical.
    case decisions
  }

  /// Why a layer was measured no further.
  package enum Reason: String, Sendable, Codable, Hashable {
    /// Every interval is narrow enough.
    case narrow
    /// Every region is known to be critical or not, or its interval is narrow enough.
    case decided
    /// What is left comes from the spread across stimuli, which coalitions can't lessen.
    case stimuli
    /// The whole budget was spent.
    case budget
  }

  /// What a look says.
  package struct Verdict: Sendable, Hashable {
    /// `nil` to go on.
    package let reason: Reason?
    /// The series to be measured further, by their place; empty at the end.
    package let wanted: [Int]
    /// Half the width of the widest interval in percent of the layer's effect.
    package let widest: Double
    /// Share of the sampling error in the variance of ζ, over the regions that are still open, or over all if none is.
    package let samplingShare: Double
  }

  /// A layer ends when sampling adds less than this to the variance of every open region together: measuring all
  /// coalitions would narrow their intervals by 5 % at most.
  package static let leastSamplingShare = 0.1
  /// A series waits while its sampling variance is below this share of the mean series'.
  package static let leastVariance = 0.5

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
  ///   - series: the layer's, as estimated from the rows that were measured by the look.
  ///   - look: its number.
  package func verdict(_ series: [Estimate], look: Int, of schedule: LookSchedule) -> Verdict {
    let statistics = LayerStatistics(
      series: series, confidence: confidence, errorShare: schedule.errorShare)
    let effect = abs(SampleMoments(series.map(\.effect)).mean)
    let halfWidths = statistics.tests.map { test in
      let width = (test.interval.upperBound - test.interval.lowerBound) / 2
      return width == 0 ? 0 : 100 * width / effect
    }
    let open = halfWidths.indices.filter { region in
      if let tolerance, halfWidths[region] <= tolerance { return false }
      return allocation == .even || !isDecided(region, statistics)
    }
    let share = samplingShare(series, statistics, over: open.isEmpty ? Array(halfWidths.indices) : open)
    var reason: Reason?
    if look == schedule.count - 1 {
      reason = .budget
    } else if open.isEmpty {
      reason = halfWidths.allSatisfy { $0 <= tolerance ?? -1 } ? .narrow : .decided
    } else if share < Self.leastSamplingShare {
      reason = .stimuli
    }
    return Verdict(
      reason: reason, wanted: reason == nil ? wanted(series, open) : [], widest: halfWidths.max() ?? 0,
      samplingShare: share)
  }

  /// Whether the interval lies on one side of the bound above which a region is critical.
  private func isDecided(_ region: Int, _ statistics: LayerStatistics) -> Bool {
    !statistics.tests[region].interval.contains(max(0, LayerStatistics.criticalBound(statistics.zeta)))
  }

  /// The share of the series' own sampling variance in that of their mean.
  private func samplingShare(_ series: [Estimate], _ statistics: LayerStatistics, over regions: [Int]) -> Double {
    let count = Double(series.count)
    var (sampling, all) = (0.0, 0.0)
    for region in regions {
      let error = statistics.tests[region].standardError
      all += error * error
      sampling += series.reduce(0) { $0 + $1.standardError[region] * $1.standardError[region] } / (count * count)
    }
    return all == 0 ? 0 : min(1, sampling / all)
  }

  private func wanted(_ series: [Estimate], _ open: [Int]) -> [Int] {
    if allocation == .even { return Array(series.indices) }
    let variances = series.map { series in open.reduce(0) { $0 + series.standardError[$1] * series.standardError[$1] } }
    let least = Self.leastVariance * SampleMoments(variances).mean
    return series.indices.filter { variances[$0] >= least }
  }
}
