extension Design {
  package static let largestPlayerCount = 4096

  /// Rows of one draw.
  var rowsPerGroup: Int {
    switch kind {
    case .singleRegions, .complementPairs, .allCoalitions, .singleLesions, .gradients: 2
    case .permutations: Design.rowsPerChainPair(players: playerCount)
    }
  }

  /// Rows by which a design can grow: a sweep over the regions where each has its own draws, else a group.
  var rowsPerUnit: Int { Design.rowsPerUnit(kind, players: playerCount) }

  /// Complete draws: pairs or antithetic pairs of permutations.
  var groupCount: Int { playerCount == 1 ? 0 : (rowCount - 2) / rowsPerGroup }

  /// Antithetic pairs of permutations that the design was planned for; each has its strata.
  var plannedChainPairs: Int { (budget - 2) / Design.rowsPerChainPair(players: playerCount) }

  var minimumRowCount: Int {
    Design.minimumRowCount(kind, players: playerCount, index: index, donors: donorCount)
  }

  /// The least budget that gives an estimate with an error bar.
  package static func minimumRowCount(_ kind: DesignKind, players: Int, index: ValueIndex, donors: Int = 1) -> Int {
    if players == 1 { return 2 }
    return switch kind {
    case .singleRegions: 2 + 4 * players
    case .permutations: 2 + 2 * rowsPerChainPair(players: players)
    case .complementPairs:
      // Below about 24 pairs two regions may by chance never part company.
      min(max(4 * players, 50), 2 + 2 * PairPlan.largestPairCount(players: players, index: index, donors: donors))
    case .allCoalitions: 1 << min(players, Int.bitWidth - 2)
    case .singleLesions: players + 2
    case .gradients: GradientDesign.minimumPassCount(players: players)
    }
  }

  private static func rowsPerChainPair(players: Int) -> Int { 2 * (players - 1) }

  private static func rowsPerUnit(_ kind: DesignKind, players: Int) -> Int {
    switch kind {
    case .singleRegions: 2 * players
    case .permutations: rowsPerChainPair(players: players)
    case .complementPairs, .allCoalitions, .singleLesions, .gradients: 2
    }
  }

  /// The rows that a budget buys, after all checks.
  static func rows(
    _ kind: DesignKind, players: Int, budget: Int, index: ValueIndex, donors: Int
  ) throws(ShapleyError) -> Int {
    guard players >= 1 && players <= largestPlayerCount else {
      throw ShapleyError(
        .unsuitableDesign,
        "\(players) regions can't be estimated: choose a grid of 1 to \(largestPlayerCount) regions.")
    }
    precondition(kind != .gradients, "gradient passes are of a GradientDesign")
    precondition(kind != .permutations || index == .shapley, "permutations are of the Shapley index")
    if kind == .allCoalitions && players > EstimatorName.largestEnumeration {
      throw ShapleyError(
        .unsuitableDesign,
        """
        Enumeration is limited to \(EstimatorName.largestEnumeration) regions and the grid has \(players): \
        choose the regression estimator or a coarser grid.
        """)
    }
    let minimum = minimumRowCount(kind, players: players, index: index, donors: donors)
    guard budget >= minimum else {
      throw ShapleyError(
        .budgetTooSmall,
        """
        A design of \(kind.phrase) needs at least \(minimum) evaluations for \(players) regions and has \(budget): \
        raise the samples a region to \((minimum + players - 1) / players) or choose a coarser grid.
        """)
    }
    if players == 1 { return 2 }
    switch kind {
    case .allCoalitions, .singleLesions, .gradients: return minimum
    case .complementPairs:
      return 2 + 2 * min((budget - 2) / 2, PairPlan.largestPairCount(players: players, index: index, donors: donors))
    case .singleRegions, .permutations:
      let unit = rowsPerUnit(kind, players: players)
      return 2 + (budget - 2) / unit * unit
    }
  }
}
