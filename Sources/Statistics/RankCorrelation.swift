internal import Glibc

/// Spearman's rank correlation with an interval.
package struct RankCorrelation: Sendable, Hashable, Codable {
  package var coefficient: Double
  package var lower: Double
  package var upper: Double
  package var count: Int

  /// The correlation of the ranks, ties at their mean rank; the interval by Fisher's z with variance (1 + ρ²/2)/(n − 3)
  /// (Bonett and Wright, Psychometrika 65, 2000).
  ///
  /// `nil` below four pairs, or where either is constant or has a number that isn't finite.
  package init?(_ x: [Double], _ y: [Double], confidence: Double) {
    precondition(x.count == y.count)
    guard x.count >= 4, (x + y).allSatisfy(\.isFinite), let coefficient = Correlation.pearson(Self.ranks(x), Self.ranks(y))
    else { return nil }
    self.coefficient = coefficient
    count = x.count
    let deviation = ((1 + coefficient * coefficient / 2) / Double(count - 3)).squareRoot()
    let half = StudentT.criticalValue(confidence: confidence, degreesOfFreedom: .infinity) * deviation
    // tanh(atanh ρ ± h) by its addition theorem.
    let shift = tanh(half)
    lower = (coefficient - shift) / (1 - coefficient * shift)
    upper = (coefficient + shift) / (1 + coefficient * shift)
  }

  /// Ranks from 1, equal values at the mean of theirs.
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }
}
