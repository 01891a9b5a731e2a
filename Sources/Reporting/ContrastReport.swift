import Anatomy
import Grids
import ScanPlan
package import ScanResults
import Shapley
import Statistics

/// A scan's contrasts, as files and for people.
package struct ContrastReport: Sendable {
  /// Regions listed a layer and quantity.
  private static let regionsShown = 5
  private static let columns = [
    "contrast", "layer", "tensor", "quantity", "region", "effect", "standard_error", "low", "high", "t",
    "degrees_of_freedom", "p_value", "q_value", "family_wise_p_value", "rank",
  ]

  private let contrasts: [ScanContrast]

  package init(_ contrasts: [ScanContrast]) {
    self.contrasts = contrasts
  }

  /// Writes `NAME.json` and `NAME.tsv`.
  ///
  /// - Throws: `Failure` (`cannotWrite`) with the file's name.
  package func write(to folder: String, name: String) throws {
    let file = FileContent.json(
      .object(Dictionary(contrasts.map { (Self.title($0), content($0)) }, uniquingKeysWith: { first, _ in first })))
    try ScanFiles.write(try file.encoded(), to: "\(folder)/\(name).json")
    try ScanFiles.write(Array(table.utf8), to: "\(folder)/\(name).tsv")
  }

  private static func title(_ contrast: ScanContrast) -> String {
    "\(contrast.first.name) - \(contrast.second.name)"
  }

  private func content(_ contrast: ScanContrast) -> JSONValue {
    [
      "groups": .array([.string(contrast.first.name), .string(contrast.second.name)]),
      "stimuli": [JSONValue(contrast.first.stimuli), JSONValue(contrast.second.stimuli)],
      "layers": .object(
        Dictionary(
          uniqueKeysWithValues: contrast.layers.map { layer in
            (
              "layer_\(layer.layer.plan.number)",
              [
                "tensor": .string(layer.layer.plan.tensor),
                "zeta": content(layer.zeta, layer.layer), "density": content(layer.density, layer.layer),
              ]
            )
          })),
    ]
  }

  private func content(_ contrast: GroupContrast, _ layer: ScanResult.Layer) -> JSONValue {
    var grids: [String: JSONValue] = [:]
    for (region, test) in contrast.tests.enumerated() {
      grids[layer.grid.name(of: region)] = [
        "effect": .double(test.effect),
        "standard_error": .double(test.standardError),
        "confidence_interval": JSONValue(test.interval),
        "t": .double(test.t),
        "degrees_of_freedom": .double(test.degreesOfFreedom),
        "p_value": .double(test.p),
        "q_value": .double(contrast.q[region]),
        "family_wise_p_value": .double(contrast.familyWiseP[region]),
        "rank": .int(contrast.rank[region]),
      ]
    }
    return ["permutations": .int(contrast.permutations), "grids": .object(grids)]
  }

  private var table: String {
    var text = Self.columns.joined(separator: "\t") + "\n"
    for contrast in contrasts {
      for layer in contrast.layers {
        for (quantity, result) in [("zeta", layer.zeta), ("density", layer.density)] {
          for region in Self.order(result) {
            let test = result.tests[region]
            let fields = [
              Self.title(contrast), "layer_\(layer.layer.plan.number)", layer.layer.plan.tensor, quantity,
              layer.layer.grid.name(of: region), "\(test.effect)", "\(test.standardError)", "\(test.interval.lowerBound)",
              "\(test.interval.upperBound)", "\(test.t)", "\(test.degreesOfFreedom)", "\(test.p)", "\(result.q[region])",
              "\(result.familyWiseP[region])", "\(result.rank[region])",
            ]
            text += fields.joined(separator: "\t") + "\n"
          }
        }
      }
    }
    return text
  }

  /// Regions from rank 1 on.
  private static func order(_ contrast: GroupContrast) -> [Int] {
    contrast.rank.indices.sorted { contrast.rank[$0] < contrast.rank[$1] }
  }

  /// What a person reads in the terminal.
  package var text: String {
    contrasts.map { contrast in
      let heading =
        "\(contrast.first.name) (\(contrast.first.stimuli.count) stimuli) minus \(contrast.second.name) (\(contrast.second.stimuli.count))"
      let layers = contrast.layers.flatMap { layer in
        [("ζ", layer.zeta), ("density", layer.density)].map { summary($0, $1, layer.layer) }
      }
      return ([heading] + layers).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  private func summary(_ quantity: String, _ contrast: GroupContrast, _ layer: ScanResult.Layer) -> String {
    let found = contrast.familyWiseP.count { $0 < 0.05 }
    var table = TextTable(["rank", "region", "effect", "t", "q", "family-wise p"])
    for region in Self.order(contrast).prefix(Self.regionsShown) {
      let test = contrast.tests[region]
      table.append([
        "\(contrast.rank[region])", layer.grid.name(of: region), Number.significant(test.effect), Number.fixed(test.t, 2),
        Number.probability(contrast.q[region]), Number.probability(contrast.familyWiseP[region]),
      ])
    }
    return """
      layer_\(layer.plan.number)  \(layer.plan.tensor)  \(quantity): \(found) of \(contrast.tests.count) regions differ \
      (family-wise p < 0.05, \(contrast.permutations) divisions)
      """ + "\n" + table.text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
  }
}
