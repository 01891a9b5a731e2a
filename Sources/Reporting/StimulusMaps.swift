import Arrays
import Grids
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// `stimuli/`: the map of every single stimulus, which the mean over unlike stimuli hides.
///
/// `layer_L.npy` holds float32 [stimuli x regions x 4]: ζ, its first-level error, p and q within the map; NaN for a series that
/// was skipped. `stimuli.json` tells how far each map can be trusted and which regions are critical in it.
enum StimulusMaps {
  static func files(_ result: ScanResult) -> [(path: String, content: FileContent)] {
    var files: [(path: String, content: FileContent)] = []
    var layers: [String: JSONValue] = [:]
    for layer in result.layers {
      let name = "layer_\(layer.plan.number)"
      let maps = layer.series.map { $0.map { StimulusMap($0, result.request.analysis.confidence) } }
      let regions = layer.grid.regionCount
      files.append(
        (
          "stimuli/\(name).npy",
          .bytes(
            NumericArray(
              shape: [maps.count, regions, 4],
              floats: maps.flatMap { $0?.numbers ?? [Float](repeating: .nan, count: 4 * regions) }
            ).npyBytes())
        ))
      let rate = result.request.analysis.falseDiscoveryRate
      layers[name] = [
        "file": .string("\(name).npy"),
        "axes": .array(["stimulus", "region", "quantity"].map(JSONValue.string)),
        "quantities": .array(["zeta", "standard_error", "p_value", "q_value"].map(JSONValue.string)),
        "regions": .array((0..<regions).map { .string(layer.grid.name(of: $0)) }),
        "reliability": .array(maps.map { JSONValue($0?.reliability) }),
        "critical": .array(maps.map { JSONValue($0?.critical(falseDiscoveryRate: rate) ?? []) }),
      ]
    }
    files.append(("stimuli/stimuli.json", .json(.object(layers))))
    return files
  }
}

/// One stimulus's ζ with its tests, at the first level.
struct StimulusMap {
  private let tests: [RegionTest]
  private let q: [Double]

  init(_ estimate: Estimate, _ confidence: Double) {
    tests = estimate.zeta.indices.map {
      RegionTest(
        mean: estimate.zeta[$0], standardError: estimate.standardError[$0], degreesOfFreedom: estimate.degreesOfFreedom,
        confidence: confidence)
    }
    q = FalseDiscoveryRate.qValues(tests.map(\.p))
  }

  /// Region by region: ζ, its error, p, q.
  var numbers: [Float] {
    zip(tests, q).flatMap { [Float($0.mean), Float($0.standardError), Float($0.p), Float($1)] }
  }

  /// The share of the variance between regions that is not sampling, 0 to 1; `nil` where ζ doesn't vary.
  var reliability: Double? {
    let moments = SampleMoments(tests.map(\.mean))
    guard tests.count > 1, moments.variance > 0 else { return nil }
    let sampling = tests.reduce(0) { $0 + $1.standardError * $1.standardError } / Double(tests.count)
    return max(0, 1 - sampling / moments.variance)
  }

  /// Regions that are significant in this map, with a positive ζ at least one standard deviation above its mean.
  func critical(falseDiscoveryRate: Double) -> [Int] {
    let flags = LayerStatistics.critical(zeta: tests.map(\.mean), isSignificant: q.map { $0 < falseDiscoveryRate })
    return flags.indices.filter { flags[$0] }
  }
}
