extension Design {
  /// Why the design tells nothing of interactions, in a sentence; `nil` where it does.
  package var interactionsReason: String? {
    switch kind {
    case .complementPairs, .allCoalitions: nil
    case .gradients: preconditionFailure("gradient passes are of a GradientDesign")
    case .singleLesions: "The network is affine in this layer, so its regions don't interact."
    case .singleRegions, .permutations:
      "The coalitions of \(kind.phrase) depend on each other; complement pairs, which --estimator regression draws, tell of interactions."
    }
  }

  /// How many regions' pairs the design can tell apart: with at least three complement pairs a parameter.
  package var mostInteractingRegions: Int {
    switch kind {
    case .allCoalitions: return min(playerCount, RegionPairs.mostRegions)
    case .complementPairs:
      // Two regions fewer than all: with all of them the features depend on each other.
      let sizes = EvenRegression.sizeTerms(players: playerCount, index: index)
      return (2...RegionPairs.mostRegions).last {
        $0 <= playerCount - 2 && 3 * (sizes + $0 + $0 * ($0 - 1) / 2) <= groupCount
      } ?? 0
    case .singleLesions, .singleRegions, .permutations, .gradients: return 0
    }
  }

  /// The interactions of pairs of regions, from the even parts (v(S) + v(Sᶜ))/2 of complement pairs: the faithful Shapley
  /// interactions (Shapley) or the Banzhaf interactions (Banzhaf). Exact from all coalitions.
  ///
  /// Odd and even parts have nothing in common, so regions may be chosen by ζ, which the regression takes from odd parts.
  ///
  /// Cost for P complement pairs and f features, at most 60: 2Pf² multiply-adds.
  /// - Parameters:
  ///   - values: `[rowCount]`, in design order.
  ///   - pairs: of at most `mostInteractingRegions` regions.
  /// - Returns: `nil` where the coalitions that were drawn don't tell the pairs apart, as few may.
  package func interactions(values: [Float], pairs: RegionPairs) -> PairEstimate? {
    precondition(values.count == rowCount && pairs.regions.count <= mostInteractingRegions)
    let values = values.map(Double.init)
    if kind == .allCoalitions {
      let table = valuesByMask(values)
      let interaction =
        switch index {
        case .shapley: ExactSolver.faithfulShapley(players: playerCount, values: table, pairs: pairs)
        case .banzhaf: ExactSolver.banzhafInteraction(players: playerCount, values: table, pairs: pairs)
        }
      return PairEstimate(
        interaction: interaction, standardError: interaction.map { _ in 0 }, degreesOfFreedom: .infinity)
    }
    let evenParts = (0..<groupCount).map { group -> Double in (values[2 + 2 * group] + values[3 + 2 * group]) / 2 }
    let table = PairTable(design: self)
    let regression = EvenRegression(
      table: table, evenParts: evenParts, anchor: (values[0] + values[1]) / 2, index: index, pairs: pairs)
    return regression.estimate()
  }
}
