import ScanPlan
import ScanResults
import Tractography

/// `pathways.tsv`: one line a pathway, the strongest first, with tab-separated columns.
enum PathwayTable {
  private static let columns = [
    "rank", "pathway", "strength", "raw_strength", "stability", "effect", "standard_error", "p_value", "q_value",
    "verified",
  ]

  static func text(_ result: ScanResult, _ tracts: Tracts) -> String {
    let names = TractNames(result, tracts)
    var text = TextFormats.tableLine(columns)
    for (number, (route, test)) in zip(tracts.routes, tracts.tests).enumerated() {
      let fields: [String] = [
        "\(number + 1)", names.pathway(route.pathway), "\(route.pathway.strength)", "\(route.rawStrength)",
        route.stability.map { "\($0)" } ?? "n/a", test.effect.isFinite ? "\(test.effect)" : "n/a",
        test.standardError.map { "\($0)" } ?? "n/a", "\(test.p)", "\(test.q)",
        "\(test.q < result.request.analysis.falseDiscoveryRate)",
      ]
      text += TextFormats.tableLine(fields)
    }
    return text
  }
}
