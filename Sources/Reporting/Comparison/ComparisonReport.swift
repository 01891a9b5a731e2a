import Arrays
import Files
import Lesion
import ScanPlan
package import ScanResults
import Shapley

/// A comparison of methods, as files.
package struct ComparisonReport: Sendable {
  private let result: ComparisonResult
  private let ranks: Int

  package init(_ result: ComparisonResult, ranks: Int) {
    self.result = result
    self.ranks = ranks
  }

  /// Writes `comparison.json`, `comparison.tsv` and `comparison_maps/`, which depend on the scan and the options alone, and
  /// `comparison_times.json`.
  ///
  /// - Throws: `Failure` (`cannotWrite`) with the file's name.
  package func write(to folder: String) throws {
    try makeFolder(folder)
    try FileContent.json(content).write(to: folder + "/comparison.json")
    try FileContent.text(table).write(to: folder + "/comparison.tsv")
    try FileContent.json(times).write(to: folder + "/comparison_times.json")
    try makeFolder(folder + "/comparison_maps")
    for layer in result.layers {
      try result.maps(layer).writeNPY(to: "\(folder)/comparison_maps/layer_\(layer.plan.number).npy")
    }
  }

  /// What a person reads in the terminal.
  package var text: String { ComparisonTable(result).text }

  // MARK: comparison.json

  private var content: JSONValue {
    [
      "model_sha256": .string(result.plan.modelDigest), "stimuli_sha256": .string(result.plan.dataDigest),
      "stimuli": JSONValue(result.settings.stimuli), "value": .string(result.measurement.value.name),
      "target": .string(result.measurement.target.name), "lesion": .string(result.measurement.lesion.rawValue),
      "index": .string(result.measurement.index.rawValue), "confidence": .double(result.confidence),
      "reference_samples": .int(result.settings.referenceSamples),
      "top_shares": .array(ComparisonSettings.shares.map(JSONValue.double)),
      "integration_steps": .int(ComparisonSettings.integrationSteps),
      "methods": .array(ComparisonMethod.all.map { .string($0.name) }),
      "all_layers": ["methods": methods { method in overall(method) }],
      "layers": .object(
        Dictionary(uniqueKeysWithValues: result.layers.map { ("layer_\($0.plan.number)", content($0)) })),
      "not_compared": .array(
        result.refusals.map { ["tensor": .string($0.tensor), "reason": .string($0.reason)] }),
    ]
  }

  private func content(_ layer: ComparisonResult.Layer) -> JSONValue {
    let regions = layer.plan.regionCount
    let refusal = layer.series.map(\.shufflingRefusal).first { !$0.isEmpty }
    return [
      "tensor": .string(layer.plan.tensor), "regions": .int(regions), "grid": JSONValue(layer.plan.grid),
      "effect": Self.content(result.effect(layer)),
      "reference_reliability": .double(result.referenceReliability(layer)),
      "randomised_reason": JSONValue(refusal),
      "lesioned": JSONValue(ComparisonSettings.counts(regions: regions)),
      "top_counts": JSONValue(ComparisonSettings.topCounts(regions: regions)),
      "methods": methods { method in self.method(method, in: layer) },
    ]
  }

  private func methods(_ content: (ComparisonMethod) -> JSONValue) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: ComparisonMethod.all.map { ($0.name, content($0)) }))
  }

  private func overall(_ method: ComparisonMethod) -> JSONValue {
    guard let cost = result.cost(method) else { return ["reason": "no layer has such a map"] }
    var fields: [String: JSONValue] = [
      "passes": .double(cost.passes), "gradient_passes": .double(cost.gradientPasses), "reason": .null,
    ]
    for measure in ComparisonMeasure.allCases {
      fields[measure.rawValue] = Self.content(
        result.mean(measure, method), difference: result.difference(measure, method))
    }
    return .object(fields)
  }

  private func method(_ method: ComparisonMethod, in layer: ComparisonResult.Layer) -> JSONValue {
    guard let cost = result.cost(method, in: [layer]) else {
      return ["reason": JSONValue(result.refusal(method, in: layer))]
    }
    var fields: [String: JSONValue] = [
      "passes": .double(cost.passes), "gradient_passes": .double(cost.gradientPasses), "reason": .null,
    ]
    for measure in ComparisonMeasure.allCases {
      fields[measure.rawValue] = Self.content(
        result.mean(measure, method, in: layer), difference: result.difference(measure, method, in: layer))
    }
    fields["flips_by_share"] = .array(
      ComparisonSettings.shares.indices.map { Self.content(result.flips(method, in: layer, share: $0)) })
    for (name, curve) in Self.curves {
      fields[name] = result.curve(curve, method, in: layer).map { .array($0.map(JSONValue.double)) } ?? .null
    }
    return .object(fields)
  }

  private static var curves: [(name: String, curve: KeyPath<MapTrial, [Double]>)] {
    [
      ("deletion_curve", \.deletion), ("insertion_curve", \.insertion),
      ("deletion_probability_curve", \.deletionProbability), ("insertion_probability_curve", \.insertionProbability),
    ]
  }

  private static func content(_ mean: StimulusMean?, difference: StimulusMean? = nil) -> JSONValue {
    guard let mean else { return .null }
    var fields: [String: JSONValue] = [
      "mean": .double(mean.mean), "confidence_interval": JSONValue(mean.interval), "stimuli": .int(mean.count),
    ]
    if let difference {
      fields["less_reference"] = ["mean": .double(difference.mean), "confidence_interval": JSONValue(difference.interval)]
    }
    return .object(fields)
  }

  // MARK: comparison.tsv

  private var table: String {
    let measures = ComparisonMeasure.allCases.flatMap { [$0.rawValue, $0.rawValue + "_low", $0.rawValue + "_high"] }
    var lines = [["layer", "tensor", "regions", "method", "passes", "gradient_passes"] + measures]
    for method in ComparisonMethod.all {
      guard let cost = result.cost(method) else { continue }
      lines.append(
        ["all", "n/a", "n/a", method.name, "\(cost.passes)", "\(cost.gradientPasses)"]
          + ComparisonMeasure.allCases.flatMap { Self.fields(result.mean($0, method)) })
    }
    for layer in result.layers {
      let own = ["layer_\(layer.plan.number)", layer.plan.tensor, "\(layer.plan.regionCount)"]
      for method in ComparisonMethod.all {
        guard let cost = result.cost(method, in: [layer]) else { continue }
        lines.append(
          own + [method.name, "\(cost.passes)", "\(cost.gradientPasses)"]
            + ComparisonMeasure.allCases.flatMap { Self.fields(result.mean($0, method, in: layer)) })
      }
    }
    return lines.map(TextFormats.tableLine).joined()
  }

  private static func fields(_ mean: StimulusMean?) -> [String] {
    guard let mean else { return ["n/a", "n/a", "n/a"] }
    return ["\(mean.mean)", "\(mean.interval.lowerBound)", "\(mean.interval.upperBound)"]
  }

  // MARK: comparison_times.json

  /// Seconds of one rank for a map, with sessions made and the prefix run.
  private var times: JSONValue {
    func seconds(_ layers: [ComparisonResult.Layer]) -> JSONValue {
      methods { method in result.cost(method, in: layers).map { .double($0.seconds) } ?? .null }
    }
    return [
      "ranks": .int(ranks), "seconds_a_map": seconds(result.layers),
      "layers": .object(
        Dictionary(uniqueKeysWithValues: result.layers.map { ("layer_\($0.plan.number)", seconds([$0])) })),
    ]
  }
}
