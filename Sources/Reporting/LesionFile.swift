import ScanPlan
import ScanResults

/// `lesions.json`: what the network answered with regions lesioned that the scan ranked.
///
/// A report by another estimator keeps what was measured by the scan's ranking, so this isn't part of `impact.json`.
enum LesionFile {
  /// `nil` where nothing was measured.
  static func content(_ result: ScanResult) -> JSONValue? {
    guard result.trials != nil || result.pruning != nil else { return nil }
    return .object(
      Dictionary(
        uniqueKeysWithValues: result.layers.map { layer in
          let number = layer.plan.number
          return (
            "layer_\(number)",
            [
              "tensor": .string(layer.plan.tensor),
              "lesion_trials": TrialReport(number, result)?.content ?? .null,
              "pruning_trial": PruningReport(number, result)?.content ?? .null,
            ]
          )
        }))
  }
}
