import Anatomy
import Grids
import ScanResults
import Shapley

/// A layer's ζ as a small map of block characters: the denser, the larger |ζ|. Positive ζ are red and negative blue; without
/// colours negative ones are minus signs.
///
/// Rows are the height and columns the width, ζ summed over channels; a layer without width has channels as columns, and a
/// list of features is wrapped. Finer grids are summed to at most 8 rows of 16.
struct TerminalMap {
  private static let mostRows = 8
  private static let mostColumns = 16
  private static let shades: [Character] = [" ", "░", "▒", "▓", "█"]

  private let style: TerminalStyle
  /// [rows][columns]
  private let values: [[Double]]

  init(_ layer: ScanResult.Layer, style: TerminalStyle) {
    self.style = style
    let layout = MosaicLayout(layer.grid.size)
    let (rows, columns) = (min(layout.rows, Self.mostRows), min(layout.columns, Self.mostColumns))
    var values = Array(repeating: Array(repeating: 0.0, count: columns), count: rows)
    for (region, zeta) in layer.statistics.zeta.enumerated() {
      let (_, row, column) = layout.place(region)
      values[row * rows / layout.rows][column * columns / layout.columns] += zeta
    }
    self.values = values
  }

  /// Characters across.
  var width: Int { 2 * values[0].count + 2 }

  var lines: [String] {
    let limit = values.flatMap(\.self).map(abs).max() ?? 0
    return values.map { row in
      let cells = row.map { value in
        let level = limit > 0 ? Int((4 * abs(value) / limit).rounded()) : 0
        if level == 0 { return "  " }
        if style == .plain && value < 0 { return "--" }
        return style.set(String(repeating: Self.shades[level], count: 2), value < 0 ? .blue : .red)
      }
      return "│" + cells.joined() + "│"
    }
  }
}
