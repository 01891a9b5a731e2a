import Anatomy
import Grids
import Lesion
import ScanPlan
import ScanResults
import ScanStore
import Shapley
import Statistics

/// `maps/`: volumes of every layer for neuroimaging tools, as a data set of BIDS derivatives.
///
/// The network is the subject and the lesion experiment its task. Names of statistical maps (`stat-t_statmap`) are those that
/// nilearn and FitLins write; BIDS 1.11 has none yet, so `.bidsignore` lists them.
struct MapFiles {
  /// The largest |z| that a double-precision p-value can tell, 2·Φ(−38.4) being its smallest.
  private static let largestZ = 38.4
  private static let folder = "sub-network/func"

  private let result: ScanResult

  init(_ result: ScanResult) {
    self.result = result
  }

  /// What makes the files of all layers together and of each, by path below the scan's folder.
  var makers: [() -> ScanFiles.Made] {
    [{ inFolder(root) }] + result.layers.map { layer in { inFolder(files(layer)) } }
  }

  private func inFolder(_ files: ScanFiles.Made) -> ScanFiles.Made { files.map { ("maps/" + $0.path, $0.content) } }

  private var root: ScanFiles.Made {
    [
      ("dataset_description.json", .json(dataset)),
      ("README", .text(Self.readMe)),
      (".bidsignore", .text("*_statmap.*\n*_stats.tsv\n")),
      ("participants.tsv", .text("participant_id\tspecies\nsub-network\tn/a\n")),
    ]
  }

  private var dataset: JSONValue {
    [
      "Name": "Lesion scan of a neural network",
      "BIDSVersion": "1.11.1",
      "DatasetType": "derivative",
      "License": "n/a",
      "GeneratedBy": [
        [
          "Name": "nnfmri-mpi", "Version": .string(result.run.versions.program.number),
          "Description": "Shapley values of regions of hidden layers under lesions",
        ]
      ],
    ]
  }

  private static let readMe = """
    Maps of a lesion scan, one volume a layer and quantity, by nnfmri-mpi.

    Voxel (i, j, k) is region grid_i_j_k: cell i of the layer's height, j of its width, k of its channels. Every layer is
    drawn as a slab of 64 x 64 x 16 mm; that of layer L begins at z = 24 L mm. So layers stack, and their first row is on top.

    """

  private func files(_ layer: ScanResult.Layer) -> ScanFiles.Made {
    // NIfTI-1 has 16 bits for the length of an axis.
    guard layer.plan.grid.allSatisfy({ $0 <= Int16.max }) else { return [] }
    // Neither channels nor sets of units have places, so a volume of them makes no sense.
    guard !layer.grid.isByChannel else { return [(Self.name(layer) + "_desc-channels_stats.tsv", table(layer, "channel"))] }
    guard layer.grid.isGrid else { return [(Self.name(layer) + "_desc-regions_stats.tsv", table(layer, "region"))] }
    let tests = layer.statistics.tests
    let unit = result.request.measurement.value.name
    let degreesOfFreedom = tests[0].degreesOfFreedom
    let hasT = degreesOfFreedom.isFinite
    let maps: [(stat: String, values: [Double], intent: NiftiImage.Intent, meaning: String, unit: String)] = [
      ("effect", tests.map(\.mean), .estimate, "Shapley value of the region", unit),
      (
        "variance", tests.map { $0.standardError * $0.standardError }, .variance, "Squared standard error of the effect",
        unit + "^2"
      ),
      (
        "t", tests.map { $0.t.isFinite ? $0.t : .nan }, hasT ? .t(degreesOfFreedom: degreesOfFreedom) : .z,
        "Effect over its standard error; NaN where there is no error", "1"
      ),
      ("z", tests.map(Self.z), .z, "Normal deviate with the p-value and the sign of the effect, at most 38.4", "1"),
      ("p", tests.map(\.p), .p, "Two-sided p-value of the effect", "1"),
    ]
    let name = Self.name(layer)
    var files: ScanFiles.Made = []
    for map in maps {
      var sidecar = sidecar(layer, map.meaning)
      sidecar["Units"] = .string(map.unit)
      sidecar["DegreesOfFreedom"] = .double(degreesOfFreedom)
      files += volume("\(name)_stat-\(map.stat)_statmap", map.values, layer, map.intent, "\(map.stat)", sidecar)
    }
    files += stimuli(layer)
    let regions = layer.grid.regionCount
    files += volume(
      "\(name)_desc-regions_dseg", (1...regions).map(Double.init), layer, .labels, "regions, numbered from 1",
      sidecar(layer, "Number of the region plus 1; names are in the table of the same name"))
    let names = (0..<regions).map { "\($0 + 1)\t\(layer.grid.name(of: $0))\n" }.joined()
    files.append(("\(name)_desc-regions_dseg.tsv", .text("index\tname\n" + names)))
    var mask = sidecar(layer, "1 where the region is critical: significant, positive and one standard deviation above the mean")
    mask["Type"] = "ROI"
    files += volume(
      "\(name)_desc-critical_mask", layer.statistics.isCritical.map { $0 ? 1 : 0 }, layer, .labels, "critical regions", mask)
    return files
  }

