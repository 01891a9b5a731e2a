extension Design {
  package static let largestPlayerCount = 4096

  /// Rows of one draw of the estimator.
  var rowsPerGroup: Int {
    switch estimator {
    case .naive, .regression, .exact, .affine: 2
    case .permutation: Design.rowsPerChainPair(players: playerCount)
    }
  }

  /// Rows by which a design can grow: a sweep over the regions (naive), else a group.
  var rowsPerUnit: Int { Design.rowsPerUnit(estimator: estimator, players: playerCount) }

  /// Complete draws: pairs or antithetic pairs of permutations.
  var groupCount: Int { playerCount == 1 ? 0 : (rowCount - 2) / rowsPerGroup }

  /// Antithetic pairs of permutations that the design was planned for; each has its strata.
  var plannedChainPairs: Int { (budget - 2) / Design.rowsPerChainPair(players: playerCount) }

  var minimumRowCount: Int {
    Design.minimumRowCount(estimator: estimator, players: playerCount, index: index)
  }

  /// The least budget that gives an estimate with an error bar.
  package static func minimumRowCount(estimator: EstimatorName, players: Int, index: ValueIndex) -> Int {
    if players == 1 { return 2 }
    return switch estimator {
    case .naive: 2 + 4 * players
    case .permutation: 2 + 2 * rowsPerChainPair(players: players)
    case .regression:
      // Below about 24 pairs two regions may by chance never part company.
      min(max(4 * players, 50), 2 + 2 * (PairPlan.distinctPairs(players: players, index: index) ?? Int.max / 4))
    case .exact: 1 << min(players, Int.bitWidth - 2)
    case .affine: players + 2
    }
  }

  private static func rowsPerChainPair(players: Int) -> Int { 2 * (players - 1) }

  private static func rowsPerUnit(estimator: EstimatorName, players: Int) -> Int {
    switch estimator {
    case .naive: 2 * players
    case .permutation: rowsPerChainPair(players: players)
    case .regression, .exact, .affine: 2
    }
  }

  /// The rows that a budget buys, after all checks.
  static func rows(
    estimator: EstimatorName, players: Int, budget: Int, index: ValueIndex
  ) throws(ShapleyError) -> Int {
    guard players >= 1 && players <= largestPlayerCount else {
      throw ShapleyError(
        .unsuitableEstimator,
        "\(players) regions can't be estimated: choose a grid of 1 to \(largestPlayerCount) regions.")
    }
    if estimator == .permutation && index == .banzhaf {
      throw ShapleyError(
        .unsuitableEstimator,
        "The permutation estimator has no Banzhaf form: choose the regression or naive estimator, or the Shapley index.")
    }
    if estimator == .exact && players > EstimatorName.largestEnumeration {
      throw ShapleyError(
        .unsuitableEstimator,
        """
        Enumeration is limited to \(EstimatorName.largestEnumeration) regions and the grid has \(players): \
        choose the regression estimator or a coarser grid.
        """)
    }
    let minimum = minimumRowCount(estimator: estimator, players: players, index: index)
    guard budget >= minimum else {
      throw ShapleyError(
        .budgetTooSmall,
        """
        The \(estimator.rawValue) estimator needs at least \(minimum) evaluations for \(players) regions and has \(budget): \
        raise the samples a region to \((minimum + players - 1) / players) or choose a coarser grid.
        """)
    }
    if players == 1 { return 2 }
    switch estimator {
    case .exact, .affine: return minimum
    case .regression:
      let distinct = PairPlan.distinctPairs(players: players, index: index) ?? Int.max / 4
      return 2 + 2 * min((budget - 2) / 2, distinct)
    case .naive, .permutation:
      let unit = rowsPerUnit(estimator: estimator, players: players)
      return 2 + (budget - 2) / unit * unit
    }
  }
}
