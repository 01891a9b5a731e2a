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

  static func files(_ result: ScanResult) -> [(path: String, content: FileContent)] {
    var files: [(path: String, content: FileContent)] = []
    var layers: [String: JSONValue] = [:]
    for layer in result.layers {
      let name = "layer_\(layer.plan.number)"
      let regions = layer.grid.regionCount
      let stimuli = layer.series.indices
      files.append(
        (
          "stimuli/\(name).npy",
          .bytes(
            NumericArray(
              shape: [stimuli.count, regions, quantities.count],
              floats: stimuli.flatMap { stimulus in
                layer.map(of: stimulus, result.request.analysis).map(numbers)
                  ?? [Float](repeating: .nan, count: quantities.count * regions)
              }
            ).npyBytes())
        ))
      layers[name] = [
        "file": .string("\(name).npy"),
        "axes": .array(["stimulus", "region", "quantity"].map(JSONValue.string)),
        "quantities": .array(quantities.map(JSONValue.string)),
        "regions": .array((0..<regions).map { .string(layer.grid.name(of: $0)) }),
        "reliability": .array(layer.answers.reliability.map { JSONValue($0) }),
        "critical": .array(layer.answers.critical.map { JSONValue($0) }),
      ]
    }
    files.append(("stimuli/stimuli.json", .json(.object(layers))))
    return files
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
