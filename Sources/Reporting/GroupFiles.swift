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
    let units = IndependentUnits(result.plan, result.request)
    var files: ScanFiles.Made = []
    for layer in result.layers {
      let regions = 0..<layer.grid.regionCount
      let floats = groups.flatMap { group in
        let measured = Measured(group, layer, units)
        return regions.flatMap { numbers($0, layer, group, measured) }
      }
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

  /// The series of a group that weren't skipped, ascending.
  private struct Measured {
    let stimuli: [Int]
    let clusters: Clusters?
    let hasErrors: Bool

    init(_ group: StimulusGroups.Group, _ layer: ScanResult.Layer, _ units: IndependentUnits) {
      stimuli = group.stimuli.filter { layer.series[$0] != nil }.sorted()
      let members = Set(stimuli)
      let isCounted = layer.series.indices.map(members.contains)
      clusters = units.clusters(isCounted)
      hasErrors = stimuli.count > 1 && units.reasonForNone(isCounted) == nil
    }
  }

  private static func numbers(
    _ region: Int, _ layer: ScanResult.Layer, _ group: StimulusGroups.Group, _ measured: Measured
  ) -> [Float] {
    let zeta = measured.stimuli.map { layer.series[$0]!.zeta[region] }
    let error = measured.hasErrors ? ClusteredMean(zeta, clusters: measured.clusters).squaredError.squareRoot() : .nan
    let density = group.stimuli.reduce(0) { $0 + layer.densities[$1][region] } / Double(group.stimuli.count)
    return [
      Float(zeta.isEmpty ? .nan : SampleMoments(zeta).mean), Float(error), Float(density),
    ]
  }
}
