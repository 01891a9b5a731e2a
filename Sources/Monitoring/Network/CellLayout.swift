package import Grids

/// Which channels and which region each cell of a watched layer belongs to, in the order of memory.
package struct CellLayout: Sendable {
  /// The most groups of channels that statistics are kept of, since a covariance grows with their square.
  package static let groupLimit = 128

  let groupOfCell: [Int]
  let regionOfCell: [Int]
  /// Cells of each. [groups], [regions]
  let groupCounts: [Double]
  let regionCounts: [Double]
  /// Whether a group has more than one cell.
  let hasPlaces: Bool
  /// The channels of each group.
  package let channelsOfGroup: [ClosedRange<Int>]

  /// - Throws: `GridError` where the layer's axes don't fit its shape.
  package init(_ layer: WatchedLayer) throws(GridError) {
    let geometry = try layer.geometry()
    let grid = try layer.grid()
    let groups = min(geometry.channels, Self.groupLimit)
    var groupOfCell = [Int](repeating: 0, count: geometry.unitCount)
    var regionOfCell = groupOfCell
    var groupCounts = [Double](repeating: 0, count: groups)
    var regionCounts = [Double](repeating: 0, count: grid.regionCount)
    for c in 0..<geometry.channels {
      let group = c * groups / geometry.channels
      for h in 0..<geometry.height {
        for w in 0..<geometry.width {
          let place = geometry.offset(height: h, width: w, channel: c)
          let region = grid.region(height: h, width: w, channel: c)
          groupOfCell[place] = group
          regionOfCell[place] = region
          groupCounts[group] += 1
          regionCounts[region] += 1
        }
      }
    }
    self.groupOfCell = groupOfCell
    self.regionOfCell = regionOfCell
    self.groupCounts = groupCounts
    self.regionCounts = regionCounts
    hasPlaces = geometry.height * geometry.width > 1
    channelsOfGroup = (0..<groups).map { group in
      let first = (group * geometry.channels + groups - 1) / groups
      return first...(((group + 1) * geometry.channels + groups - 1) / groups - 1)
    }
  }
}
