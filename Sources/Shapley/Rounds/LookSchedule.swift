/// When a design that may end early is looked at, and how much of the error probability each look spends.
///
/// Looks come at all rows and at a half, a quarter, ... of them. The error probability α = 1 − confidence is spent in
/// proportion to the rows that are new (Lan & DeMets, Biometrika 70, 1983, with α(t) = αt), by the union bound: whatever
/// the looks have to do with each other, intervals of level 1 − α·share hold the truth at all of them together with
/// probability 1 − α, and so at the one where a series of looks is ended, for whatever reason
/// (repeated confidence intervals: Jennison & Turnbull, J. R. Stat. Soc. B 51, 1989). Likewise p/share is a valid
/// p-value there.
package struct LookSchedule: Sendable, Hashable {
  /// The most looks: the first at a 32nd of all rows.
  package static let mostLooks = 6

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
    for halvings in 1..<Self.mostLooks {
      let share = (rowCount >> halvings + unit - 1) / unit * unit
      guard share >= least, share < rows[0] else { break }
      rows.insert(share, at: 0)
    }
    self.rows = rows
  }

  package var count: Int { rows.count }

  /// The share of α that a look spends; they add up to 1.
  package func errorShare(_ look: Int) -> Double {
    let before = look == 0 ? 0 : rows[look - 1]
    return Double(rows[look] - before) / Double(rows[rows.count - 1])
  }
}
