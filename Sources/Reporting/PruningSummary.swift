import Anatomy
import Grids
import ScanResults

/// Regions that carry almost nothing, by layer.
struct PruningSummary {
  private let result: ScanResult
  private let layers: [PruningCandidates]

  init(_ result: ScanResult) {
    self.result = result
    layers = result.layers.indices.map { PruningCandidates($0, in: result) }
  }

  /// `nil` where there is none.
  var text: String? {
    let found = layers.enumerated().filter { !$1.regions.isEmpty }
    guard !found.isEmpty else { return nil }
    let parts = found.map { layer, candidates in
      """
      \(candidates.regions.count) in layer_\(layer) (\(percent(candidates.unitShare)) of its units, \
      \(percent(candidates.costShare)) of the forward cost)
      """
    }
    let asked = layers.allSatisfy(\.isWiringKnown) ? "activity, importance or wiring" : "activity, importance or known wiring"
    return "Regions with almost no \(asked), candidates for pruning: \(parts.joined(separator: ", "))."
  }

  var content: JSONValue {
    .array(
      layers.enumerated().map { layer, candidates in
        [
          "layer": .string("layer_\(layer)"),
          "regions": .array(candidates.regions.map { .string(result.layers[layer].grid.name(of: $0)) }),
          "unit_share": .double(candidates.unitShare),
          "cost_share": .double(candidates.costShare),
          "wiring_known": .bool(candidates.isWiringKnown),
        ]
      })
  }

  private func percent(_ share: Double) -> String { "\(Number.significant(100 * share)) %" }
}
