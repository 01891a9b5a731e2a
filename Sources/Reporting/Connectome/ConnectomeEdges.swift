import Anatomy
import ScanResults
import Shapley
import Statistics
import Tractography

/// The strongest connections of every traced link between scanned layers: all of them would be half a million lines.
struct ConnectomeEdges {
  struct Edge {
    /// Region numbers.
    let source: Int
    let target: Int
    let strength: Double
    /// `nil` for one stimulus.
    let standardError: Double?
    /// Share of the link's total.
    let scaled: Double
    /// Whether it joins two critical regions.
    let isCritical: Bool
  }

  let link: Tracts.Link
  /// The number of the layer that the link leads to.
  let target: Int
  /// Strongest first; ties by region numbers.
  let edges: [Edge]

  /// - Parameter limit: edges of a link.
  static func strongest(_ limit: Int, of tracts: Tracts, in result: ScanResult) -> [ConnectomeEdges] {
    zip(tracts.links, tracts.strengths).compactMap { link, strengths in
      guard link.reason == nil, let target = link.target else { return nil }
      // Activations that overflow make strengths that are no numbers: nothing can be said of those connections.
      let mean = strengths.mean.map { $0.isFinite ? Double($0) : 0 }
      let total = mean.reduce(0, +)
      let (sources, targets) = (result.layers[link.source].statistics.isCritical, result.layers[target].statistics.isCritical)
      return ConnectomeEdges(
        link: link, target: target,
        edges: Ranking.order(mean).prefix(limit).filter { mean[$0] > 0 }.map { edge in
          let (from, to) = edge.quotientAndRemainder(dividingBy: link.targetCount)
          let error = Double(strengths.standardError[edge])
          return Edge(
            source: from, target: to, strength: mean[edge], standardError: error.isFinite ? error : nil,
            scaled: mean[edge] / total, isCritical: sources[from] && targets[to])
        })
    }
  }
}
