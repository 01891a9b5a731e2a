package import Grids

extension RegionMoments {
  /// The moments of one stimulus's activation.
  ///
  /// Units are summed in Double: first over the blocks of a pattern at each place, then over the places of a region in memory
  /// order. The order depends on the grid alone. Cost: two contiguous passes over the activation.
  ///
  /// - Parameters:
  ///   - activation: the units of one stimulus in memory order. [blocks.blockCount x blocks.length]
  ///   - blocks: the grid's regions in that order, from `Parcellation.blocks()`.
  package init(of activation: Span<Float>, over blocks: RegionBlocks, regionCount: Int) {
    precondition(activation.count == blocks.blockCount * blocks.length, "an activation of another layer")
    self.init(regionCount: regionCount)

    let length = blocks.length
    var magnitudes = [Double](repeating: 0, count: length)
    var sums = [Double](repeating: 0, count: length)
    var magnitudesOfRegion = [Double](repeating: 0, count: regionCount)
    var sumsOfRegion = [Double](repeating: 0, count: regionCount)
    var counts = [Double](repeating: 0, count: regionCount)

    forEachPattern(of: blocks) { pattern, itsBlocks in
      var magnitudes = magnitudes.mutableSpan
      var sums = sums.mutableSpan
      for place in 0..<length {
        magnitudes[place] = 0
        sums[place] = 0
      }
      for block in itsBlocks {
        let values = activation.extracting(block * length..<(block + 1) * length)
        for place in 0..<length {
          let value = Double(values[place])
          magnitudes[place] += abs(value)
          sums[place] += value
        }
      }
      for place in 0..<length {
        let region = Int(blocks.regions[pattern * length + place])
        guard region < regionCount else { continue }
        magnitudesOfRegion[region] += magnitudes[place]
        sumsOfRegion[region] += sums[place]
        counts[region] += Double(itsBlocks.count)
      }
    }

    let means = (0..<regionCount).map { counts[$0] > 0 ? sumsOfRegion[$0] / counts[$0] : 0 }
    var deviationsOfRegion = [Double](repeating: 0, count: regionCount)
    forEachPattern(of: blocks) { pattern, itsBlocks in
      var centres = magnitudes.mutableSpan
      var squares = sums.mutableSpan
      for place in 0..<length {
        let region = Int(blocks.regions[pattern * length + place])
        centres[place] = region < regionCount ? means[region] : 0
        squares[place] = 0
      }
      for block in itsBlocks {
        let values = activation.extracting(block * length..<(block + 1) * length)
        for place in 0..<length {
          let deviation = Double(values[place]) - centres[place]
          squares[place] += deviation * deviation
        }
      }
      for place in 0..<length {
        let region = Int(blocks.regions[pattern * length + place])
        if region < regionCount { deviationsOfRegion[region] += squares[place] }
      }
    }

    for region in 0..<regionCount {
      set(
        region, count: counts[region], magnitude: magnitudesOfRegion[region], mean: means[region],
        squaredDeviation: deviationsOfRegion[region])
    }
  }
}

/// Calls the body with each pattern and the stretch of blocks that follow it.
private func forEachPattern(of blocks: RegionBlocks, _ body: (_ pattern: Int, _ blocks: Range<Int>) -> Void) {
  var start = 0
  for block in 1...blocks.blockCount
  where block == blocks.blockCount || blocks.patternOfBlock[block] != blocks.patternOfBlock[start] {
    body(blocks.patternOfBlock[start], start..<block)
    start = block
  }
}
