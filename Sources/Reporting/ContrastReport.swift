import Anatomy
internal import Glibc
import Grids
import ScanPlan
package import ScanResults
import Shapley
import Statistics

/// A scan's contrasts, as files and for people.
package struct ContrastReport: Sendable {
  /// Regions listed a layer and quantity.
  private static let regionsShown = 5
  /// A region differs where its family-wise p is below this.
  static let level = 0.05
  private static let columns = [
    "contrast", "layer", "tensor", "quantity", "region", "mean_first", "mean_second", "effect", "effect_size", "standard_error",
    "low", "high", "t",
    "degrees_of_freedom", "p_value", "q_value", "family_wise_p_value", "rank",
  ]

  private let contrasts: [ScanContrast]
  private let unit: String

  /// - Parameter unit: of ζ.
  package init(_ contrasts: [ScanContrast], unit: String) {
    (self.contrasts, self.unit) = (contrasts, unit)
  }

  /// Writes `NAME.json`, `NAME.tsv` and `NAME.html`.
  ///
  /// - Throws: `Failure` (`cannotWrite`) with the file's name.
  package func write(to folder: String, name: String) throws {
    let file = FileContent.json(
      .object(Dictionary(contrasts.map { (Self.title($0), content($0)) }, uniquingKeysWith: { first, _ in first })))
    try file.write(to: "\(folder)/\(name).json")
    try FileContent.text(table).write(to: "\(folder)/\(name).tsv")
    try FileContent.text(ContrastPage(contrasts, unit: unit, tables: name).html).write(to: "\(folder)/\(name).html")
  }

  /// Removes what `write` wrote.
  package static func remove(from folder: String, name: String) {
    for kind in ["json", "tsv", "html"] { unlink("\(folder)/\(name).\(kind)") }
  }

  private static func title(_ contrast: ScanContrast) -> String {
    "\(contrast.first.name) - \(contrast.second.name)"
  }

  private func content(_ contrast: ScanContrast) -> JSONValue {
    [
      "groups": .array([.string(contrast.first.name), .string(contrast.second.name)]),
      "paired": .bool(contrast.isPaired),
      "within": contrast.within.map(JSONValue.string) ?? .null,
      "notes": .array(contrast.notes.map(JSONValue.string)),
      "stimuli": [JSONValue(contrast.first.stimuli), JSONValue(contrast.second.stimuli)],
      "layers": .object(
        Dictionary(
          uniqueKeysWithValues: contrast.layers.map { layer in
            (
              "layer_\(layer.layer.plan.number)",
              [
                "tensor": .string(layer.layer.plan.tensor),
                "zeta": layer.zeta.map { content($0, layer.layer) } ?? .null, "map_correlation": JSONValue(layer.agreement),
                "density": content(layer.density, layer.layer),
              ]
            )
          })),
    ]
  }

  private func content(_ contrast: GroupContrast, _ layer: ScanResult.Layer) -> JSONValue {
    var grids: [String: JSONValue] = [:]
    for (region, test) in contrast.tests.enumerated() {
      grids[layer.grid.name(of: region)] = [
        "mean_first": .double(contrast.firstMeans[region]),
        "mean_second": .double(contrast.secondMeans[region]),
        "effect": .double(test.effect),
        "effect_size": .double(contrast.effectSizes[region]),
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
    var text = TextFormats.tableLine(Self.columns)
    for contrast in contrasts {
      for layer in contrast.layers {
        for (quantity, result) in [("zeta", layer.zeta), ("density", layer.density)] {
          guard let result else { continue }
          for region in Self.order(result) {
            let test = result.tests[region]
            let fields = [
              Self.title(contrast), "layer_\(layer.layer.plan.number)", layer.layer.plan.tensor, quantity,
              layer.layer.grid.name(of: region), "\(result.firstMeans[region])", "\(result.secondMeans[region])",
              "\(test.effect)", "\(result.effectSizes[region])", "\(test.standardError)", "\(test.interval.lowerBound)",
              "\(test.interval.upperBound)", "\(test.t)", "\(test.degreesOfFreedom)", "\(test.p)", "\(result.q[region])",
              "\(result.familyWiseP[region])", "\(result.rank[region])",
            ]
            text += TextFormats.tableLine(fields)
          }
        }
      }
    }
    return text
  }

  /// Regions from rank 1 on.
  static func order(_ contrast: GroupContrast) -> [Int] {
    contrast.rank.indices.sorted { contrast.rank[$0] < contrast.rank[$1] }
  }

  /// The groups with their sizes.
  static func heading(_ contrast: ScanContrast) -> String {
    if contrast.isPaired {
      return
        "\(contrast.first.label) minus \(contrast.second.label), \(Plural.count(contrast.first.stimuli.count, "pair", "pairs"))"
    }
    return
      "\(contrast.first.label) (\(contrast.first.stimuli.count) stimuli) minus \(contrast.second.label) (\(contrast.second.stimuli.count))"
  }

  /// How many regions of a layer differ in a quantity, quiet where none does.
  static func sentence(
    _ result: GroupContrast, _ layer: ScanContrast.Layer, _ quantity: String, _ name: String
  ) -> String {
    let found = result.familyWiseP.count { $0 < level }
    let maps = quantity == "ζ" ? layer.agreement.map { "; the mean maps correlate by \(Number.fixed($0, 2))" } ?? "" : ""
    let least = Number.probability(result.familyWiseP.min() ?? 1)
    let verdict =
      found == 0
      ? result.leastP < level
        ? "nothing differs (least family-wise p \(least), \(result.permutations) divisions)"
        : "nothing can be told: of \(result.permutations) divisions p is \(Number.probability(result.leastP)) at least"
      : "\(found) of \(Plural.count(result.tests.count, "region differs", "regions differ")) (family-wise p < \(level), \(result.permutations) divisions)"
    return "layer_\(layer.layer.plan.number)  \(name)  \(quantity): \(verdict)\(maps)"
  }

  /// What a person reads in the terminal.
  package var text: String {
    let names = LayerNames(contrasts.first?.layers.map(\.layer.plan.tensor) ?? [])
    return contrasts.map { contrast in
      let layers = zip(contrast.layers, names.short).flatMap { layer, name in
        // Two scans of one network have the same densities.
        let varies = layer.density.tests.contains { $0.effect != 0 }
        return [("ζ", layer.zeta), ("density", varies ? layer.density : nil)].compactMap { quantity, result in
          result.map { summary(quantity, $0, layer, name) }
        }
      }
      return ([Self.heading(contrast)] + contrast.notes + layers).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  /// Where all stimuli are alike a standard deviation is next to nothing, and the difference many times that.
  static func size(_ effectSize: Double) -> String {
    abs(effectSize) < 1000 ? Number.fixed(effectSize, 2) : "large"
  }

  private func summary(
    _ quantity: String, _ contrast: GroupContrast, _ layer: ScanContrast.Layer, _ name: String
  ) -> String {
    let sentence = Self.sentence(contrast, layer, quantity, name)
    guard contrast.familyWiseP.contains(where: { $0 < Self.level }) else { return sentence }
    var table = TextTable(["rank", "region", "first", "second", "difference", "effect size", "q", "family-wise p"])
    for region in Self.order(contrast).filter({ contrast.familyWiseP[$0] < Self.level }).prefix(Self.regionsShown) {
      table.append([
        "\(contrast.rank[region])", layer.layer.grid.label(of: region), Number.significant(contrast.firstMeans[region]),
        Number.significant(contrast.secondMeans[region]), Number.significant(contrast.tests[region].effect),
        Self.size(contrast.effectSizes[region]), Number.probability(contrast.q[region]),
        Number.probability(contrast.familyWiseP[region]),
      ])
    }
    return sentence + "\n" + table.text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
  }
}
