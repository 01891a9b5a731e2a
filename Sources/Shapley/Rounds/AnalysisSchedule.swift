/// When a design that may end early is analysed, and how much of the error probability each analysis spends.
///
/// Analyses come at all rows, at a quarter and at a sixteenth of them. Each spends the same share of the error probability
/// α = 1 − confidence, by the union bound: whatever the analyses have to do with each other, intervals of level 1 − α·share
/// hold the truth at all of them together with probability 1 − α, and so at the one where a series of analyses is ended, for
/// whatever reason (repeated confidence intervals: Jennison & Turnbull, J. R. Stat. Soc. B 51, 1989). Likewise p/share is
/// a valid p-value there.
package struct AnalysisSchedule: Sendable, Hashable {
  package static let mostAnalyses = 3
  /// Rows at an analysis over those at the one before.
  package static let growth = 4

  /// `[analyses]`: rows measured by then, ascending; the last is all of them.
  package let rows: [Int]

  /// A single analysis, at the end.
  package init(rowCount: Int) {
    rows = [rowCount]
  }

  /// - Parameters:
  ///   - least: no analysis comes before as many rows.
  ///   - unit: analyses but the last come at multiples of it.
  package init(rowCount: Int, least: Int, unit: Int) {
    precondition(rowCount > 0 && unit > 0)
    var rows = [rowCount]
    var wanted = rowCount
    while rows.count < Self.mostAnalyses {
      wanted /= Self.growth
      let whole = (wanted + unit - 1) / unit * unit
      guard whole >= least, whole < rows[0] else { break }
      rows.insert(whole, at: 0)
    }
    self.rows = rows
  }

  package var count: Int { rows.count }

  /// The share of α that each analysis spends.
  package var errorShare: Double { 1 / Double(count) }
}
