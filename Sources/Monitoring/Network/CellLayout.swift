package import Grids
import ModelGraph

/// Which channels and which region each cell of a watched layer belongs to, in the order of memory.
package struct CellLayout: Sendable {
  /// The most groups of channels that statistics are kept of, since a covariance grows with their square.
  package static let groupLimit = 128

  /// [cells]
  let groupOfCell: [Int32]
  let regionOfCell: [Int32]
  /// Cells of each. [groups], [regions]
  let groupCounts: [Double]
  let regionCounts: [Double]
  /// Where the cells of each group lie, where they lie next to each other; else empty. [groups]
  let runs: [Range<Int>]
  /// Whether a group has more than one cell.
  let hasPlaces: Bool
  /// Whether cells have largest units besides their means.
  let hasPeaks: Bool
  /// The channels of each group.
  package let channelsOfGroup: [ClosedRange<Int>]

  /// Whether a group's cells are told apart by their deviations, since they have no peaks.
  var hasSpreads: Bool { hasPlaces && !hasPeaks }

  package var cellCount: Int { groupOfCell.count }
  /// Numbers that a pass gives of the layer: the cells' means, then their peaks where there are any.
  package var numberCount: Int { hasPeaks ? 2 * cellCount : cellCount }
  /// Numbers of a reading's `moments`.
  var momentCount: Int { groupCounts.count * (hasPlaces || hasPeaks ? 2 : 1) }
  package var regionCount: Int { regionCounts.count }

  /// How many groups of channels a layer has; 0 where its axes don't fit its shape.
  static func groupCount(of layer: WatchedLayer) -> Int { min((try? layer.geometry().channels) ?? 0, groupLimit) }

  /// - Throws: `GridError` where the layer's axes don't fit its shape.
  package init(_ layer: WatchedLayer) throws(GridError) {
    let geometry = try layer.geometry()
    let grid = try layer.grid()
    let groups = min(geometry.channels, Self.groupLimit)
    var groupOfCell = [Int32](repeating: 0, count: geometry.unitCount)
    var regionOfCell = groupOfCell
    var groupCounts = [Double](repeating: 0, count: groups)
    var regionCounts = [Double](repeating: 0, count: grid.regionCount)
    for c in 0..<geometry.channels {
      let group = c * groups / geometry.channels
      for h in 0..<geometry.height {
        for w in 0..<geometry.width {
          let place = geometry.offset(height: h, width: w, channel: c)
          let region = grid.region(height: h, width: w, channel: c)
          groupOfCell[place] = Int32(group)
          regionOfCell[place] = Int32(region)
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
    hasPeaks = layer.pool.hasPeaks
    if zip(groupOfCell, groupOfCell.dropFirst()).allSatisfy(<=) {
      var first = 0
      runs = groupCounts.map { count in
        defer { first += Int(count) }
        return first..<first + Int(count)
      }
    } else {
      runs = []
    }
    channelsOfGroup = (0..<groups).map { group in
      let first = (group * geometry.channels + groups - 1) / groups
      return first...(((group + 1) * geometry.channels + groups - 1) / groups - 1)
    }
  }

  /// The mean of each region's cells. Cost: one pass over them.
  ///
  /// - Parameter numbers: what a pass gave for one stimulus, the cells in the order of memory. [numbers]
  /// - Returns: [regions]
  package func regionMeans(_ numbers: ArraySlice<Float>) -> [Double] {
    precondition(numbers.count == numberCount)
    var means = [Double](repeating: 0, count: regionCounts.count)
    numbers.withUnsafeBufferPointer { numbers in
      regionOfCell.withUnsafeBufferPointer { region in
        for place in region.indices { means[Int(region[place])] += Double(numbers[place]) }
      }
    }
    for region in means.indices { means[region] /= regionCounts[region] }
    return means
  }
}
