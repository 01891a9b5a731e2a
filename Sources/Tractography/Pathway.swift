internal import HeapModule

/// A route through a layered graph: a region of each layer.
package struct Pathway: Sendable, Hashable, Codable {
  /// By layer.
  package var regions: [Int]
  /// PathStrength: the sum of its scaled strengths.
  package var strength: Double

  package init(regions: [Int], strength: Double) {
    self.regions = regions
    self.strength = strength
  }
}

/// The k strongest pathways of a layered graph.
///
/// Exact, by dynamic programming over the k best prefixes that end in each region: a prefix that k others of the same
/// end surpass can't be part of a pathway among the k best. Ties go to the smaller region numbers.
///
/// Cost: for each step O(sources·targets + targets·k·log sources). Memory: 8 bytes a kept prefix, k of each region.
package struct StrongestPathways: Sendable {
  /// The end of a prefix: what is needed to walk it back.
  private struct Link {
    /// The number of the prefix before it, in the layer before; -1 in the first layer.
    var previous: Int32
    var region: Int32
  }

  private let limit: Int
  /// By layer: prefixes that end there, those of a region together, best first.
  private var layers: [[Link]]
  /// By prefix of the last layer so far.
  private var strengths: [Double]
  /// By region of the last layer so far: where its prefixes lie.
  private var ranges: [Range<Int>]

  /// Begins with every region of the first layer.
  package init(regionCount: Int, limit: Int) {
    precondition(limit > 0)
    self.limit = limit
    layers = [(0..<regionCount).map { Link(previous: -1, region: Int32($0)) }]
    strengths = Array(repeating: 0, count: regionCount)
    ranges = (0..<regionCount).map { $0..<$0 + 1 }
  }

  package init(in graph: LayeredGraph, limit: Int) {
    self.init(regionCount: graph.regionCounts[0], limit: limit)
    for (step, strengths) in graph.steps.enumerated() {
      extend(by: strengths, regionCount: graph.regionCounts[step + 1])
    }
  }

  /// Goes on to a further layer. - Parameter edges: scaled strengths; [regions of the last layer x regionCount].
  package mutating func extend(by edges: [Double], regionCount: Int) {
    let links = layers[layers.count - 1]
    precondition(edges.count == ranges.count * regionCount)
    let prefixesPerRegion = min(limit, links.count)
    var next: [Link] = []
    next.reserveCapacity(prefixesPerRegion * regionCount)
    var nextStrengths: [Double] = []
    nextStrengths.reserveCapacity(prefixesPerRegion * regionCount)
    var nextRanges: [Range<Int>] = []
    for target in 0..<regionCount {
      // The best continuation of each source; taking one brings up the source's next prefix.
      var heap = Heap<Candidate>()
      for (source, range) in ranges.enumerated() where !range.isEmpty {
        let edge = edges[source * regionCount + target]
        heap.insert(Candidate(strength: strengths[range.lowerBound] + edge, prefix: range.lowerBound))
      }
      let start = next.count
      while next.count - start < limit, let best = heap.popMax() {
        next.append(Link(previous: Int32(best.prefix), region: Int32(target)))
        nextStrengths.append(best.strength)
        let source = Int(links[best.prefix].region)
        let following = best.prefix + 1
        if following < ranges[source].upperBound {
          let edge = edges[source * regionCount + target]
          heap.insert(Candidate(strength: strengths[following] + edge, prefix: following))
        }
      }
      nextRanges.append(start..<next.count)
    }
    layers.append(next)
    strengths = nextStrengths
    ranges = nextRanges
  }

  /// The k best, strongest first.
  package var pathways: [Pathway] {
    let order = strengths.indices.sorted {
      strengths[$0] != strengths[$1] ? strengths[$0] > strengths[$1] : $0 < $1
    }
    return order.prefix(limit).map { end in
      var regions: [Int] = []
      var prefix = end
      for layer in layers.reversed() {
        regions.append(Int(layer[prefix].region))
        prefix = Int(layer[prefix].previous)
      }
      return Pathway(regions: regions.reversed(), strength: strengths[end])
    }
  }
}

/// A continuation of a pathway. The largest has the greatest strength, and of equal ones the first prefix.
private struct Candidate: Comparable {
  var strength: Double
  var prefix: Int

  static func < (one: Candidate, other: Candidate) -> Bool {
    one.strength != other.strength ? one.strength < other.strength : one.prefix > other.prefix
  }
}
