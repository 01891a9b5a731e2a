/// Whether the critical regions of two layers sit on the strongest wiring between them.
///
/// The share of the total strength that the m edges joining two critical regions carry, over the largest share that
/// any m edges carry: 1 when there is no stronger wiring, `nil` if no edge joins two critical regions or nothing flows.
package enum PathwayEfficiency {
  /// - Parameters:
  ///   - strengths: [sources x targets].
  ///   - isCriticalSource: [sources].
  ///   - isCriticalTarget: [targets].
  package static func value(
    _ strengths: [Double], isCriticalSource: [Bool], isCriticalTarget: [Bool]
  ) -> Double? {
    let edges = criticalEdges(isCriticalSource: isCriticalSource, isCriticalTarget: isCriticalTarget)
    let best = strengths.sorted(by: >).prefix(edges.count).reduce(0, +)
    guard !edges.isEmpty, best > 0 else { return nil }
    // The same order as the sum it is compared with, so that equal sets give exactly 1.
    return edges.map { strengths[$0] }.sorted(by: >).reduce(0, +) / best
  }

  /// The edges that join two critical regions, by number.
  package static func criticalEdges(isCriticalSource: [Bool], isCriticalTarget: [Bool]) -> [Int] {
    isCriticalSource.indices.filter { isCriticalSource[$0] }.flatMap { source in
      isCriticalTarget.indices.filter { isCriticalTarget[$0] }.map { source * isCriticalTarget.count + $0 }
    }
  }
}
