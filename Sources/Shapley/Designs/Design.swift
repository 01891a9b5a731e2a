package import Grids
import Random

/// The ordered coalitions of a series: row 0 is G (all intact), row 1 is ∅ (all lesioned), then those of its kind.
///
/// A row is a function of (kind, players, planned budget, index, donors, seed, stream, row) alone, so a shard is a range of
/// rows that any rank writes down by itself, and coalitions are never sent or stored. Designs are equal where these are.
///
/// Cost of a slice: O(n) a row; for complement pairs the shuffle of each stratum of at most 2¹⁴ distinct pairs that the
/// slice touches as well (below 0.1 ms) and, the first time, that of balancing (`BalancedPairs`); for permutations
/// O(n·blocks) a slice and O(n·log n) for each block of 2(n − 1) rows that it touches.
package struct Design: Sendable {
  /// Of the rules by which coalitions are drawn: values that were measured under other rules are of other coalitions.
  package static let version = 2

  /// Of the rules by which coalitions and their donors are drawn.
  package static func version(drawsDonors: Bool) -> Int { drawsDonors ? 3 : version }

  package let kind: DesignKind
  package let playerCount: Int
  package let index: ValueIndex
  /// The budget that the design was planned for, in evaluations.
  package let budget: Int
  package let seed: UInt64
  /// Which series: designs of different streams are independent.
  package let stream: UInt64
  /// What each coalition may meet one of, in place of what is lesioned; 1 where lesions are not drawn.
  package let donorCount: Int
  /// The number of coalitions, at most `budget`.
  package let rowCount: Int

  /// The spending of complement pairs; nil for designs of another kind.
  let pairPlan: PairPlan?
  /// Whether complement pairs are balanced against each other (`BalancedPairs`): where most are draws from strata too large
  /// to be listed.
  var isBalanced: Bool {
    guard let pairPlan, index == .shapley, playerCount <= BalancedPairs.largestPlayerCount else { return false }
    return pairPlan.hasLargeStrata
  }
  /// The seed of all draws of this design.
  let drawSeed: UInt64
  /// What it shares with others of its family.
  let memory: DesignMemory

  /// - Parameters:
  ///   - players: 1 to 4096.
  ///   - budget: evaluations at most; G and ∅ count.
  ///   - donors: at least 1.
  ///   - memory: one for all designs of a family saves making the same pairs for each.
  /// - Throws: `budgetTooSmall` with the least budget, `unsuitableDesign` with a design that would suit.
  package init(
    _ kind: DesignKind, players: Int, budget: Int, index: ValueIndex = .shapley, donors: Int = 1, seed: UInt64,
    stream: UInt64 = 0, memory: DesignMemory = DesignMemory()
  ) throws(ShapleyError) {
    let rows = try Design.rows(kind, players: players, budget: budget, index: index, donors: donors)
    self.init(
      kind, players: players, budget: budget, index: index, donors: donors, seed: seed, stream: stream, rows: rows, memory: memory
    )
  }

  private init(
    _ kind: DesignKind, players: Int, budget: Int, index: ValueIndex, donors: Int, seed: UInt64, stream: UInt64, rows: Int,
    memory: DesignMemory
  ) {
    self.kind = kind
    playerCount = players
    self.budget = budget
    self.index = index
    donorCount = donors
    self.seed = seed
    self.stream = stream
    rowCount = rows
    pairPlan =
      kind == .complementPairs && players > 1
      ? PairPlan(players: players, pairs: (budget - 2) / 2, index: index, donors: donors) : nil
    drawSeed = CounterRandom.derivedSeed(from: seed, stream: stream)
    self.memory = memory
  }

  /// The design that an estimator is made for.
  ///
  /// - Throws: as above; `unsuitableEstimator` where the estimator doesn't know the index.
  package init(
    estimator: EstimatorName, players: Int, budget: Int, index: ValueIndex = .shapley, donors: Int = 1, seed: UInt64,
    stream: UInt64 = 0, memory: DesignMemory = DesignMemory()
  ) throws(ShapleyError) {
    guard estimator.indices.contains(index) else {
      throw ShapleyError(
        .unsuitableEstimator,
        "The \(estimator.rawValue) estimator has no Banzhaf form: choose the regression or naive estimator, or the Shapley index."
      )
    }
    try self.init(
      estimator.design, players: players, budget: budget, index: index, donors: donors, seed: seed, stream: stream,
      memory: memory)
  }

  /// The same design, stopped early: its first rows, at most `rows`, cut where an estimate can be made.
  ///
  /// Nil where no shorter design gives an estimate with an error bar (always for a whole one).
  package func truncated(toRows rows: Int) -> Design? {
    if rows >= rowCount { return self }
    guard !kind.isWhole, rows >= minimumRowCount else { return nil }
    return Design(
      kind, players: playerCount, budget: budget, index: index, donors: donorCount, seed: seed, stream: stream,
      rows: 2 + (rows - 2) / rowsPerUnit * rowsPerUnit, memory: memory)
  }

  /// Whose numbers regions have.
  enum Numbering {
    case series
    /// Those in which all series have the same pairs, where pairs are balanced.
    case shared
  }

  package func coalition(_ row: Int) -> Coalition { coalitions(in: row..<row + 1)[0] }

  /// The coalitions of a range of rows.
  package func coalitions(in rows: Range<Int>) -> [Coalition] { coalitions(in: rows, numbering: .series) }

  func coalitions(in rows: Range<Int>, numbering: Numbering) -> [Coalition] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount)
    var result: [Coalition] = []
    result.reserveCapacity(rows.count)
    for row in rows.clamped(to: 0..<min(2, rowCount)) {
      result.append(row == 0 ? Coalition(fullOf: playerCount) : Coalition(emptyOf: playerCount))
    }
    let samples = rows.clamped(to: min(2, rowCount)..<rowCount)
    switch kind {
    case .singleRegions: appendSingleRegions(samples, to: &result)
    case .permutations: appendChains(samples, to: &result)
    case .complementPairs: appendComplementPairs(samples, numbering: numbering, to: &result)
    case .allCoalitions: for row in samples { result.append(Coalition(of: playerCount, mask: UInt64(row - 1))) }
    case .gradients: preconditionFailure("gradient passes are of a GradientDesign")
    case .singleLesions: for row in samples { result.append(Coalition(of: playerCount, lesioned: CollectionOfOne(row - 2))) }
    }
    return result
  }

  /// Which group a row belongs to; the rows of a group are drawn together and must be lesioned alike, with the same donor
  /// where lesions are drawn: a pair, or an antithetic pair of permutations. G and ∅ are group 0; samples start with
  /// group 1, except in whole designs, where everything is group 0.
  package func group(_ row: Int) -> Int {
    precondition(row >= 0 && row < rowCount)
    if row < 2 || kind.isWhole { return 0 }
    return 1 + (row - 2) / rowsPerGroup
  }
}

extension Design: Hashable {
  package static func == (one: Design, other: Design) -> Bool {
    one.kind == other.kind && one.playerCount == other.playerCount && one.index == other.index
      && one.budget == other.budget && one.donorCount == other.donorCount && one.seed == other.seed
      && one.stream == other.stream && one.rowCount == other.rowCount
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(playerCount)
    hasher.combine(budget)
    hasher.combine(donorCount)
    hasher.combine(seed)
    hasher.combine(stream)
    hasher.combine(rowCount)
  }
}
