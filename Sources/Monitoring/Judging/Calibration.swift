package import Distribution

/// Scores of stimuli that nothing was fitted to, so that a new stimulus's rank among them is its p-value.
///
/// Split conformal prediction: where the stimulus and those held out are exchangeable, P(p ≤ α) ≤ α for every α, whatever the
/// score is. Source: Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World (2005), § 4; Papadopoulos et al. (2002).
package struct Calibration: Sendable, Hashable {
  /// Ascending.
  package private(set) var scores: [Double] = []

  package init() {}

  package init(_ scores: [Double]) { self.scores = scores.sorted() }

  /// Whether the scores are in order, and of a size that scores have.
  var isSound: Bool {
    scores.allSatisfy { abs($0) <= 1e30 || $0 == .infinity } && zip(scores, scores.dropFirst()).allSatisfy(<=)
  }

  /// (1 + the held-out scores that are no smaller)/(1 + all).
  package func pValue(_ score: Double) -> Double {
    Double(1 + scores.count - firstIndex(notBelow: score)) / Double(1 + scores.count)
  }

  /// Of a score that what is strange makes smaller or larger: twice the smaller of the two p-values, at most 1.
  package func twoSidedPValue(_ score: Double) -> Double {
    let above = score.isFinite ? firstIndex(notBelow: score.nextUp) : scores.count
    let notLarger = Double(1 + above) / Double(1 + scores.count)
    return min(1, 2 * min(pValue(score), notLarger))
  }

  private func firstIndex(notBelow score: Double) -> Int {
    var (low, high) = (0, scores.count)
    while low < high {
      let middle = (low + high) / 2
      if scores[middle] < score { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Calibration: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&scores) }
}
