/// How ζ is estimated from a table of values.
package enum EstimatorName: String, CaseIterable, Sendable, Codable, Hashable {
  /// From complement pairs: size-modulated odd regression (Shapley), linear regression (Banzhaf).
  case regression
  /// From complement pairs: the regression with products of three regions, where they predict. Shapley only.
  case cubic
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
  /// From derivatives at random coalitions (`GradientDesign`).
  case gradient

  /// The largest game that is enumerated.
  package static let largestEnumeration = 16

  /// The design that it computes ζ from.
  package var design: DesignKind {
    switch self {
    case .regression, .cubic, .leverage: .complementPairs
    case .permutation: .permutations
    case .naive: .singleRegions
    case .exact: .allCoalitions
    case .affine: .singleLesions
    case .gradient: .gradients
    }
  }

  /// Of its arithmetic: raised where the same values give another estimate.
  package var version: Int {
    switch self {
    case .regression, .cubic, .leverage, .permutation, .naive, .exact, .affine: 1
    case .gradient: 6
    }
  }

  /// The indices that it estimates.
  package var indices: [ValueIndex] {
    switch self {
    case .permutation, .cubic, .leverage: [.shapley]
    case .regression, .naive, .exact, .affine, .gradient: ValueIndex.allCases
    }
  }

  /// Floating-point operations for which `auto` enumerates all stimuli of a layer whatever the budget: some seconds of a core.
  private static let cheapOperations = 1e10
  /// What an evaluation costs beside its own operations; measured, 0.4 µs.
  private static let evaluationOverhead = 2000.0

  /// Whether all coalitions of a layer's stimuli cost so little that nothing else is worth while.
  ///
  /// - Parameter evaluationCost: floating-point operations of an evaluation.
  package static func isCheaplyEnumerated(players: Int, stimuli: Int, evaluationCost: Double) -> Bool {
    players <= largestEnumeration
      && Double(1 << players) * Double(stimuli) * (evaluationCost + evaluationOverhead) <= cheapOperations
  }

  /// Percent of a series' evaluations that `auto` lets its estimate cost on top of the regression's.
  package static let affordablePercent = 2

  /// The estimator that `auto` stands for.
  ///
  /// - Parameter evaluationCost: floating-point operations of an evaluation, a multiplication and an addition being two.
  package static func automatic(
    players: Int, budget: Int, index: ValueIndex, isAffine: Bool, evaluationCost: Double
  ) -> EstimatorName {
    if isAffine { return .affine }
    if players <= largestEnumeration && (1 << players) <= budget { return .exact }
    let affordable = Double(affordablePercent) / 100 * Double(budget) * evaluationCost
    let isCubic = index == .shapley && players <= SizeModulatedFit.largestModulatedCount
    return isCubic && Design.cubicCost(players: players, budget: budget) <= affordable ? .cubic : .regression
  }
}
