import Random

/// How often pathways stay among the k strongest when stimuli are drawn anew: a bootstrap over stimuli.
///
/// Replicates are drawn by their numbers, so that a few at a time can be gone through: each holds a step's edges, and prefixes of
/// every layer. Steps are added in the order of the layers.
///
/// Cost: for each step, replicates·stimuli·edges multiplications and the pathways' dynamic programming once a replicate.
package struct PathwayStability: Sendable {
  private let stimulusCount: Int
  /// By replicate: how often each stimulus was drawn.
  private let counts: [[Int]]
  private var searches: [StrongestPathways]

  package init(replicates: Range<Int>, stimulusCount: Int, firstRegionCount: Int, limit: Int, seed: UInt64) {
    self.stimulusCount = stimulusCount
    counts = replicates.map { replicate in
      var random = CounterRandom(seed: seed, domain: .pathwayStability, index: UInt64(replicate))
      var counts = [Int](repeating: 0, count: stimulusCount)
      for _ in 0..<stimulusCount { counts[random.next(below: stimulusCount)] += 1 }
      return counts
    }
    searches = Array(repeating: StrongestPathways(regionCount: firstRegionCount, limit: limit), count: replicates.count)
  }

  /// Adds a step.
  ///
  /// - Parameters:
  ///   - strengths: what gives a stimulus's, [sources x targets]; asked once for each, in order.
  ///   - regionCount: targets.
  /// - Throws: what `strengths` throws.
  package mutating func extend(regionCount: Int, by strengths: (_ stimulus: Int) throws -> [Float]) rethrows {
    var sums: [[Double]] = []
    for stimulus in 0..<stimulusCount {
      let values = try strengths(stimulus)
      if sums.isEmpty { sums = Array(repeating: Array(repeating: 0, count: values.count), count: searches.count) }
      for replicate in searches.indices where counts[replicate][stimulus] > 0 {
        let factor = Double(counts[replicate][stimulus])
        values.withUnsafeBufferPointer { values in
          sums[replicate].withUnsafeMutableBufferPointer { sums in
            for edge in sums.indices { sums[edge] += factor * Double(values[edge]) }
          }
        }
      }
    }
    for replicate in searches.indices {
      searches[replicate].extend(by: LayeredGraph.scaled(sums[replicate]), regionCount: regionCount)
    }
  }

  /// By pathway: how many replicates have it among the k strongest.
  package func counts(of pathways: [Pathway]) -> [Int] {
    let found = searches.map { Set($0.pathways.map(\.regions)) }
    return pathways.map { pathway in found.count { $0.contains(pathway.regions) } }
  }
}
