/// The partition of a layer's units into regions.
///
/// Unit (h, w, c) of a tensor with axes (H, W, C) belongs to cell (i, j, k) = (⌊h·g_h/H⌋, ⌊w·g_w/W⌋, ⌊c·g_c/C⌋), which is region
/// number k + g_c·(j + g_w·i), named `grid_i_j_k`. Each g is clipped to its axis. A feature list N, F takes the whole budget
/// g_h·g_w·g_c along its one axis, clipped to F. So every unit is in exactly one region, no region is empty, and the
/// lengths of cells along an axis differ by at most one.
package struct Grid: Hashable, Sendable {
  package let geometry: TensorGeometry
  /// What was asked for.
  package let requested: GridSize
  /// What the layer has room for: cells along (h, w, c).
  package let size: GridSize

  package init(_ requested: GridSize, over geometry: TensorGeometry) {
    self.geometry = geometry
    self.requested = requested
    if geometry.isFeatureList {
      size = GridSize(height: 1, width: 1, channels: min(requested.budget, geometry.channels))
    } else {
      size = GridSize(
        height: min(requested.height, geometry.height), width: min(requested.width, geometry.width),
        channels: min(requested.channels, geometry.channels))
    }
  }

  package var regionCount: Int { size.height * size.width * size.channels }
  package var unitCount: Int { geometry.unitCount }

  /// The region of unit (h, w, c).
  package func region(height h: Int, width w: Int, channel c: Int) -> Int {
    region(
      inCell: Self.cell(of: h, along: geometry.height, cells: size.height),
      Self.cell(of: w, along: geometry.width, cells: size.width),
      Self.cell(of: c, along: geometry.channels, cells: size.channels))
  }

  /// The number of the region in cell (i, j, k): k + g_c·(j + g_w·i).
  package func region(inCell i: Int, _ j: Int, _ k: Int) -> Int {
    k + size.channels * (j + size.width * i)
  }

  /// The cell (i, j, k) of a region.
  package func cell(of region: Int) -> (i: Int, j: Int, k: Int) {
    let (column, k) = region.quotientAndRemainder(dividingBy: size.channels)
    let (i, j) = column.quotientAndRemainder(dividingBy: size.width)
    return (i, j, k)
  }

  /// `grid_i_j_k`.
  package func name(of region: Int) -> String {
    let (i, j, k) = cell(of: region)
    return "grid_\(i)_\(j)_\(k)"
  }

  /// Whether every region is one whole channel of a tensor that has places.
  package var isByChannel: Bool {
    size.height == 1 && size.width == 1 && size.channels == geometry.channels && geometry.height * geometry.width > 1
  }

  /// Whether every region is one place, asked for as such, with all its channels.
  package var isByPosition: Bool {
    requested == .positions && size.height == geometry.height && size.width == geometry.width && size.channels == 1
  }

  /// What a person calls a region: `channel 22` where regions are channels, `position 5` where they are places, else its name.
  package func label(of region: Int) -> String {
    if isByChannel { return "channel \(region)" }
    guard isByPosition else { return name(of: region) }
    let (i, j, _) = cell(of: region)
    return size.width == 1 ? "position \(i)" : "position \(i), \(j)"
  }

  /// The units of a region, as ranges along h, w and c.
  package func extent(of region: Int) -> (height: Range<Int>, width: Range<Int>, channels: Range<Int>) {
    let (i, j, k) = cell(of: region)
    return (
      Self.range(ofCell: i, along: geometry.height, cells: size.height),
      Self.range(ofCell: j, along: geometry.width, cells: size.width),
      Self.range(ofCell: k, along: geometry.channels, cells: size.channels)
    )
  }

  /// Units in each region, by region number; their sum is `unitCount`.
  package var unitCounts: [Int] {
    (0..<regionCount).map { region in
      let (height, width, channels) = extent(of: region)
      return height.count * width.count * channels.count
    }
  }

  /// ⌊position·cells/length⌋.
  private static func cell(of position: Int, along length: Int, cells: Int) -> Int {
    position * cells / length
  }

  /// The positions whose cell is the given one: from ⌈cell·length/cells⌉ up to where the next cell starts.
  private static func range(ofCell cell: Int, along length: Int, cells: Int) -> Range<Int> {
    func start(_ cell: Int) -> Int { (cell * length + cells - 1) / cells }
    return start(cell)..<start(cell + 1)
  }
}
