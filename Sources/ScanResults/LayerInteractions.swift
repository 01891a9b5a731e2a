import ScanPlan
package import Shapley
import Statistics

/// How a layer's best-ranked regions interact, or why that isn't known.
package enum LayerInteractions: Sendable, Hashable {
  case known(PairStatistics)
  /// A sentence.
  case unknown(reason: String)
}

extension Measurements {
  /// The pairs of regions whose interactions a layer's values tell of: of those with the largest ζ, as many as the design
  /// can tell apart.
  ///
  /// - Returns: `nil` with a reason where they tell of none.
  package func pairs(_ layer: ScanResult.Layer) throws -> (pairs: RegionPairs?, reason: String) {
    let game = SeriesGame(plan: plan, measurement: request.measurement, layer: layer.plan.number, stimulus: 0)
    if layer.plan.design == .gradients {
      return pairs(layer, most: try game.gradientDesign().mostInteractingRegions)
    }
    // What a short design tells the others can tell as well.
    let rows = zip(layer.series, layer.rounds?.designRows ?? []).filter { $0.0 != nil }.map(\.1).min()
    let design = try game.design(stoppedAt: rows ?? layer.plan.designRows)
    if let reason = design.interactionsReason { return (nil, reason) }
    return pairs(layer, most: design.mostInteractingRegions)
  }

  private func pairs(_ layer: ScanResult.Layer, most count: Int) -> (pairs: RegionPairs?, reason: String) {
    guard count > 1 else {
      return (nil, "The layer has too few regions, or too few evaluations, to tell pairs of them apart.")
    }
    return (RegionPairs(of: Array(Ranking.order(layer.statistics.zeta).prefix(count))), "")
  }

  /// What the interactions of all series of a layer say together.
  ///
  /// - Parameter estimates: by stimulus; `nil` for a series that was skipped, or whose coalitions don't tell the pairs apart.
  package func interactions(
    _ layer: ScanResult.Layer, _ found: (pairs: RegionPairs?, reason: String), estimates: [PairEstimate?]
  ) -> LayerInteractions {
    guard let pairs = found.pairs else { return .unknown(reason: found.reason) }
    let series = estimates.compactMap(\.self)
    guard !series.isEmpty else {
      return .unknown(
        reason: "Some regions were always lesioned together, so interactions can't be told: raise the samples a region.")
    }
    let (units, isKnown) = (IndependentUnits(plan, request), estimates.map { $0 != nil })
    if let reason = units.reasonForNone(isKnown) { return .unknown(reason: "Interactions can't be told: \(reason).") }
    return .known(
      PairStatistics(
        pairs: pairs, series: series, clusters: units.clusters(isKnown),
        rounding: Estimate.rounding(of: layer.series.compactMap(\.self)),
        confidence: request.analysis.confidence, errorShare: layer.rounds?.errorShare ?? 1))
  }
}
