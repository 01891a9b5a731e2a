import ScanPlan
import ScanResults
import Shapley

/// How the measurement of a layer went that could end before its budget was spent.
enum RoundsReport {
  /// `null` where all was measured from the start.
  static func content(_ rounds: LayerRounds?, _ request: ScanRequest) -> JSONValue {
    guard let rounds else { return .null }
    return [
      "ended_by": .string(rounds.reason.rawValue),
      "sentence": .string(sentence(rounds, request)),
      "analyses": .int(rounds.analyses),
      "planned_analyses": .int(rounds.plannedAnalyses),
      "error_share": .double(rounds.errorShare),
      "widest_half_width": JSONValue(rounds.widest),
      "sampling_share": .double(rounds.samplingShare),
      "doubtful_regions": JSONValue(rounds.doubt),
      "design_rows": JSONValue(rounds.designRows),
    ]
  }

  static func sentence(_ rounds: LayerRounds, _ request: ScanRequest) -> String {
    let rows = rounds.designRows.reduce(0, +)
    let width = rounds.widest.map { "the widest interval is ±\(Number.significant($0)) % of the effect" }
    let tolerance = request.measurement.tolerance.map { "within ±\(Number.significant($0)) %" }
    let reason =
      switch rounds.reason {
      case .narrow: "every interval is \(tolerance ?? "a point")"
      case .decided:
        "more coalitions would hardly change which "
          + (tolerance.map { "of the regions whose interval isn't \($0) are critical" } ?? "regions are critical")
      case .stimuli:
        "more coalitions would hardly narrow its intervals, \(request.measurement.stream == nil ? "more stimuli" : "a longer stream") would"
      case .budget: "its budget was spent"
      }
    return """
      Ended at analysis \(rounds.analyses) of \(rounds.plannedAnalyses), after \(rows) evaluations: \
      \(([reason] + (width.map { [$0] } ?? [])).joined(separator: "; ")).
      """
  }
}
