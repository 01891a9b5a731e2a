/// When a design that may end early is looked at, and how much of the error probability each look spends.
///
/// Looks come at all rows, at a quarter and at a sixteenth of them. Each spends the same share of the error probability
/// α = 1 − confidence, by the union bound: whatever the looks have to do with each other, intervals of level 1 − α·share
/// hold the truth at all of them together with probability 1 − α, and so at the one where a series of looks is ended, for
/// whatever reason (repeated confidence intervals: Jennison & Turnbull, J. R. Stat. Soc. B 51, 1989). Likewise p/share is
/// a valid p-value there.
package struct LookSchedule: Sendable, Hashable {
  package static let mostLooks = 3
  /// Rows at a look over those at the one before.
  package static let growth = 4

  /// `[looks]`: rows measured by then, ascending; the last is all of them.
  package let rows: [Int]

  /// A single look, at the end.
  package init(rowCount: Int) {
    rows = [rowCount]
  }

  /// - Parameters:
  ///   - least: no look comes before as many rows.
  ///   - unit: looks but the last come at multiples of it.
  package init(rowCount: Int, least: Int, unit: Int) {
    precondition(rowCount > 0 && unit > 0)
    var rows = [rowCount]
    var wanted = rowCount
    while rows.count < Self.mostLooks {
      wanted /= Self.growth
      let whole = (wanted + unit - 1) / unit * unit
      guard whole >= least, whole < rows[0] else { break }
      rows.insert(whole, at: 0)
    }
    self.rows = rows
  }

  package var count: Int { rows.count }

  /// The share of α that each look spends.
  package var errorShare: Double { 1 / Double(count) }
}
