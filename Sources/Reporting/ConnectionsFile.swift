import ScanPlan
import ScanResults
import Shapley
import Statistics
import Tractography

/// `connections.json`: what is wired between consecutive layers.
enum ConnectionsFile {
  static func content(_ result: ScanResult, _ tracts: Tracts) -> JSONValue {
    let names = TractNames(result, tracts)
    return .object(
      Dictionary(
        uniqueKeysWithValues: zip(tracts.links, tracts.strengths).map { link, strengths in
          (link.name, content(link, strengths, result, names))
        }))
  }

  private static func content(
    _ link: Tracts.Link, _ strengths: Tracts.Strengths, _ result: ScanResult, _ names: TractNames
  ) -> JSONValue {
    let isTraced = link.reason == nil
    let limit = result.request.measurement.pathwayCount
    let mean = strengths.mean.map(Double.init)
    let total = mean.reduce(0, +)
    let strongest = isTraced ? Ranking.order(mean).prefix(limit) : []
    var critical: [Int] = []
    var efficiency: Double?
    if isTraced, let target = link.target {
      let sources = result.layers[link.source].statistics.isCritical
      let targets = result.layers[target].statistics.isCritical
      critical = PathwayEfficiency.criticalEdges(isCriticalSource: sources, isCriticalTarget: targets)
      efficiency = PathwayEfficiency.value(mean, isCriticalSource: sources, isCriticalTarget: targets)
    }
    let criticalShare = critical.isEmpty || total == 0 ? nil : min(critical.reduce(0) { $0 + mean[$1] } / total, 1)
    let byStrength = critical.sorted { mean[$0] != mean[$1] ? mean[$0] > mean[$1] : $0 < $1 }
    let totals = link.totals.isEmpty ? nil : SampleMoments(link.totals)
    return [
      "from": .string(names.end(link.source)),
      "to": .string(names.end(link.target)),
      "from_tensor": .string(names.tensor(link.source)),
      "to_tensor": .string(names.tensor(link.target)),
      "not_traced_reason": JSONValue(link.reason),
      "connection_strength": JSONValue(totals?.mean),
      "standard_error": JSONValue(link.totals.count < 2 ? nil : totals?.standardError),
      "matrix": isTraced ? .string("connections/\(link.name).npy") : .null,
      "matrix_shape": [2, .int(link.sourceCount), .int(link.targetCount)],
      "critical_pathways": .array(byStrength.prefix(limit).map { .string(names.edge($0, of: link)) }),
      "critical_edges": .int(critical.count),
      "critical_share": JSONValue(criticalShare),
      "pathway_efficiency": JSONValue(efficiency),
      "strongest_edges": .array(
        strongest.map { edge in
          [
            "edge": .string(names.edge(edge, of: link)),
            "strength": .double(mean[edge]),
            "standard_error": .double(Double(strengths.standardError[edge])),
            "scaled_strength": total > 0 ? .double(mean[edge] / total) : .null,
          ]
        }),
    ]
  }
}
