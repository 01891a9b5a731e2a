import Anatomy
import Grids
import Lesion
import ScanPlan
import ScanResults
import Shapley
import Tractography

/// The connectome: layers as columns of regions, connections between them, and the strongest pathways on top.
struct ConnectomeSection {
  private static let edgesShown = 150
  private static let criticalShown = 40
  private static let height = 420.0
  private static let width = 1100.0
  private static let opacitySteps = 4

  private let result: ScanResult
  private let tracts: Tracts
  private let names: TractNames

  /// `nil` where no link between layers was traced.
  init?(_ result: ScanResult) {
    guard let tracts = result.tracts, tracts.links.contains(where: { $0.reason == nil && $0.target != nil }) else { return nil }
    (self.result, self.tracts) = (result, tracts)
    names = TractNames(result, tracts)
  }

  private func x(_ layer: Int) -> Double {
    10 + Self.width * Double(layer) / Double(max(1, result.layers.count - 1))
  }

  /// Channels are blocks, one below the other; in them rows, then columns.
  private func y(_ layer: ScanResult.Layer, _ region: Int) -> Double {
    let (i, j, k) = layer.grid.cell(of: region)
    let size = layer.grid.size
    let place = Double((k * size.height + i) * size.width + j) + 0.5
    return 24 + Self.height * place / Double(layer.grid.regionCount)
  }

  private func point(_ layer: Int, _ region: Int) -> String {
    "\(Number.fixed(x(layer), 0)) \(Number.fixed(y(result.layers[layer], region), 1))"
  }

  private func curve(_ source: (Int, Int), _ target: (Int, Int)) -> String {
    let (from, to) = (x(source.0), x(target.0))
    let (start, end) = (y(result.layers[source.0], source.1), y(result.layers[target.0], target.1))
    let middle = Number.fixed((from + to) / 2, 0)
    return """
      M\(point(source.0, source.1))C\(middle) \(Number.fixed(start, 1)) \(middle) \(Number.fixed(end, 1)) \
      \(point(target.0, target.1))
      """
  }

  /// What the template of the page wants.
  var context: [String: Any] {
    let links = ConnectomeEdges.strongest(Self.edgesShown, of: tracts, in: result)
    let tests = tracts.tests
    let verified = tests.map { $0.q < result.request.analysis.falseDiscoveryRate }
    return [
      "width": Number.fixed(x(result.layers.count - 1) + 10, 0), "height": Number.fixed(Self.height + 34, 0),
      "minWidth": max(760, 80 * result.layers.count),
      "columns": result.layers.map(column), "edges": faint(links), "critical": critical(links),
      "routes": routes(tests, verified), "pathways": pathways(tests, verified),
      "hasPathways": !tracts.routes.isEmpty,
      "unit": result.request.measurement.value.name,
      "alt": """
      Connectome: \(result.layers.count) layers as columns; \(tracts.routes.count) strongest pathways, \
      \(verified.count { $0 }) of them verified by lesions
      """,
      "notes": tracts.links.filter { $0.reason != nil }.map { "Not traced: \($0.name), since \($0.reason!)." },
      "shown": Self.edgesShown,
      "isBorneOut": TractSummary(result, tracts).isBorneOut,
      "verdict": TractSummary(result, tracts).verdict,
    ]
  }

  private func column(_ layer: ScanResult.Layer) -> [String: Any] {
    let number = layer.plan.number
    let critical = layer.statistics.isCritical
    return [
      "x": Number.fixed(x(number), 0), "label": "\(number)",
      "anchor": number == 0 ? "start" : number == result.layers.count - 1 ? "end" : "middle",
      // Dots are lines of no length with round ends.
      "regions": critical.indices.filter { !critical[$0] }.map { "M\(point(number, $0))h0" }.joined(),
      "criticalRegions": critical.indices.filter { critical[$0] }.map { "M\(point(number, $0))h0" }.joined(),
    ]
  }

  /// Connections as curves, the more opaque the stronger, one path a step.
  private func faint(_ links: [ConnectomeEdges]) -> [[String: Any]] {
    var paths: [Int: String] = [:]
    for link in links {
      guard let strongest = link.edges.first?.strength else { continue }
      for edge in link.edges {
        let step = max(1, Int((edge.strength / strongest * Double(Self.opacitySteps)).rounded()))
        paths[step, default: ""] += curve((link.link.source, edge.source), (link.target, edge.target))
      }
    }
    return paths.sorted { $0.key < $1.key }.map { step, path in
      ["opacity": Number.fixed(0.5 * Double(step) / Double(Self.opacitySteps), 2), "path": path]
    }
  }

  private func critical(_ links: [ConnectomeEdges]) -> [[String: Any]] {
    links.flatMap { link in
      link.edges.filter(\.isCritical).prefix(Self.criticalShown).map { edge in
        let (source, target) = (result.layers[link.link.source].grid, result.layers[link.target].grid)
        return [
          "path": curve((link.link.source, edge.source), (link.target, edge.target)),
          "tip": """
          \(source.name(of: edge.source)) → \(target.name(of: edge.target)), both critical
          \(Number.significant(100 * edge.scaled)) % of \(link.link.name)
          """,
        ]
      }
    }
  }

  private func routes(_ tests: [PathwayTest], _ verified: [Bool]) -> [[String: Any]] {
    zip(tracts.routes, zip(tests, verified)).enumerated().map { number, entry in
      let (route, (test, isVerified)) = entry
      let regions = Array(zip(tracts.pathwayLayers, route.pathway.regions))
      return [
        "path": zip(regions, regions.dropFirst()).map { curve($0, $1) }.joined(), "verified": isVerified,
        "tip": """
        pathway \(number + 1)\(isVerified ? ", verified" : ""): \(names.pathway(route.pathway))
        lesion effect \(Number.significant(test.effect)) \(result.request.measurement.value.name), q \(Number.probability(test.q))
        """,
      ]
    }
  }

  private func pathways(_ tests: [PathwayTest], _ verified: [Bool]) -> [[String: Any]] {
    zip(tracts.routes, zip(tests, verified)).enumerated().map { number, entry in
      let (route, (test, isVerified)) = entry
      return [
        "rank": number + 1, "pathway": names.pathway(route.pathway).replacing("grid_", with: ""),
        "strength": Number.significant(route.pathway.strength),
        "stability": route.stability.map { Number.fixed($0, 2) } ?? "n/a",
        "effect": test.effect.isFinite ? Number.significant(test.effect) : "n/a",
        "q": Number.probability(test.q), "verified": isVerified,
      ]
    }
  }
}
