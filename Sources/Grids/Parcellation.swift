/// The division of a layer's units into regions: the cells of a grid, or sets that someone names, beside which units may stay
/// intact.
package struct Parcellation: Hashable, Sendable {
  private enum Division: Hashable, Sendable {
    case cells(Grid)
    /// With how they are laid out.
    case sets(RegionLabels, GridSize)
  }

  package let geometry: TensorGeometry
  private let division: Division
  /// By region; `nil` where they have none but their numbers.
  private let names: [String]?

  /// - Parameter names: one a region; `nil`: they are named by their cells.
  package init(_ grid: Grid, names: [String]? = nil) {
    precondition(names.map { $0.count == grid.regionCount } ?? true, "a name a region")
    geometry = grid.geometry
    division = .cells(grid)
    self.names = names
  }

  /// - Parameters:
  ///   - size: how the regions are laid out, row by row, where they have places; `nil`: they are a list.
  ///   - names: one a region; `nil`: they are named by their numbers.
  /// - Throws: `GridError` (`badInput`) where the labels don't cover the tensor, or lie otherwise than `size` says.
  package init(
    _ labels: RegionLabels, size: GridSize? = nil, names: [String]? = nil, over geometry: TensorGeometry
  ) throws(GridError) {
    precondition(names.map { $0.count == labels.regionCount } ?? true, "a name a region")
    let lengths = Array(geometry.shape.dropFirst())
    guard labels.isSpread(over: lengths) else {
      throw GridError(.badInput, "regions of shape \(labels.shape) don't cover a tensor of shape \(lengths)")
    }
    let size = size ?? GridSize(height: 1, width: 1, channels: labels.regionCount)
    guard size.budget == labels.regionCount else {
      throw GridError(.badInput, "\(labels.regionCount) regions aren't laid out as \(size)")
    }
    self.geometry = geometry
    division = .sets(labels, size)
    self.names = names
  }

  package var unitCount: Int { geometry.unitCount }

  package var regionCount: Int {
    switch division {
    case .cells(let grid): grid.regionCount
    case .sets(let labels, _): labels.regionCount
    }
  }

  /// Cells along (h, w, c); sets without places are one list along c.
  package var size: GridSize {
    switch division {
    case .cells(let grid): grid.size
    case .sets(_, let size): size
    }
  }

  /// The cell (i, j, k) of a region.
  package func cell(of region: Int) -> (i: Int, j: Int, k: Int) {
    switch division {
    case .cells(let grid): return grid.cell(of: region)
    case .sets(_, let size):
      let (column, k) = region.quotientAndRemainder(dividingBy: size.channels)
      return (column / size.width, column % size.width, k)
    }
  }

  /// Whether regions are cells of a grid, so that they have places in a volume.
  package var isGrid: Bool {
    switch division {
    case .cells: true
    case .sets(let labels, let size): size.channels != labels.regionCount
    }
  }

  /// Whether every region is one whole channel of a tensor that has places.
  package var isByChannel: Bool {
    if case .cells(let grid) = division { grid.isByChannel } else { false }
  }

  /// Its own name, or `grid_i_j_k`, or `region_7`. No two regions of a layer share one.
  package func name(of region: Int) -> String {
    if let names { return names[region] }
    switch division {
    case .cells(let grid): return grid.name(of: region)
    case .sets: return "region_\(region)"
    }
  }

  /// What a person calls a region: its own name, `channel 22`, `position 5`, or its cell.
  package func label(of region: Int) -> String {
    if names == nil, case .cells(let grid) = division { return grid.label(of: region) }
    return name(of: region)
  }

  /// What people call the regions, where that can't be told from their cells.
  package var labels: [String]? {
    if names == nil, case .cells(let grid) = division, !grid.isByPosition { return nil }
    return (0..<regionCount).map(label)
  }

  /// Units in each region, by region number.
  package var unitCounts: [Int] {
    switch division {
    case .cells(let grid): return grid.unitCounts
    case .sets:
      var counts = [Int](repeating: 0, count: regionCount)
      for region in regionOfUnit() where region != RegionMap.none { counts[Int(region)] += 1 }
      return counts
    }
  }

  /// Whether the other's regions stand for the same parts of a layer as these. Cells of grids that both have names have the same ones, since
  /// a table's columns may stand in another order.
  package func hasSameRegions(as other: Parcellation) -> Bool {
    switch (division, other.division) {
    case (.cells, .cells): size == other.size && (names == nil || other.names == nil || names == other.names)
    case (.sets(let mine, _), .sets(let others, _)): mine == others && names == other.names
    default: false
    }
  }
}

extension Parcellation: RegionPartition {
  /// The regions in memory order, as equal blocks that follow few patterns; `RegionMap.none` for units that stay intact.
  package func blocks() -> RegionBlocks {
    switch division {
    case .cells(let grid):
      return grid.blocks()
    case .sets:
      let regions = regionOfUnit()
      let length = geometry.isFeatureList ? unitCount : geometry.shape.dropFirst(2).reduce(1, *)
      var patterns: [ArraySlice<UInt32>: Int] = [:]
      var (patternOfBlock, distinct): ([Int], [UInt32]) = ([], [])
      for start in stride(from: 0, to: regions.count, by: length) {
        let block = regions[start..<start + length]
        let pattern = patterns[block] ?? patterns.count
        if pattern == patterns.count {
          patterns[block] = pattern
          distinct += block
        }
        patternOfBlock.append(pattern)
      }
      return RegionBlocks(length: length, patternOfBlock: patternOfBlock, regions: distinct)
    }
  }

  /// The region of every unit of a stimulus's row in memory order, `RegionMap.none` for those that stay intact. [units]
  package func regionOfUnit() -> [UInt32] {
    switch division {
    case .cells(let grid): grid.regionOfUnit()
    case .sets(let labels, _): labels.spread(over: Array(geometry.shape.dropFirst()))
    }
  }
}
