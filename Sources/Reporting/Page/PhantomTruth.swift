import Anatomy
internal import FoundationEssentials
import Grids
import Lesion
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// The truth of a phantom that was scanned, read from the `truth.json` beside its results or beside its network.
enum PhantomTruth {
  /// By tensor, [rows][columns] of the places of its grid: `planted`, `neutral` or `outside`.
  case glyphs(cells: [String: [[String]]])
  case analytic(Analytic)

  struct Analytic: Decodable {
    struct Stimulus: Decodable {
      let shapley: [Double]
      let banzhaf: [Double]
    }

    let tensor: String
    let grid: [Int]
    let lesion: String
    let value: String
    let target: Int
    let criticalRegions: [Int]
    let stimuli: [Stimulus]
  }

  private struct Glyphs: Decodable {
    let cells: [String: [[String]]]
  }

  private struct Kind: Decodable {
    let phantom: String
  }

  /// `nil` where there is none.
  init?(of result: ScanResult, in folder: String) {
    let beside = result.request.subject.model.lastIndex(of: "/").map { String(result.request.subject.model[..<$0]) } ?? "."
    let candidates = [folder, beside].map { $0 + "/truth.json" }
    guard let data = candidates.lazy.compactMap({ FileManager.default.contents(atPath: $0) }).first,
      let kind = try? JSONDecoder().decode(Kind.self, from: data)
    else { return nil }
    switch kind.phantom {
    case "glyphs":
      guard let glyphs = try? JSONDecoder().decode(Glyphs.self, from: data) else { return nil }
      self = .glyphs(cells: glyphs.cells)
    case "analytic":
      guard let analytic = try? JSONDecoder().decode(Analytic.self, from: data) else { return nil }
      self = .analytic(analytic)
    default: return nil
    }
  }

  /// Which regions the truth calls important; `nil` where it says nothing of the layer or of such a grid. [regions]
  func important(in layer: ScanResult.Layer) -> [Bool]? {
    switch self {
    case .glyphs(let cells):
      return places(cells, layer)?.flatMap { place in Array(repeating: place == "planted", count: layer.plan.grid[2]) }
    case .analytic(let truth):
      guard layer.grid.isGrid, truth.tensor == layer.plan.tensor, truth.grid == layer.plan.grid else { return nil }
      let critical = Set(truth.criticalRegions)
      return (0..<layer.plan.regionCount).map(critical.contains)
    }
  }

  /// The cells of a layer's places, row by row.
  private func places(_ cells: [String: [[String]]], _ layer: ScanResult.Layer) -> [String]? {
    guard layer.grid.isGrid, let cells = cells[layer.plan.tensor], cells.count == layer.plan.grid[0],
      cells.allSatisfy({ $0.count == layer.plan.grid[1] })
    else { return nil }
    return cells.flatMap(\.self)
  }

  /// What the template of the page wants; `nil` where no layer is known to the truth.
  func verdict(on result: ScanResult) -> [String: Any]? {
    switch self {
    case .glyphs(let cells): glyphVerdict(cells, result)
    case .analytic(let truth): analyticVerdict(truth, result)
    }
  }

  private func glyphVerdict(_ cells: [String: [[String]]], _ result: ScanResult) -> [String: Any]? {
    let rows = result.layers.compactMap { layer -> [String: Any]? in
      guard let places = places(cells, layer) else { return nil }
      let groups = layer.plan.grid[2]
      let critical = layer.statistics.isCritical
      let found = places.indices.filter { place in critical[place * groups..<(place + 1) * groups].contains(true) }
      let planted = places.count { $0 == "planted" }
      let hits = found.count { places[$0] == "planted" }
      let outside = critical.indices.count { critical[$0] && places[$0 / groups] == "outside" }
      return [
        "id": "layer_\(layer.plan.number)",
        "fields": ["\(hits) of \(planted)", "\(outside)", "\(critical.count { $0 })"],
      ]
    }
    guard !rows.isEmpty else { return nil }
    return [
      "headings": ["Planted cells found", "Critical outside", "Critical"], "rows": rows,
      "explanation":
        "A planted cell is one that the glyph lies in; outside is what sees no pixel of it, so nothing critical may be there.",
    ]
  }

  private func analyticVerdict(_ truth: Analytic, _ result: ScanResult) -> [String: Any]? {
    let request = result.request
    guard truth.stimuli.count >= result.plan.stimulusCount, truth.lesion == request.measurement.lesion.rawValue,
      truth.value == request.measurement.value.name, result.targets.allSatisfy({ $0 == truth.target }),
      let layer = result.layers.first(where: { important(in: $0) != nil }), let important = important(in: layer)
    else { return nil }
    let stimuli = truth.stimuli.prefix(result.plan.stimulusCount)
    let exact = (0..<layer.plan.regionCount).map { region in
      stimuli.reduce(0) { $0 + (request.measurement.index == .shapley ? $1.shapley : $1.banzhaf)[region] } / Double(stimuli.count)
    }
    let tests = layer.statistics.tests
    let critical = layer.statistics.isCritical
    let found = important.indices.count { important[$0] && critical[$0] }
    let wrong = important.indices.count { !important[$0] && critical[$0] }
    let error = (0..<exact.count).reduce(0) { $0 + (tests[$1].mean - exact[$1]) * (tests[$1].mean - exact[$1]) }
    let size = exact.reduce(0) { $0 + $1 * $1 }
    return [
      "headings": ["Critical regions found", "Others called critical", "Relative squared error"],
      "rows": [
        [
          "id": "layer_\(layer.plan.number)",
          "fields": [
            "\(found) of \(important.count { $0 })", "\(wrong)", Number.significant(size > 0 ? error / size : 0),
          ],
        ]
      ],
      "explanation": "The exact value of every region is known in closed form.",
      "plots": [
        AgreementPlot(
          title: "Found against exact ζ, layer_\(layer.plan.number)", exact: exact, tests: tests,
          unit: request.measurement.value.name
        ).context
      ],
    ]
  }
}