  private static func name(_ layer: ScanResult.Layer) -> String {
    "\(folder)/sub-network_task-lesion_space-layer\(layer.plan.number)"
  }

  /// The map of every stimulus, one volume each, with its error; NaN for a series that was skipped.
  private func stimuli(_ layer: ScanResult.Layer) -> ScanFiles.Made {
    guard layer.series.count > 1, layer.series.count <= Int(Int16.max) else { return [] }
    let unit = result.request.measurement.value.name
    let none = [Double](repeating: .nan, count: layer.grid.regionCount)
    return [
      ("effect", layer.series.flatMap { $0?.zeta ?? none }, NiftiImage.Intent.estimate, "Shapley value of the region", unit),
      (
        "variance", layer.series.flatMap { $0?.standardError.map { $0 * $0 } ?? none }, .variance,
        "Squared first-level error of the effect", unit + "^2"
      ),
    ].flatMap { stat, values, intent, meaning, unit in
      var sidecar = sidecar(layer, meaning + ", one volume a stimulus, in the order of scan.json")
      sidecar["Units"] = .string(unit)
      return volume(
        "\(Self.name(layer))_desc-stimuli_stat-\(stat)_statmap", values, layer, intent, "\(stat) by stimulus", sidecar)
    }
  }

  /// What volumes would hold, as a table of channels or regions.
  private func table(_ layer: ScanResult.Layer, _ kind: String) -> FileContent {
    let rows = layer.statistics.tests.enumerated().map { region, test in
      TextFormats.tableLine([
        layer.grid.isByChannel ? "\(region)" : layer.grid.name(of: region), "\(test.mean)",
        "\(test.standardError * test.standardError)", "\(test.t)", "\(Self.z(test))", "\(test.p)",
        layer.statistics.isCritical[region] ? "1" : "0",
      ])
    }
    return .text(TextFormats.tableLine([kind, "effect", "variance", "t", "z", "p", "critical"]) + rows.joined())
  }

  private func sidecar(_ layer: ScanResult.Layer, _ description: String) -> [String: JSONValue] {
    [
      "Description": .string(description),
      "Layer": .string("layer_\(layer.plan.number)"),
      "Tensor": .string(layer.plan.tensor),
      "Index": .string(result.request.measurement.index.rawValue),
      "Lesion": .string(result.request.measurement.lesion.rawValue),
      "Estimator": .string(layer.estimator.name.rawValue),
      "TaskName": "lesion",
      "SpatialReference": "A slab of 64 x 64 x 16 mm a layer, that of layer L from z = 24 L mm; see README",
    ]
  }

  private func volume(
    _ name: String, _ values: [Double], _ layer: ScanResult.Layer, _ intent: NiftiImage.Intent, _ description: String,
    _ sidecar: [String: JSONValue]
  ) -> ScanFiles.Made {
    let image = NiftiImage(
      values, layer: layer.plan.number, grid: layer.grid.size, intent: intent,
      description: "nnfmri layer_\(layer.plan.number) \(description)")
    return [(name + ".nii.gz", .bytes(image.compressed)), (name + ".json", .json(.object(sidecar)))]
  }

  /// The standard normal deviate with a test's p-value and sign.
  private static func z(_ test: RegionTest) -> Double {
    let size = test.p > 0 ? -StudentT.quantile(test.p / 2, degreesOfFreedom: .infinity) : largestZ
    return test.t < 0 ? -min(size, largestZ) : min(size, largestZ)
  }
}
