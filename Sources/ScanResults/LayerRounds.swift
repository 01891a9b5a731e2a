package import Shapley

/// How the measurement of a layer went that was looked at on the way.
package struct LayerRounds: Codable, Sendable, Hashable {
  /// Analyses that the plan has.
  package var plannedAnalyses: Int
  /// Analyses that were made.
  package var analyses: Int
  /// Share of the error probability that each analysis may spend: intervals and p-values are corrected by it.
  package var errorShare: Double
  package var reason: StoppingRule.Reason
  /// Half the width of the widest interval, in percent of the layer's effect; `nil` if that is 0.
  package var widest: Double?
  /// Share of the sampling error in the variance of ζ.
  package var samplingShare: Double
  /// How many regions are expected to be called otherwise if all coalitions were measured; `nil` unless evaluations go to
  /// decisions.
  package var doubt: Double?
  /// Rows of the design that were measured, by stimulus.
  package var designRows: [Int]

  /// - Parameters:
  ///   - analysis: the number of the last one.
  ///   - designRows: by stimulus.
  package init(
    _ verdict: StoppingRule.Verdict, _ reason: StoppingRule.Reason, analysis: Int, of schedule: AnalysisSchedule,
    designRows: [Int]
  ) {
    plannedAnalyses = schedule.count
    analyses = analysis + 1
    errorShare = schedule.errorShare
    self.reason = reason
    widest = verdict.widest.isFinite ? verdict.widest : nil
    samplingShare = verdict.samplingShare
    doubt = verdict.doubt
    self.designRows = designRows
  }
}
