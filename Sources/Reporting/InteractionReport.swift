import Anatomy
import Grids
import ScanResults
import Shapley
import Statistics

/// How the best-ranked regions of a layer interact.
enum InteractionReport {
  /// Pairs that a person is told of.
  private static let pairsShown = 3

  /// One object a pair, by size; `null` where interactions aren't known.
  static func content(_ layer: ScanResult.Layer) -> JSONValue {
    guard case .known(let statistics) = layer.interactions else { return .null }
    return .array(
      order(statistics).map { pair in
        let test = statistics.tests[pair]
        let (first, second) = statistics.pairs.regions(of: pair)
        return [
          "regions": [.string(layer.grid.name(of: first)), .string(layer.grid.name(of: second))],
          "interaction": .double(test.mean),
          "standard_error": .double(test.standardError),
          "confidence_interval": JSONValue(test.interval),
          "p_value": .double(test.p),
          "q_value": .double(statistics.q[pair]),
        ]
      })
  }

  static func reason(_ layer: ScanResult.Layer) -> String? {
    if case .unknown(let reason) = layer.interactions { reason } else { nil }
  }

  /// The largest clear interactions; `nil` where none is clear.
  static func line(_ layer: ScanResult.Layer, falseDiscoveryRate: Double) -> String? {
    guard case .known(let statistics) = layer.interactions else { return nil }
    let clear = order(statistics).filter { statistics.q[$0] < falseDiscoveryRate }
    guard !clear.isEmpty else { return nil }
    let score = LayerScore(layer)
    let shown = clear.prefix(pairsShown).map { pair in
      let (first, second) = statistics.pairs.regions(of: pair)
      let mean = statistics.tests[pair].mean
      let size = score.percent(mean).map { Number.fixed($0, 2) + " %" } ?? Number.significant(mean)
      return "\(layer.grid.label(of: first)) × \(layer.grid.label(of: second)) \(size)"
    }
    let more = clear.count > pairsShown ? " and \(clear.count - pairsShown) more" : ""
    return "Interactions, of \(statistics.pairs.count) pairs: \(shown.joined(separator: ", "))\(more)"
  }

  /// Pairs by descending size.
  private static func order(_ statistics: PairStatistics) -> [Int] {
    statistics.tests.indices.sorted {
      let (a, b) = (abs(statistics.tests[$0].mean), abs(statistics.tests[$1].mean))
      return a == b ? $0 < $1 : a > b
    }
  }
}
