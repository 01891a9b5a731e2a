/// All pairs of some regions, in the order (0, 1), (0, 2), ..., (1, 2), ... of their places.
package struct RegionPairs: Sendable, Hashable {
  /// At most as many regions are paired: 45 pairs.
  package static let mostRegions = 10

  package let regions: [Int]
  /// Places of `regions`.
  package let places: [(first: Int, second: Int)]

  package init(of regions: [Int]) {
    self.regions = regions
    places = regions.indices.flatMap { first in ((first + 1)..<regions.count).map { (first, $0) } }
  }

  package var count: Int { places.count }

  /// The regions of a pair.
  package func regions(of pair: Int) -> (first: Int, second: Int) {
    (regions[places[pair].first], regions[places[pair].second])
  }

  package static func == (a: RegionPairs, b: RegionPairs) -> Bool { a.regions == b.regions }
  package func hash(into hasher: inout Hasher) { hasher.combine(regions) }
}
