import Lesion
import ScanPlan
import ScanResults
import Shapley

/// `acquisition/design.json`: what, with the program, tells the coalition of every value in `layer_*.npy`.
enum DesignFile {
  static func content(_ result: ScanResult) -> JSONValue {
    .object([
      "seed": .string("\(result.request.measurement.seed)"),
      "index": .string(result.request.measurement.index.rawValue),
      "lesion": .string(result.request.measurement.lesion.rawValue),
      "value": .string(result.request.measurement.value.name),
      "targets": JSONValue(result.targets),
      "kept_classes": result.plan.keptClasses.map { .array($0.map { JSONValue($0) }) } ?? .null,
      "donors": .int(result.plan.donorCount),
      "layers": .array(
        result.layers.map { layer in
          [
            "layer": .string("layer_\(layer.plan.number)"),
            "tensor": .string(layer.plan.tensor),
            "grid": JSONValue(layer.plan.grid),
            "regions": .int(layer.plan.regionCount),
            "design": .string(layer.plan.design.rawValue),
            "budget": .int(layer.plan.budget),
            "design_rows": .int(layer.plan.designRows),
            "rows": .int(layer.plan.rows),
            "file": .string("layer_\(layer.plan.number).npy"),
          ]
        }),
    ])
  }
}
