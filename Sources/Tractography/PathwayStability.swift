import Random

/// How often pathways stay among the k strongest when stimuli are drawn anew: a bootstrap over stimuli.
///
/// Steps are added in the order of the layers, so that one step's strengths need be in memory at a time.
///
/// Cost: for each step, replicates·stimuli·edges multiplications and the pathways' dynamic programming once a replicate.
package struct PathwayStability: Sendable {
  private let stimulusCount: Int
  /// By replicate: how often each stimulus was drawn.
  private let counts: [[Int]]
  private var searches: [StrongestPathways]

  package init(replicates: Int, stimulusCount: Int, firstRegionCount: Int, limit: Int, seed: UInt64) {
    self.stimulusCount = stimulusCount
    counts = (0..<replicates).map { replicate in
      var random = CounterRandom(seed: seed, domain: .pathwayStability, index: UInt64(replicate))
      var counts = [Int](repeating: 0, count: stimulusCount)
      for _ in 0..<stimulusCount { counts[random.next(below: stimulusCount)] += 1 }
      return counts
    }
    searches = Array(repeating: StrongestPathways(regionCount: firstRegionCount, limit: limit), count: replicates)
  }

  /// Adds a step. - Parameter strengths: by stimulus, [sources x targets].
  package mutating func extend(by strengths: [[Float]], regionCount: Int) {
    precondition(strengths.count == stimulusCount)
    var sums = [Double](repeating: 0, count: strengths[0].count)
    for replicate in searches.indices {
      for edge in sums.indices { sums[edge] = 0 }
      for (stimulus, weight) in counts[replicate].enumerated() where weight > 0 {
        let factor = Double(weight)
        strengths[stimulus].withUnsafeBufferPointer { values in
          sums.withUnsafeMutableBufferPointer { sums in
            for edge in sums.indices { sums[edge] += factor * Double(values[edge]) }
          }
        }
      }
      searches[replicate].extend(by: LayeredGraph.scaled(sums), regionCount: regionCount)
    }
  }

  /// The share of replicates in which each pathway is among the k strongest.
  package func shares(of pathways: [Pathway]) -> [Double] {
    let found = searches.map { Set($0.pathways.map(\.regions)) }
    return pathways.map { pathway in
      Double(found.count { $0.contains(pathway.regions) }) / Double(found.count)
    }
  }
}
