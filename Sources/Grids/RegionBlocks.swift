/// The regions of a tensor in memory order, compressed: equal blocks that follow few patterns.
///
/// The slowest axis in memory cuts a stimulus's row into equal blocks (the channel planes of N,C,H,W; the rows of N,H,W,C;
/// the steps of N,T,C). All blocks in one cell along that axis have the same regions in the same places: their pattern.
/// Loops over a block are contiguous and as long as a plane, where runs of one region may be a single unit long.
package struct RegionBlocks: Hashable, Sendable {
  /// Units in a block.
  package let length: Int
  /// The pattern of each block; those of a grid ascend. [blocks]
  package let patternOfBlock: [Int]
  /// The region number at each place of each pattern, `RegionMap.none` where there is none. [patterns x length]
  package let regions: [UInt32]

  package var blockCount: Int { patternOfBlock.count }
  package var patternCount: Int { regions.count / length }
}
