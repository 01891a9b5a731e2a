import Anatomy
import Lesion
import Scan
import Shapley

/// `impact.json`: which regions the answer depends on.
enum ImpactFile {
  static func content(_ result: ScanResult) -> JSONValue {
    .object(
      Dictionary(
        uniqueKeysWithValues: result.layers.map { ("layer_\($0.plan.number)", content($0, result.request)) }))
  }

  private static func content(_ layer: ScanResult.Layer, _ request: ScanRequest) -> JSONValue {
    let effects = layer.effects
    var grids: [String: JSONValue] = [:]
    for region in 0..<layer.grid.regionCount {
      let interval = effects.interval[region]
      let ranks = effects.rankInterval[region]
      grids[layer.grid.name(of: region)] = [
        "zeta": .double(effects.zeta[region]),
        "standard_error": .double(effects.standardError[region]),
        "zeta_confidence_interval": JSONValue(interval),
        "zeta_score": JSONValue(effects.score(effects.zeta[region])),
        "confidence_interval": JSONValue(scoreInterval(interval, effects)),
        "p_value": .double(effects.pValue[region]),
        "q_value": .double(effects.qValue[region]),
        "family_wise_p_value": JSONValue(effects.familyWisePValue?[region]),
        "significance": .bool(effects.isSignificant[region]),
        "rank": .int(effects.rank[region]),
        "rank_interval": [.int(ranks.lowerBound), .int(ranks.upperBound)],
        "critical": .bool(effects.isCritical[region]),
      ]
    }
    return [
      "tensor": .string(layer.plan.tensor),
      "grid": JSONValue(layer.plan.grid),
      "index": .string(request.index.rawValue),
      "lesion": .string(request.lesion.rawValue),
      "value": .string(request.value.name),
      "estimator": .string(layer.plan.estimator),
      "estimator_reason": .string(layer.plan.estimatorReason),
      "evaluations_per_series": .int(layer.plan.rows),
      "series": .int(effects.seriesCount),
      "error_level": .string(effects.level.rawValue),
      "degrees_of_freedom": .double(effects.degreesOfFreedom),
      "effect": .double(effects.effect),
      "effect_standard_error": .double(effects.effectStandardError),
      "zeta_score_reason": JSONValue(effects.scoreReason),
      "grids": .object(grids),
    ]
  }

  /// The interval of ζ in percent of the whole effect; its ends change places where the effect is negative.
  static func scoreInterval(_ interval: ClosedRange<Double>, _ effects: RegionEffects) -> ClosedRange<Double>? {
    guard let a = effects.score(interval.lowerBound), let b = effects.score(interval.upperBound) else { return nil }
    return min(a, b)...max(a, b)
  }
}
