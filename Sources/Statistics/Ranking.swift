/// Ranks by ζ and how far they can be trusted. Rank 1 is the largest ζ.
package enum Ranking {
  /// `[regions]`: ranks 1...n by descending ζ, ties by region number.
  package static func ranks(_ zeta: [Double]) -> [Int] {
    var ranks = [Int](repeating: 0, count: zeta.count)
    for (position, region) in order(zeta).enumerated() { ranks[region] = position + 1 }
    return ranks
  }

  /// The regions by descending ζ, ties by region number.
  package static func order(_ zeta: [Double]) -> [Int] {
    zeta.indices.sorted { zeta[$0] != zeta[$1] ? zeta[$0] > zeta[$1] : $0 < $1 }
  }

  /// `[regions]`: the ranks that a region's interval overlaps: from 1 + the regions whose interval lies wholly above to
  /// n − the regions whose interval lies wholly below. O(n log n).
  package static func intervals(_ intervals: [ClosedRange<Double>]) -> [ClosedRange<Int>] {
    let lower = intervals.map(\.lowerBound).sorted()
    let upper = intervals.map(\.upperBound).sorted()
    return intervals.map { interval in
      let above = lower.count - partition(lower) { $0 > interval.upperBound }
      let below = partition(upper) { $0 >= interval.lowerBound }
      return 1 + above...lower.count - below
    }
  }

  /// The first position of an ascending list whose element satisfies a condition that holds from there on.
  private static func partition(_ list: [Double], _ condition: (Double) -> Bool) -> Int {
    var low = 0
    var high = list.count
    while low < high {
      let middle = (low + high) / 2
      if condition(list[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
