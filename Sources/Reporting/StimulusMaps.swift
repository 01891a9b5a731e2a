import Arrays
import Grids
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// `stimuli/`: the map of every single stimulus, which the mean over unlike stimuli hides.
///
/// `layer_L.npy` holds float32 [stimuli x regions x 6]: ζ, its first-level error, p and q within the map, and the ranks that its
/// interval allows; NaN for a series that was skipped. `stimuli.json` tells how far each map can be trusted and which regions are critical in it.
enum StimulusMaps {
  private static let quantities = ["zeta", "standard_error", "p_value", "q_value", "rank_low", "rank_high"]

  /// What makes each of the files.
  static func makers(_ result: ScanResult) -> [() -> ScanFiles.Made] {
    result.layers.map { layer in { [("stimuli/\(name(layer)).npy", .bytes(array(layer, result).npyBytes()))] } }
      + [
        {
          [
            (
              "stimuli/stimuli.json",
              .members(Dictionary(uniqueKeysWithValues: result.layers.map { layer in (name(layer), { content(layer) }) }))
            )
          ]
        }
      ]
  }

  private static func name(_ layer: ScanResult.Layer) -> String { "layer_\(layer.plan.number)" }

  private static func array(_ layer: ScanResult.Layer, _ result: ScanResult) -> NumericArray {
    let regions = layer.grid.regionCount
    let stimuli = layer.series.indices
    return NumericArray(
      shape: [stimuli.count, regions, quantities.count],
      floats: stimuli.flatMap { stimulus in
        layer.map(of: stimulus, result.request.analysis).map(numbers)
          ?? [Float](repeating: .nan, count: quantities.count * regions)
      })
  }

  private static func content(_ layer: ScanResult.Layer) -> JSONValue {
    [
      "file": .string("\(name(layer)).npy"),
      "axes": .array(["stimulus", "region", "quantity"].map(JSONValue.string)),
      "quantities": .array(quantities.map(JSONValue.string)),
      "regions": .array((0..<layer.grid.regionCount).map { .string(layer.grid.name(of: $0)) }),
      "reliability": .array(layer.answers.reliability.map { JSONValue($0) }),
      "critical": .array(layer.answers.critical.map { JSONValue($0) }),
    ]
  }

  /// Region by region, in the order of `quantities`.
  private static func numbers(_ map: StimulusMap) -> [Float] {
    let ranks = map.rankIntervals
    return map.tests.indices.flatMap { region in
      let test = map.tests[region]
      return [
        Float(test.mean), Float(test.standardError), Float(test.p), Float(map.q[region]), Float(ranks[region].lowerBound),
        Float(ranks[region].upperBound),
      ]
    }
  }
}
