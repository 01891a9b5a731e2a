/// The ordered coalitions of a series: row 0 is G (all intact), row 1 is ∅ (all lesioned), then the estimator's samples.
///
/// A row is a function of (estimator, players, planned budget, index, seed, stream, row) alone, so a shard is a range of
/// rows that any rank writes down without the rows before it, and coalitions are never sent or stored.
///
/// Cost of a slice: naive, exact and affine O(n) a row; regression the same and the shuffle of each stratum of at most
/// 2¹⁴ distinct pairs that the slice touches (below 0.1 ms). Permutation: O(n·blocks)
/// a slice and O(n·log n) for each block of 2(n − 1) rows that it touches.
package struct Design: Sendable, Hashable {
  package let estimator: EstimatorName
  package let playerCount: Int
  package let index: ValueIndex
  /// The budget that the design was planned for, in evaluations.
  package let budget: Int
  package let seed: UInt64
  /// Which series: designs of different streams are independent.
  package let stream: UInt64
  /// The number of coalitions, at most `budget`.
  package let rowCount: Int

  /// The spending of complement pairs; nil for estimators without them.
  let pairPlan: PairPlan?
  /// The seed of all draws of this design.
  let drawSeed: UInt64

  /// - Parameters:
  ///   - players: 1 to 4096.
  ///   - budget: evaluations at most; G and ∅ count.
  /// - Throws: `budgetTooSmall` with the least budget, `unsuitableEstimator` with an estimator that would suit.
  package init(
    estimator: EstimatorName, players: Int, budget: Int, index: ValueIndex = .shapley, seed: UInt64, stream: UInt64 = 0
  ) throws(ShapleyError) {
    let rows = try Design.rows(estimator: estimator, players: players, budget: budget, index: index)
    self.init(
      estimator: estimator, players: players, budget: budget, index: index, seed: seed, stream: stream, rows: rows)
  }

  private init(
    estimator: EstimatorName, players: Int, budget: Int, index: ValueIndex, seed: UInt64, stream: UInt64, rows: Int
  ) {
    self.estimator = estimator
    playerCount = players
    self.budget = budget
    self.index = index
    self.seed = seed
    self.stream = stream
    rowCount = rows
    pairPlan =
      estimator == .regression && players > 1
      ? PairPlan(players: players, pairs: (budget - 2) / 2, index: index) : nil
    drawSeed = CounterRandom.derivedSeed(from: seed, stream: stream)
  }

  /// The same design, stopped early: its first rows, at most `rows`, cut where an estimate can be made.
  ///
  /// Nil where no shorter design gives an estimate with an error bar (always for exact and affine).
  package func truncated(toRows rows: Int) -> Design? {
    if rows >= rowCount { return self }
    guard estimator != .exact, estimator != .affine, rows >= minimumRowCount else { return nil }
    return Design(
      estimator: estimator, players: playerCount, budget: budget, index: index, seed: seed, stream: stream,
      rows: 2 + (rows - 2) / rowsPerUnit * rowsPerUnit)
  }

  package func coalition(_ row: Int) -> Coalition { coalitions(in: row..<row + 1)[0] }

  /// The coalitions of a range of rows.
  package func coalitions(in rows: Range<Int>) -> [Coalition] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount)
    var result: [Coalition] = []
    result.reserveCapacity(rows.count)
    for row in rows.clamped(to: 0..<min(2, rowCount)) {
      result.append(row == 0 ? Coalition(fullOf: playerCount) : Coalition(emptyOf: playerCount))
    }
    let samples = rows.clamped(to: min(2, rowCount)..<rowCount)
    switch estimator {
    case .naive: appendNaive(samples, to: &result)
    case .permutation: appendChains(samples, to: &result)
    case .regression: appendComplementPairs(samples, to: &result)
    case .exact: for row in samples { result.append(Coalition(of: playerCount, mask: UInt64(row - 1))) }
    case .affine: for row in samples { result.append(Coalition(of: playerCount, lesioned: CollectionOfOne(row - 2))) }
    }
    return result
  }

  /// Which group a row belongs to; the rows of a group are one draw of the estimator and must be lesioned alike, with
  /// the same donor where lesions are drawn. A pair (naive, regression), an antithetic pair of permutations
  /// (permutation), the whole table (exact, affine). G and ∅ are group 0; samples start with group 1, except in the
  /// whole-table designs, where everything is group 0.
  package func group(_ row: Int) -> Int {
    precondition(row >= 0 && row < rowCount)
    if row < 2 || estimator == .exact || estimator == .affine { return 0 }
    return 1 + (row - 2) / rowsPerGroup
  }
}
