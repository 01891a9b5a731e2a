import Random

/// Pathways drawn at random through the same layers and of the same region sizes as one that is to be tested.
package enum RandomPathways {
  /// The numbers of units of a pathway's regions: pathways of one profile share their random ones.
  package static func profile(_ regions: [Int], unitCounts: [[Int]]) -> [Int] {
    zip(regions, unitCounts).map { $1[$0] }
  }

  /// Different pathways, each as likely as any other; all that there are where they are no more than asked for.
  ///
  /// - Parameters:
  ///   - profile: the size of a region in each layer.
  ///   - unitCounts: by layer, the size of each region.
  ///   - count: how many at most.
  ///   - family: distinguishes profiles.
  package static func draw(
    _ profile: [Int], unitCounts: [[Int]], count: Int, seed: UInt64, family: Int
  ) -> [[Int]] {
    let choices = zip(profile, unitCounts).map { size, counts in counts.indices.filter { counts[$0] == size } }
    precondition(choices.allSatisfy { !$0.isEmpty }, "a profile of no pathway")
    let total = choices.reduce(1) { min($0 * $1.count, count + 1) }
    guard total > count else {
      return choices.reduce([[]]) { pathways, regions in pathways.flatMap { pathway in regions.map { pathway + [$0] } } }
    }
    var (drawn, seen): ([[Int]], Set<[Int]>) = ([], [])
    var number: UInt64 = 0
    while drawn.count < count {
      var random = CounterRandom(seed: seed, domain: .randomPathways, index: UInt64(family) << 32 | number)
      let pathway = choices.map { $0[random.next(below: $0.count)] }
      if seen.insert(pathway).inserted { drawn.append(pathway) }
      number += 1
    }
    return drawn
  }
}
