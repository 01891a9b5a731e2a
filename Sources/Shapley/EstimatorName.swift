/// How ζ is estimated from a table of values.
package enum EstimatorName: String, CaseIterable, Sendable, Codable, Hashable {
  /// The textbook formula: each region on its own, v(S ∪ {g}) − v(S) averaged over independent S.
  case naive
  /// Antithetic permutations whose positions are Latin-hypercube sampled.
  case permutation
  /// Complement pairs and a regression: size-modulated odd regression (Shapley), linear regression (Banzhaf).
  case regression
  /// All 2ⁿ coalitions, n ≤ 16.
  case exact
  /// n + 2 coalitions: exact where the value is affine in what is lesioned.
  case affine

  /// The largest game that is enumerated.
  package static let largestEnumeration = 16

  /// The estimator that `auto` stands for.
  package static func automatic(players: Int, budget: Int, isAffine: Bool) -> EstimatorName {
    if isAffine { return .affine }
    if players <= largestEnumeration && (1 << players) <= budget { return .exact }
    return .regression
  }
}
