/// How ζ is estimated from a table of values.
package enum EstimatorName: String, CaseIterable, Sendable, Codable, Hashable {
  /// From complement pairs: size-modulated odd regression (Shapley), linear regression (Banzhaf).
  case regression
  /// From complement pairs: plain weighted least squares, Leverage SHAP. Shapley only.
  case leverage
  /// From antithetic permutations whose positions are Latin-hypercube sampled. Shapley only.
  case permutation
  /// The textbook formula: each region on its own, v(S ∪ {g}) − v(S) averaged over independent S.
  case naive
  /// From all 2ⁿ coalitions, n ≤ 16.
  case exact
  /// From n + 2 coalitions: exact where the value is affine in what is lesioned.
  case affine

  /// The largest game that is enumerated.
  package static let largestEnumeration = 16

  /// The design that it computes ζ from.
  package var design: DesignKind {
    switch self {
    case .regression, .leverage: .complementPairs
    case .permutation: .permutations
    case .naive: .singleRegions
    case .exact: .allCoalitions
    case .affine: .singleLesions
    }
  }

  /// The indices that it estimates.
  package var indices: [ValueIndex] {
    switch self {
    case .permutation, .leverage: [.shapley]
    case .regression, .naive, .exact, .affine: ValueIndex.allCases
    }
  }

  /// The estimator that `auto` stands for.
  package static func automatic(players: Int, budget: Int, isAffine: Bool) -> EstimatorName {
    if isAffine { return .affine }
    if players <= largestEnumeration && (1 << players) <= budget { return .exact }
    return .regression
  }
}
