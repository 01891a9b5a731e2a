/// Where on a layer's grid a lesion can matter to the recognition of the glyph, and where it cannot.
///
/// Three kinds of cell, over all channels of a place (i, j):
/// - *planted*: at least a quarter of the pixels over which the cell lies are painted, on average over the stimuli. A scan must
///   find it: at least one of its regions is critical.
/// - *outside*: the cell's receptive field holds no pixel of any stimulus's glyph box. Its activity carries nothing of the glyph, so
///   none of its regions may be critical.
/// - *neutral*: all others, the glyph's rim and what sees the glyph from a distance. The effect of a lesion reaches there
///   legitimately, by an amount that training decides, so either answer stands.
package struct GlyphTruth: Sendable, Equatable {
  package enum Cell: String, Sendable, Codable {
    case planted, neutral, outside
  }

  /// How a scan's critical regions compare with the truth of one layer.
  package struct Verdict: Sendable, Equatable {
    /// Planted cells with a critical region.
    package let found: Int
    /// Planted cells without.
    package let missed: Int
    /// Critical regions in outside cells.
    package let `false`: Int
    /// Critical regions in all.
    package let critical: Int
  }

  package let rows: Int
  package let columns: Int
  /// [rows x columns]
  package let cells: [Cell]

  package subscript(row: Int, column: Int) -> Cell {
    cells[row * columns + column]
  }

  /// - Parameters:
  ///   - criticalRegions: region numbers k + channelGroups·(j + columns·i).
  ///   - channelGroups: the grid's length along channels, after clipping to the layer.
  package func verdict(criticalRegions: some Sequence<Int>, channelGroups: Int) -> Verdict {
    let critical = Set(criticalRegions)
    precondition(critical.allSatisfy { (0..<cells.count * channelGroups).contains($0) }, "a critical region beyond the grid")
    let criticalCells = Set(critical.map { $0 / channelGroups })
    let planted = cells.indices.filter { cells[$0] == .planted }
    let found = planted.count { criticalCells.contains($0) }
    return Verdict(
      found: found, missed: planted.count - found,
      false: critical.count { cells[$0 / channelGroups] == .outside }, critical: critical.count)
  }

  /// The truth of a layer that lies under `images`, with a grid of `gridRows x gridColumns` clipped to its axes.
  init(images: [GlyphImage], field: ReceptiveField, gridRows: Int, gridColumns: Int) {
    let length = (GlyphImage.side + field.stride - 1) / field.stride
    let rows = min(gridRows, length)
    let columns = min(gridColumns, length)
    let paint = Self.meanPaint(images)
    let boxes = Set(images.map(\.box))
    var cells: [Cell] = []
    for row in 0..<rows {
      for column in 0..<columns {
        let down = Self.positions(ofCell: row, of: rows, length: length)
        let across = Self.positions(ofCell: column, of: columns, length: length)
        let own = PixelBox(
          top: down.lowerBound * field.stride, left: across.lowerBound * field.stride,
          bottom: min(down.upperBound * field.stride, GlyphImage.side),
          right: min(across.upperBound * field.stride, GlyphImage.side))
        let seenRows = field.pixels(of: down, imageLength: GlyphImage.side)
        let seenColumns = field.pixels(of: across, imageLength: GlyphImage.side)
        let seen = PixelBox(
          top: seenRows.lowerBound, left: seenColumns.lowerBound, bottom: seenRows.upperBound, right: seenColumns.upperBound)
        if Self.share(of: paint, in: own) >= plantedShare {
          cells.append(.planted)
        } else {
          cells.append(boxes.contains { $0.overlaps(seen) } ? .neutral : .outside)
        }
      }
    }
    self.rows = rows
    self.columns = columns
    self.cells = cells
  }

  /// The positions h with ⌊h·cells/length⌋ = cell.
  private static func positions(ofCell cell: Int, of cells: Int, length: Int) -> Range<Int> {
    (cell * length + cells - 1) / cells..<((cell + 1) * length + cells - 1) / cells
  }

  /// [row x column] share of the images in which a pixel is painted.
  private static func meanPaint(_ images: [GlyphImage]) -> [Double] {
    let side = GlyphImage.side
    return (0..<side * side).map { pixel in
      Double(images.count { $0.isPainted(row: pixel / side, column: pixel % side) }) / Double(images.count)
    }
  }

  private static func share(of paint: [Double], in box: PixelBox) -> Double {
    var sum = 0.0
    for row in box.top..<box.bottom {
      for column in box.left..<box.right {
        sum += paint[row * GlyphImage.side + column]
      }
    }
    return sum / Double((box.bottom - box.top) * (box.right - box.left))
  }
}

/// How much of a planted cell is painted at least; a glyph paints about half of its box.
private let plantedShare = 0.25
