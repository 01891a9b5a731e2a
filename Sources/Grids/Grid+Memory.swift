extension Grid: RegionPartition {
  /// The regions in memory order, as equal blocks that follow few patterns. Cost: one pass over the patterns.
  package func blocks() -> RegionBlocks {
    if geometry.order == .mixed { return unitByUnit() }
    if geometry.order == .planes {
      let plane = geometry.height * geometry.width
      var regions: [UInt32] = []
      regions.reserveCapacity(size.channels * plane)
      for k in 0..<size.channels {
        for h in 0..<geometry.height {
          for w in 0..<geometry.width {
            regions.append(UInt32(region(height: h, width: w, channel: 0) + k))
          }
        }
      }
      return RegionBlocks(
        length: plane,
        patternOfBlock: (0..<geometry.channels).map { region(height: 0, width: 0, channel: $0) },
        regions: regions)
    }

    let length = geometry.width * geometry.channels
    var regions: [UInt32] = []
    regions.reserveCapacity(size.height * length)
    for i in 0..<size.height {
      for w in 0..<geometry.width {
        for c in 0..<geometry.channels {
          regions.append(UInt32(region(height: 0, width: w, channel: c) + region(inCell: i, 0, 0)))
        }
      }
    }
    return RegionBlocks(
      length: length,
      patternOfBlock: (0..<geometry.height).map { cell(of: region(height: $0, width: 0, channel: 0)).i },
      regions: regions)
  }

  /// One block, for tensors whose axes lie in an order that has no equal blocks. Cost: one pass over the units.
  private func unitByUnit() -> RegionBlocks {
    var regions = [UInt32](repeating: 0, count: unitCount)
    for h in 0..<geometry.height {
      for w in 0..<geometry.width {
        for c in 0..<geometry.channels {
          regions[geometry.offset(height: h, width: w, channel: c)] = UInt32(region(height: h, width: w, channel: c))
        }
      }
    }
    return RegionBlocks(length: unitCount, patternOfBlock: [0], regions: regions)
  }

  /// The region of every unit of a stimulus's row, in memory order. [unitCount]
  package func regionOfUnit() -> [UInt32] {
    let blocks = blocks()
    var result: [UInt32] = []
    result.reserveCapacity(unitCount)
    for pattern in blocks.patternOfBlock {
      result += blocks.regions[pattern * blocks.length..<(pattern + 1) * blocks.length]
    }
    return result
  }

  /// The longest stretches of one region, in memory order. They tile the row: each starts where the one before ends.
  package func runs() -> [RegionRun] {
    precondition(unitCount <= Int(UInt32.max), "a layer of more than 2³² units")
    var runs: [RegionRun] = []
    let regions = regionOfUnit()
    var start = 0
    for unit in 1...regions.count where unit == regions.count || regions[unit] != regions[start] {
      runs.append(RegionRun(region: regions[start], offset: UInt32(start), length: UInt32(unit - start)))
      start = unit
    }
    return runs
  }
}
