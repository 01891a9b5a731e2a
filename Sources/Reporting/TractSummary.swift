import ScanPlan
import ScanResults
import Shapley
import Statistics
import Tractography

/// What a person reads of the wiring in the terminal, and a program in `scan.json`.
struct TractSummary {
  private static let pathwaysShown = 3

  private let result: ScanResult
  private let tracts: Tracts
  private let prediction: RankCorrelation?

  init(_ result: ScanResult, _ tracts: Tracts) {
    self.result = result
    self.tracts = tracts
    prediction = tracts.prediction(confidence: result.request.analysis.confidence)
  }

  var text: String {
    let untraced = tracts.links.filter { $0.reason != nil }
    var lines = untraced.map { "Not traced: \($0.name), since \($0.reason!)." }
    guard !tracts.routes.isEmpty else {
      return (["Tracts: none of \(tracts.links.count) links could be traced."] + lines).joined(separator: "\n")
    }
    let names = TractNames(result, tracts)
    lines.insert(
      """
      Tracts: \(tracts.links.count - untraced.count) of \(tracts.links.count) links traced. Strongest pathways, \
      \(names.pathwaySpan):
      """, at: 0)
    var table = TextTable(["rank", "pathway", "strength", "stability", "lesion effect", "p", "q"])
    for (number, (route, test)) in zip(tracts.routes, tracts.tests).enumerated().prefix(Self.pathwaysShown) {
      table.append([
        "\(number + 1)", names.pathway(route.pathway).replacing("grid_", with: ""),
        Number.significant(route.pathway.strength), route.stability.map { Number.fixed($0, 2) } ?? "n/a",
        Number.significant(test.effect), Number.fixed(test.p, 3), Number.fixed(test.q, 3),
      ])
    }
    lines += table.text.split(separator: "\n").map { "  " + $0 }
    lines.append("\(verification(result.request.analysis.falseDiscoveryRate)) \(verdict)")
    return lines.joined(separator: "\n")
  }

  var content: JSONValue {
    [
      "stimuli": .int(tracts.stimulusCount),
      "links": .int(tracts.links.count),
      "not_traced": .array(
        tracts.links.filter { $0.reason != nil }.map { ["link": .string($0.name), "reason": .string($0.reason!)] }),
      "pathway_layers": .array(tracts.pathwayLayers.map { .string("layer_\($0)") }),
      "pathways_end_in_target": .bool(tracts.reachesOutput),
      "pathways": .int(tracts.routes.count),
      "verified_pathways": .int(tracts.tests.count { $0.q < result.request.analysis.falseDiscoveryRate }),
      "random_pathways": .int(tracts.families.reduce(0) { $0 + $1.pathways.count }),
      "prediction": prediction.map {
        [
          "spearman": .double($0.coefficient),
          "confidence_interval": [.double($0.lower), .double($0.upper)],
          "pathways": .int($0.count),
        ]
      } ?? .null,
      "verdict": .string(verdict),
    ]
  }

  /// Whether lesions bear the wiring out: a pathway is verified, or wiring predicts what lesions do.
  var isBorneOut: Bool {
    tracts.tests.contains { $0.q < result.request.analysis.falseDiscoveryRate } || (prediction?.lower ?? 0) > 0
  }

  /// How many pathways do more than others like them, or that too few were compared to tell.
  private func verification(_ rate: Double) -> String {
    let verified = tracts.tests.count { $0.q < rate }
    let compared = tracts.routes.map { tracts.families[$0.family].pathways.count }.max() ?? 0
    let limit = "(q < \(Number.significant(rate)))"
    // The least p is that of a pathway that does more than all others: one over as many as there are.
    guard verified == 0, Double(compared) * rate <= 1 else {
      return "\(verified) of \(tracts.routes.count) have a larger effect than random pathways of their region sizes \(limit)."
    }
    return "The \(compared) pathways of such region sizes that were lesioned are too few for one to stand out \(limit)."
  }

  /// How well wiring predicts what lesions do, in words.
  var verdict: String {
    guard let prediction else { return "Whether wiring predicts what lesions do can't be told: nothing varies." }
    let finding =
      switch prediction {
      case let it where it.lower >= 0.5: "predicts well"
      case let it where it.lower > 0: "predicts some of"
      case let it where it.upper < 0: "predicts the opposite of"
      default: "doesn't predict"
      }
    return """
      Over \(prediction.count) random pathways wiring \(finding) what lesions do: Spearman's ρ \
      \(Number.fixed(prediction.coefficient, 2)) [\(Number.fixed(prediction.lower, 2)), \
      \(Number.fixed(prediction.upper, 2))].
      """
  }
}
