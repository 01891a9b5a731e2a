import Anatomy
import Grids

/// How a layer's regions are laid out on paper: as slices of its channels, one panel each, as radiologists look at a volume.
///
/// Where the layer has no width (sequences), one panel shows positions down and channels across; where it is one list of
/// features, the list is wrapped.
struct MosaicLayout {
  /// What a panel's rows and columns are.
  enum Kind: String {
    /// Height x width, one panel a cell of the channels.
    case slices
    /// Positions x channels.
    case positions
    /// The list of features, wrapped.
    case features
  }

  /// The side of a region, and the space between panels, in the drawing's units.
  static let cell = 10
  static let gap = 6
  private static let featuresPerRow = 32

  let kind: Kind
  let rows: Int
  let columns: Int
  let panels: Int
  let panelsPerRow: Int
  private let regionCount: Int
  private let grid: GridSize

  init(_ grid: GridSize) {
    self.grid = grid
    regionCount = grid.budget
    if grid.width > 1 || grid.height > 1 && grid.channels == 1 {
      (kind, rows, columns, panels) = (.slices, grid.height, grid.width, grid.channels)
    } else if grid.height > 1 {
      (kind, rows, columns, panels) = (.positions, grid.height, grid.channels, 1)
    } else {
      let wrap = min(grid.channels, Self.featuresPerRow)
      (kind, rows, columns, panels) = (.features, (grid.channels + wrap - 1) / wrap, wrap, 1)
    }
    panelsPerRow = Int(Double(panels).squareRoot().rounded(.up))
  }

  var width: Int { panelsPerRow * (columns * Self.cell + Self.gap) - Self.gap }
  var height: Int { (panels + panelsPerRow - 1) / panelsPerRow * (rows * Self.cell + Self.gap) - Self.gap }

  /// A region's panel, row and column.
  func place(_ region: Int) -> (panel: Int, row: Int, column: Int) {
    switch kind {
    case .slices:
      let (column, panel) = region.quotientAndRemainder(dividingBy: grid.channels)
      return (panel, column / grid.width, column % grid.width)
    case .positions, .features:
      return (0, region / columns, region % columns)
    }
  }

  /// The region at a place; `nil` beyond the edge.
  func region(_ panel: Int, _ row: Int, _ column: Int) -> Int? {
    guard row >= 0, row < rows, column >= 0, column < columns else { return nil }
    let region = kind == .slices ? (row * columns + column) * panels + panel : row * columns + column
    return region < regionCount ? region : nil
  }

  /// The upper left corner of a place.
  private func corner(_ panel: Int, _ row: Int, _ column: Int) -> (x: Int, y: Int) {
    (
      panel % panelsPerRow * (columns * Self.cell + Self.gap) + column * Self.cell,
      panel / panelsPerRow * (rows * Self.cell + Self.gap) + row * Self.cell
    )
  }

  /// The regions as squares, one path a class, in order of the classes' first use.
  func paths(_ classOfRegion: [String]) -> [(name: String, path: String)] {
    var names: [String] = []
    var paths: [String: String] = [:]
    for region in classOfRegion.indices {
      let (panel, row, column) = place(region)
      let (x, y) = corner(panel, row, column)
      let name = classOfRegion[region]
      if paths[name] == nil { names.append(name) }
      paths[name, default: ""] += "M\(x) \(y)h\(Self.cell)v\(Self.cell)h-\(Self.cell)z"
    }
    return names.map { (name: $0, path: paths[$0]!) }
  }

  /// The border of a set of regions, as in a contour: only the edges that part them from others.
  func outline(_ isInside: [Bool]) -> String {
    var path = ""
    for region in isInside.indices where isInside[region] {
      let (panel, row, column) = place(region)
      let (x, y) = corner(panel, row, column)
      func isBorder(_ row: Int, _ column: Int) -> Bool { self.region(panel, row, column).map { !isInside[$0] } ?? true }
      if isBorder(row - 1, column) { path += "M\(x) \(y)h\(Self.cell)" }
      if isBorder(row + 1, column) { path += "M\(x) \(y + Self.cell)h\(Self.cell)" }
      if isBorder(row, column - 1) { path += "M\(x) \(y)v\(Self.cell)" }
      if isBorder(row, column + 1) { path += "M\(x + Self.cell) \(y)v\(Self.cell)" }
    }
    return path
  }

  /// The frames of the panels.
  var frames: String {
    (0..<panels).map { panel in
      let (x, y) = corner(panel, 0, 0)
      return "M\(x) \(y)h\(columns * Self.cell)v\(rows * Self.cell)h-\(columns * Self.cell)z"
    }.joined()
  }
}
