internal import Glibc

/// The scores of some classes, and what stands for the others: what is kept of a pass where all would be too many.
///
/// Log-probabilities of the kept classes follow from these numbers, and so do margins and right answers.
package enum LeadingScores {
  /// Numbers that stand for the other classes: the logarithm of the sum of their exponentials, and the largest of their scores.
  package static let restCount = 2

  /// The classes that are kept of a stimulus: those that are needed, then those with the largest scores, of equal ones the first.
  ///
  /// - Parameters:
  ///   - scores: of the intact network, [classes]; NaN counts as the lowest.
  ///   - count: at least as many as there are different ones in `needed`, and at most all.
  /// - Returns: `count` classes, the largest score first.
  /// - Cost: that of sorting all classes.
  package static func classes(of scores: [Float], count: Int, needed: [Int]) -> [Int] {
    func key(_ index: Int) -> Float { scores[index].isNaN ? -.infinity : scores[index] }
    func precedes(_ a: Int, _ b: Int) -> Bool { key(a) > key(b) || key(a) == key(b) && a < b }
    let needed = Set(needed)
    precondition(needed.count <= count && count <= scores.count, "\(count) of \(scores.count) classes, \(needed.count) needed")
    let others = scores.indices.filter { !needed.contains($0) }.sorted(by: precedes)
    return (needed + others.prefix(count - needed.count)).sorted(by: precedes)
  }

  /// The scores of the kept classes, then what stands for the others; NaN where one of these is.
  ///
  /// - Parameters:
  ///   - scores: of a pass, [classes].
  ///   - kept: classes, each once.
  /// - Returns: [kept + `restCount`]; −∞ twice where no class is left.
  package static func numbers(_ scores: [Float], of kept: [Int]) -> [Float] {
    var isKept = [Bool](repeating: false, count: scores.count)
    for index in kept { isKept[index] = true }
    var largest = -Float.infinity
    for (index, score) in scores.enumerated() where !isKept[index] {
      if score.isNaN { return kept.map { scores[$0] } + [.nan, .nan] }
      largest = max(largest, score)
    }
    var logSum = largest
    if largest.isFinite {
      var sum = 0.0
      for (index, score) in scores.enumerated() where !isKept[index] { sum += exp(Double(score) - Double(largest)) }
      logSum = Float(Double(largest) + log(sum))
    }
    return kept.map { scores[$0] } + [logSum, largest]
  }
}
