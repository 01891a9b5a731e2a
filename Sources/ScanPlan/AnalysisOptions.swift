package import Shapley

/// The options that decide what is made of measured values.
package struct AnalysisOptions: Sendable, Codable, Hashable {
  /// `nil` is `auto`. A new scan draws the coalitions that it needs.
  package var estimator: EstimatorName?
  /// `nil` is what coalitions were drawn for.
  package var index: ValueIndex?
  /// Of intervals.
  package var confidence = 0.95
  /// The false discovery rate that significance is judged at.
  package var falseDiscoveryRate = 0.05
  /// Sign flips for family-wise p-values; 0 computes none.
  package var signFlips = 0
  /// Which stimuli are repeated measures; `nil` where each is independent, or they are a stream.
  package var clusters: StimulusClusters?

  package init() {}
}

extension AnalysisOptions: OptionEntries {
  package var entries: [(name: String, text: String)] {
    [
      ("estimator", estimator?.rawValue ?? "auto"), ("index", index?.rawValue ?? "measured"),
      ("confidence", "\(confidence)"), ("fdr", "\(falseDiscoveryRate)"), ("flips", "\(signFlips)"),
    ] + (clusters.map { [("clusters", "\($0)")] } ?? [])
  }
}
