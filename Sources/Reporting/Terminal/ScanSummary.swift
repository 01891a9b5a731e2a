import Anatomy
import Grids
package import ScanPlan
package import ScanResults
import ScanStore
import Shapley
import Statistics

/// What a person reads in the terminal.
package struct ScanSummary: Sendable {
  /// Critical regions listed a layer.
  private static let regionsShown = 5

  private let result: ScanResult
  private let verdict: [String]
  private let style: TerminalStyle

  /// - Parameter verdict: lines on how the finding compares with the truth, where it is known.
  package init(_ result: ScanResult, verdict: [String], style: TerminalStyle) {
    self.result = result
    self.verdict = verdict
    self.style = style
  }

  /// What is about to be done, one line each.
  package static func announce(_ plan: ScanPlan, _ request: ScanRequest, ranks: Int) -> [String] {
    let regions = plan.layers.reduce(0) { $0 + $1.regionCount }
    return [
      """
      \(Plural.count(plan.layers.count, "layer", "layers")), \(Plural.count(regions, "region", "regions")), \
      \(Plural.count(plan.stimulusCount, "stimulus", "stimuli")): up to \(plan.evaluations) passes \
      on \(Plural.count(ranks, "rank", "ranks"))
      """
    ] + (plan.streamCount.map { ["A stream of \($0) stimuli, each recorded."] } ?? []) + plan.notes(request)
      + ScanPlan.Refusal.sentences(plan.refusals)
  }

  /// The whole summary.
  package var text: String {
    var parts = result.layers.map(layer)
    if let timeCourse = result.timeCourse { parts.append(StreamSummary.text(timeCourse)) }
    if let tracts = result.tracts { parts.append(TractSummary(result, tracts).text) }
    if let candidates = PruningSummary(result).text { parts.append(candidates) }
    if !verdict.isEmpty { parts.append(verdict.joined(separator: "\n")) }
    if result.skippedSeries > 0 {
      parts.append(
        "\(result.skippedSeries) series \(result.skippedSeries == 1 ? "was" : "were") skipped: values are NaN or infinite.")
    }
    let seconds = result.run.timings.reduce(0) { $0 + $1.seconds }
    parts.append(
      """
      \(result.passes) in \(Number.fixed(seconds, 1)) s on \(result.run.ranks) \
      rank\(result.run.ranks == 1 ? "" : "s"): \(Int(result.evaluationsPerSecond.rounded())) a second while measuring.
      Results: \(result.request.run.output)/ (report.html to look at; impact.json, density.json, regions.tsv, maps/\
      \(result.tracts == nil ? "" : ", connections.json, pathways.tsv")\
      \(result.timeCourse.map { ", consistency.json" + (SignalFile.reasonForNone($0) == nil ? ", eeg/" : "") } ?? "")\
      \(result.request.run.keepsAcquisition ? ", acquisition/" : ""))
      """)
    return parts.joined(separator: "\n\n")
  }

  private func layer(_ layer: ScanResult.Layer) -> String {
    let statistics = layer.statistics
    let score = LayerScore(layer)
    let critical = Ranking.order(statistics.zeta).filter { statistics.isCritical[$0] }
    let shape = layer.plan.shape.dropFirst().map(String.init).joined(separator: "x")
    let grid = layer.plan.grid.map(String.init).joined(separator: "x")
    var text = style.set("layer_\(layer.plan.number)  \(layer.plan.tensor)", .bold)
    text += """
        \(shape)  \(layer.grid.isGrid ? "grid \(grid)" : "regions of its own")  \
      effect \(Number.significant(score.effect))  coverage \(Number.fixed(100 * layer.moments.coverage, 0)) %  \
      \(critical.count) critical of \(Plural.count(layer.plan.regionCount, "region", "regions"))
      """
    if let reason = score.reason { text += "\n  No ζ scores: \(reason)" }
    for sentence in AnswerReport.sentences(layer, result) { text += "\n  \(sentence)" }
    for line in TrialReport(layer.plan.number, result)?.lines ?? [] { text += "\n  \(line)" }
    if let pruning = PruningReport(layer.plan.number, result) { text += "\n  \(pruning.line)" }
    if let line = GradientReport.line(layer) { text += "\n  \(line)" }
    if let rounds = layer.rounds { text += "\n  \(RoundsReport.sentence(rounds, result.request))" }
    if let line = InteractionReport.line(layer, falseDiscoveryRate: result.request.analysis.falseDiscoveryRate) {
      text += "\n  \(line)"
    }
    // The map on the left, the table on its right.
    let map = TerminalMap(layer, style: style)
    let (left, right) = (map.lines, critical.isEmpty ? [] : table(layer, critical, score))
    for number in 0..<max(left.count, right.count) {
      let row = number < left.count ? left[number] : String(repeating: " ", count: map.width)
      text += "\n  \(row)\(number < right.count ? "   " + right[number] : "")"
    }
    return text
  }

  /// The critical regions with the largest ζ.
  private func table(_ layer: ScanResult.Layer, _ critical: [Int], _ score: LayerScore) -> [String] {
    let statistics = layer.statistics
    let confidence = Number.significant(100 * result.request.analysis.confidence)
    var table = TextTable(
      ["rank", "region", score.reason == nil ? "ζ score, %" : "ζ", "\(confidence) % CI", "q", "ranks"])
    for region in critical.prefix(Self.regionsShown) {
      let test = statistics.tests[region]
      let ranks = statistics.rankInterval[region]
      // Scores are shares of 100 and read best with two decimals; ζ is in units of v, of any size.
      let show = score.reason == nil ? { Number.fixed($0, 2) } : Number.significant
      let interval = score.percent(test.interval) ?? test.interval
      table.append([
        "\(statistics.rank[region])", layer.grid.label(of: region), show(score.percent(test.mean) ?? test.mean),
        "[\(show(interval.lowerBound)), \(show(interval.upperBound))]", Number.probability(statistics.q[region]),
        ranks.count == 1 ? "\(ranks.lowerBound)" : "\(ranks.lowerBound)-\(ranks.upperBound)",
      ])
    }
    var lines = table.text.split(separator: "\n").map(String.init)
    lines[0] = style.set(lines[0], .dim)
    if critical.count > Self.regionsShown { lines.append("and \(critical.count - Self.regionsShown) more") }
    return lines
  }
}
