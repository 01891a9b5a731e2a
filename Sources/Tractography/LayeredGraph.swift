/// The regions of consecutive layers and the wiring between them, each step's strengths scaled to a total of 1, so that
/// a wide layer doesn't drown the rest.
package struct LayeredGraph: Sendable {
  /// Regions of each layer.
  package let regionCounts: [Int]
  /// By step from a layer to the next: its strengths over their total; [sources x targets].
  package let steps: [[Double]]

  /// - Parameter strengths: by step, [sources x targets], none negative. A step without any strength stays 0.
  package init(regionCounts: [Int], strengths: [[Double]]) {
    precondition(strengths.count == regionCounts.count - 1)
    self.regionCounts = regionCounts
    steps = strengths.enumerated().map { step, values in
      precondition(values.count == regionCounts[step] * regionCounts[step + 1])
      return Self.scaled(values)
    }
  }

  /// Strengths over their total.
  package static func scaled(_ strengths: [Double]) -> [Double] {
    let total = strengths.reduce(0, +)
    return total > 0 ? strengths.map { $0 / total } : strengths
  }

  /// PathStrength: the sum of a path's scaled strengths, from the first layer to the last.
  ///
  /// - Parameter path: a region of each layer.
  package func strength(of path: [Int]) -> Double {
    precondition(path.count == regionCounts.count)
    return steps.indices.reduce(0) { $0 + steps[$1][path[$1] * regionCounts[$1 + 1] + path[$1 + 1]] }
  }
}
