import Anatomy
import Grids
import Lesion
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// `impact.json`: which regions the answer depends on.
enum ImpactFile {
  static func content(_ result: ScanResult) -> FileContent {
    .members(
      Dictionary(
        uniqueKeysWithValues: result.layers.map { layer in
          ("layer_\(layer.plan.number)", { content(layer, result) })
        }))
  }

  private static func content(_ layer: ScanResult.Layer, _ result: ScanResult) -> JSONValue {
    let request = result.request
    let statistics = layer.statistics
    let score = LayerScore(layer)
    var grids: [String: JSONValue] = [:]
    for region in 0..<layer.grid.regionCount {
      let test = statistics.tests[region]
      let ranks = statistics.rankInterval[region]
      let content: [String: JSONValue] = [
        "zeta": .double(test.mean),
        "standard_error": .double(test.standardError),
        "zeta_confidence_interval": JSONValue(test.interval),
        "zeta_score": JSONValue(score.percent(test.mean)),
        "confidence_interval": JSONValue(score.percent(test.interval)),
        "p_value": .double(test.p),
        "q_value": .double(statistics.q[region]),
        "family_wise_p_value": JSONValue(layer.familyWiseP?[region]),
        "significance": .bool(statistics.isSignificant[region]),
        "rank": .int(statistics.rank[region]),
        "rank_interval": [.int(ranks.lowerBound), .int(ranks.upperBound)],
        "critical": .bool(statistics.isCritical[region]),
      ]
      grids[layer.grid.name(of: region)] = .object(content.merging(AnswerReport.content(region, layer)) { $1 })
    }
    return [
      "tensor": .string(layer.plan.tensor),
      "grid": JSONValue(layer.plan.grid),
      "index": .string(request.measurement.index.rawValue),
      "lesion": .string(request.measurement.lesion.rawValue),
      "value": .string(request.measurement.value.name),
      "estimator": .string(layer.estimator.name.rawValue),
      "estimator_reason": .string(layer.estimator.reason),
      "evaluations_per_series": .int(layer.plan.rows),
      "gradients": gradients(layer),
      "rounds": RoundsReport.content(layer.rounds, request),
      "series": .int(statistics.seriesCount),
      "error_level": .string(statistics.level.rawValue),
      "degrees_of_freedom": .double(statistics.tests[0].degreesOfFreedom),
      "effect": .double(score.effect),
      "zeta_score_reason": JSONValue(score.reason),
      "answers": AnswerReport.content(layer, result),
      "interactions": InteractionReport.content(layer),
      "interactions_reason": JSONValue(InteractionReport.reason(layer)),
      "grids": .object(grids),
    ]
  }

  /// `null` where gradients weren't asked.
  private static func gradients(_ layer: ScanResult.Layer) -> JSONValue {
    guard let finding = layer.plan.gradients else { return .null }
    let summary = layer.gradients
    return [
      "used": .bool(summary != nil),
      "reason": .string(finding.reason),
      "probes": .int(finding.probes),
      "trapezoid_share": JSONValue(finding.trapezoidShare),
      "simpson_share": JSONValue(finding.simpsonShare),
      "passes_per_series": summary.map { .int($0.passes) } ?? .null,
      "cost_per_pass": .double(ScanPlan.Layer.gradientCost),
      "midpoint_share": JSONValue(summary?.midpointShare),
      "trapezoid_over_effect": JSONValue(summary?.trapezoidShare),
      "bias": JSONValue(summary?.bias),
      "bias_shrinkage": JSONValue(summary?.shrinkage),
      "bias_remaining": JSONValue(summary?.remainingBias),
      "on_processor": finding.leavesProvider.map { .bool($0) } ?? .null,
    ]
  }
}
