/// What divides the units of a layer into regions: a grid, or regions of a user's own.
package protocol RegionPartition {
  var regionCount: Int { get }

  /// The regions in memory order, as equal blocks that follow few patterns; `RegionMap.none` for units that stay intact.
  func blocks() -> RegionBlocks
}

extension RegionMask {
  package init(_ partition: some RegionPartition) {
    let blocks = partition.blocks()
    self.init(
      regionCount: partition.regionCount, rowLength: blocks.length, patternOfRow: blocks.patternOfBlock,
      patterns: blocks.regions)
  }
}

extension RegionMap {
  package init(_ partition: some RegionPartition) {
    let blocks = partition.blocks()
    self.init(
      regionCount: partition.regionCount, rowLength: blocks.length, patternOfRow: blocks.patternOfBlock,
      patterns: blocks.regions)
  }
}
