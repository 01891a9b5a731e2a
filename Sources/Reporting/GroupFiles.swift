import Arrays
import Grids
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// `groups/`: mean maps by predicted class, by label, and of right and wrong answers.
///
/// `layer_L.npy` holds float32 [groups x regions x 3]: mean ζ over the group's stimuli, its standard error across them (NaN for one),
/// and mean φ. `groups.json` tells which group is which.
enum GroupFiles {
  private static let quantities = ["zeta", "standard_error", "density"]

  /// None where stimuli fall into no groups.
  static func files(_ result: ScanResult) -> ScanFiles.Made {
    let groups = StimulusGroups(result).groups
    guard !groups.isEmpty else { return [] }
    var files: ScanFiles.Made = []
    for layer in result.layers {
      let regions = 0..<layer.grid.regionCount
      let floats = groups.flatMap { group in regions.flatMap { numbers($0, layer, group) } }
      let array = NumericArray(shape: [groups.count, regions.count, quantities.count], floats: floats)
      files.append(("groups/layer_\(layer.plan.number).npy", .bytes(array.npyBytes())))
    }
    let content: JSONValue = [
      "axes": .array(["group", "region", "quantity"].map(JSONValue.string)),
      "quantities": .array(quantities.map(JSONValue.string)),
      "groups": .array(
        groups.map {
          ["division": .string($0.division.rawValue), "name": .string($0.name), "stimuli": JSONValue($0.stimuli)]
        }),
      "layers": .object(
        Dictionary(
          uniqueKeysWithValues: result.layers.map { layer in
            (
              "layer_\(layer.plan.number)",
              [
                "file": .string("layer_\(layer.plan.number).npy"), "tensor": .string(layer.plan.tensor),
                "regions": .array((0..<layer.grid.regionCount).map { .string(layer.grid.name(of: $0)) }),
              ]
            )
          })),
    ]
    files.append(("groups/groups.json", .json(content)))
    return files
  }

  private static func numbers(
    _ region: Int, _ layer: ScanResult.Layer, _ group: StimulusGroups.Group
  ) -> [Float] {
    let zeta = StimulusGroups.moments(region, of: layer, over: group.stimuli)
    let density = group.stimuli.reduce(0) { $0 + layer.densities[$1][region] } / Double(group.stimuli.count)
    return [
      Float(zeta?.mean ?? .nan), Float(zeta.map { $0.count > 1 ? $0.standardError : .nan } ?? .nan), Float(density),
    ]
  }
}
