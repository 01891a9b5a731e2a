import Anatomy
package import Scan
import Shapley

/// What a person reads in the terminal.
package struct ScanSummary: Sendable {
  /// Critical regions listed a layer.
  private static let regionsShown = 5

  private let result: ScanResult
  private let verdict: [String]

  /// - Parameter verdict: lines on how the finding compares with the truth, where it is known.
  package init(_ result: ScanResult, verdict: [String]) {
    self.result = result
    self.verdict = verdict
  }

  /// What is about to be done, one line each.
  package static func announce(_ plan: ScanPlan, ranks: Int) -> [String] {
    let regions = plan.layers.reduce(0) { $0 + $1.regionCount }
    return [
      """
      \(plan.layers.count) layer\(plan.layers.count == 1 ? "" : "s"), \(regions) region\(regions == 1 ? "" : "s"), \
      \(plan.stimulusCount) stimul\(plan.stimulusCount == 1 ? "us" : "i"): \(plan.evaluations) evaluations \
      on \(ranks) rank\(ranks == 1 ? "" : "s")
      """
    ] + plan.notes + plan.refusals.map { "Not scanned: \"\($0.tensor)\", since \($0.reason)." }
  }

  /// The whole summary.
  package var text: String {
    var parts = result.layers.map(layer)
    if !verdict.isEmpty { parts.append(verdict.joined(separator: "\n")) }
    if result.skippedSeries > 0 {
      parts.append("\(result.skippedSeries) series were skipped: their values are NaN or infinite.")
    }
    let seconds = result.run.timings.reduce(0) { $0 + $1.seconds }
    parts.append(
      """
      \(result.evaluations) evaluations in \(Number.fixed(seconds, 1)) s on \(result.run.ranks) \
      rank\(result.run.ranks == 1 ? "" : "s"): \(Int(result.evaluationsPerSecond.rounded())) a second while measuring.
      Results: \(result.request.output)/ (impact.json, density.json, regions.tsv, scan.json\
      \(result.request.keepsAcquisition ? ", acquisition/" : ""))
      """)
    return parts.joined(separator: "\n\n")
  }

  private func layer(_ layer: ScanResult.Layer) -> String {
    let statistics = layer.statistics
    let score = LayerScore(layer)
    let critical = Ranking.order(statistics.zeta).filter { statistics.isCritical[$0] }
    let shape = layer.plan.shape.dropFirst().map(String.init).joined(separator: "x")
    let grid = layer.plan.grid.map(String.init).joined(separator: "x")
    var text = """
      layer_\(layer.plan.number)  \(layer.plan.tensor)  \(shape)  grid \(grid)  \
      effect \(Number.significant(score.effect))  coverage \(Number.fixed(100 * layer.moments.coverage, 0)) %  \
      \(critical.count) critical of \(layer.plan.regionCount) regions
      """
    if let reason = score.reason { text += "\n  No ζ scores: \(reason)" }
    if let rounds = layer.rounds { text += "\n  \(RoundsReport.sentence(rounds, result.request))" }
    guard !critical.isEmpty else { return text }
    let confidence = Number.significant(100 * result.request.confidence)
    var table = TextTable(
      ["rank", "region", score.reason == nil ? "ζ score, %" : "ζ", "\(confidence) % CI", "q", "ranks"])
    for region in critical.prefix(Self.regionsShown) {
      let test = statistics.tests[region]
      let ranks = statistics.rankInterval[region]
      // Scores are shares of 100 and read best with two decimals; ζ is in units of v, of any size.
      let show = score.reason == nil ? { Number.fixed($0, 2) } : Number.significant
      let interval = score.percent(test.interval) ?? test.interval
      table.append([
        "\(statistics.rank[region])", layer.grid.name(of: region), show(score.percent(test.mean) ?? test.mean),
        "[\(show(interval.lowerBound)), \(show(interval.upperBound))]", Number.probability(statistics.q[region]),
        ranks.count == 1 ? "\(ranks.lowerBound)" : "\(ranks.lowerBound)-\(ranks.upperBound)",
      ])
    }
    text += "\n" + table.text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    if critical.count > Self.regionsShown { text += "\n  and \(critical.count - Self.regionsShown) more" }
    return text
  }
}
