import ScanPlan
import ScanResults
import Shapley

/// What a reader should know of a layer's gradients.
enum GradientReport {
  /// One line for the terminal; `nil` where gradients weren't asked.
  static func line(_ layer: ScanResult.Layer) -> String? {
    guard let finding = layer.plan.gradients else { return nil }
    guard let summary = layer.gradients else { return finding.reason }
    let passes = "\(summary.passes) gradient passes a stimulus.\(bias(summary))"
    return finding.isDoubtful == true ? "\(finding.reason) \(passes)" : passes
  }

  /// The same with what the probes said, for the report.
  static func sentence(_ layer: ScanResult.Layer) -> String? {
    guard let finding = layer.plan.gradients else { return nil }
    guard let summary = layer.gradients else { return finding.reason }
    return finding.reason + bias(summary)
  }

  private static func bias(_ summary: GradientSummary) -> String {
    guard let bias = summary.bias, let shrinkage = summary.shrinkage, let left = summary.remainingBias, bias > 0 else {
      return ""
    }
    return """
       A bias of \(Number.significant(bias)) that stimuli share was found; \(Number.fixed(100 * shrinkage, 0)) % of it is taken \
      off, and \(Number.significant(left)) counted in the intervals.
      """
  }
}

extension ScanResult {
  /// How many passes of which kind were made: "20480 gradient passes", "100 evaluations".
  var passes: String {
    [(gradientPasses, "gradient pass", "gradient passes"), (evaluations, "evaluation", "evaluations")]
      .filter { $0.0 > 0 }.map { "\($0.0) \($0.0 == 1 ? $0.1 : $0.2)" }.joined(separator: " and ")
  }
}
