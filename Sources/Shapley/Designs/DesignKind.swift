/// Which coalitions of a game a design measures; what is computed from them is the estimator's.
package enum DesignKind: String, CaseIterable, Sendable, Codable, Hashable {
  /// {S, Sᶜ}: sizes spread evenly over 1..<n (Shapley), or those of uniform subsets (Banzhaf).
  case complementPairs = "complement_pairs"
  /// The chains of permutations and of their reverses.
  case permutations
  /// S and S ∪ {g}, drawn for each region g on its own.
  case singleRegions = "single_regions"
  /// All 2ⁿ.
  case allCoalitions = "all_coalitions"
  /// G, ∅ and every G ∖ {g}.
  case singleLesions = "single_lesions"
  /// Forward and backward passes at {S, Sᶜ} and at half lesions: `GradientDesign`.
  case gradients

  /// What it is called in a sentence.
  package var phrase: String {
    switch self {
    case .complementPairs: "complement pairs"
    case .permutations: "antithetic permutations"
    case .singleRegions: "pairs drawn for each region on its own"
    case .allCoalitions: "all coalitions"
    case .singleLesions: "single lesions"
    case .gradients: "gradient passes"
    }
  }

  /// The estimators that have honest errors on it.
  package func estimators(_ index: ValueIndex) -> [EstimatorName] {
    EstimatorName.allCases.filter { $0.design == self && $0.indices.contains(index) }
  }

  /// Whether nothing is drawn: such a design can't grow or end early, and its coalitions are the same for every index.
  package var isWhole: Bool { self == .allCoalitions || self == .singleLesions }

  /// Why an estimator can't use what such a design measured, as the end of a sentence that says so of a layer; `nil` if
  /// it can.
  package func refusal(of estimator: EstimatorName, index: ValueIndex) -> String? {
    let fitting = estimators(index)
    guard !fitting.contains(estimator) else { return nil }
    let quoted = fitting.map { "'\($0.rawValue)'" }
    let names = ([quoted.dropLast().joined(separator: ", ")].filter { !$0.isEmpty } + quoted.suffix(1)).joined(separator: " and ")
    return
      "\(phrase)\(index == .shapley || isWhole ? "" : " for the \(index.rawValue) index"), which '\(estimator.rawValue)' can't use; \(names) can"
  }
}
