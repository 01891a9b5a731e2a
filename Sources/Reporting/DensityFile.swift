import Anatomy
import Grids
import ScanPlan
import ScanResults

/// `density.json`: where activity is.
enum DensityFile {
  static func content(_ result: ScanResult) -> FileContent {
    .members(Dictionary(uniqueKeysWithValues: result.layers.map { layer in ("layer_\(layer.plan.number)", { content(layer) }) }))
  }

  private static func content(_ layer: ScanResult.Layer) -> JSONValue {
    let moments = layer.moments
    var grids: [String: JSONValue] = [:]
    for region in 0..<layer.grid.regionCount {
      grids[layer.grid.name(of: region)] = [
        "density": .double(moments.density(region)),
        "mean_abs": .double(moments.meanMagnitude(region)),
        "variance": .double(moments.variance(region)),
        "activation_count": .int(layer.grid.unitCounts[region]),
        "information_content": JSONValue(layer.information?.bits[region] ?? nil),
        "information_p_value": JSONValue(layer.information?.pValues[region] ?? nil),
      ]
    }
    return [
      "tensor": .string(layer.plan.tensor),
      "shape": JSONValue(Array(layer.plan.shape.dropFirst())),
      "grid": JSONValue(layer.plan.grid),
      "mean_abs": .double(moments.layerMeanMagnitude),
      "coverage": .double(moments.coverage),
      "information_reason": JSONValue(layer.informationReason),
      "grids": .object(grids),
    ]
  }
}
