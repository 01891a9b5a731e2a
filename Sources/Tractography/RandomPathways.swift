import Random

/// Pathways drawn at random through the same layers and of the same region sizes as one that is to be tested.
package enum RandomPathways {
  /// The numbers of units of a pathway's regions: pathways of one profile share their random ones.
  package static func profile(_ regions: [Int], unitCounts: [[Int]]) -> [Int] {
    zip(regions, unitCounts).map { $1[$0] }
  }

  /// - Parameters:
  ///   - profile: the size of a region in each layer.
  ///   - unitCounts: by layer, the size of each region.
  ///   - count: how many; each layer's region is uniform among those of the size, so a pathway may be drawn twice.
  ///   - family: distinguishes profiles.
  package static func draw(
    _ profile: [Int], unitCounts: [[Int]], count: Int, seed: UInt64, family: Int
  ) -> [[Int]] {
    let choices = zip(profile, unitCounts).map { size, counts in counts.indices.filter { counts[$0] == size } }
    precondition(choices.allSatisfy { !$0.isEmpty }, "a profile of no pathway")
    return (0..<count).map { number in
      var random = CounterRandom(seed: seed, domain: .randomPathways, index: UInt64(family) << 32 | UInt64(number))
      return choices.map { $0[random.next(below: $0.count)] }
    }
  }
}
