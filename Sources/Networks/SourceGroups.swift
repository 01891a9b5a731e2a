import Grids

/// Source regions that are traced in one row together, since magnitude leads from each of them to other units than from the rest.
///
/// Memory: a bit for each source region and target unit.
struct SourceGroups {
  /// Bytes that bits may take; beyond, regions aren't grouped.
  static let mostBytes = 32 << 20

  /// By group: its regions, ascending.
  let members: [[Int]]
  /// The source's units by group.
  let map: RegionMap
  /// By region: a bit for each unit that magnitude may lead to.
  private let reached: [[UInt64]]

  /// Groups regions greedily, in order.
  ///
  /// - Parameters:
  ///   - sources: the source's units by region.
  ///   - reached: by region: a bit for each unit that magnitude may lead to.
  /// - Returns: `nil` where there would be no fewer groups than half of the regions.
  init?(_ sources: RegionMap, reached: [[UInt64]]) {
    var members: [[Int]] = []
    var used: [[UInt64]] = []
    for (region, bits) in reached.enumerated() {
      if let free = used.firstIndex(where: { taken in zip(taken, bits).allSatisfy { $0 & $1 == 0 } }) {
        members[free].append(region)
        used[free] = zip(used[free], bits).map { $0 | $1 }
      } else {
        members.append([region])
        used.append(bits)
      }
      guard 2 * members.count <= sources.regionCount else { return nil }
    }
    var groups = [Int](repeating: 0, count: sources.regionCount)
    for (group, regions) in members.enumerated() {
      for region in regions { groups[region] = group }
    }
    self.members = members
    self.reached = reached
    map = sources.joining(groups)
  }

  /// Bits of the units that aren't 0.
  static func bits(of values: UnsafeMutableBufferPointer<Float>) -> [UInt64] {
    var bits = [UInt64](repeating: 0, count: (values.count + 63) / 64)
    // NaN is what an infinite magnitude makes of 0.
    for (unit, value) in values.enumerated() where value != 0 { bits[unit / 64] |= 1 << UInt64(unit % 64) }
    return bits
  }

  /// Copies what a region led to out of its group's row, and writes 0 elsewhere.
  func copy(_ region: Int, of row: UnsafeMutableBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>) {
    output.update(repeating: 0)
    for (word, bits) in reached[region].enumerated() where bits != 0 {
      var left = bits
      while left != 0 {
        let unit = 64 * word + left.trailingZeroBitCount
        output[unit] = row[unit]
        left &= left - 1
      }
    }
  }
}
