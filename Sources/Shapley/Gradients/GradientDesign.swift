import Random

/// The masks of a series' gradient passes: row 0 is G (all intact), row 1 is ∅ (all lesioned), then complement pairs.
///
/// A gradient pass at the mask m ∈ [0, 1]ⁿ gives v(m) and the derivatives d_g = ∂v/∂m_g of all n regions. In each pair some
/// regions, the *midpoints*, are lesioned in part: half (m_g = ½) in both rows or, from 192 passes on, to .28 in one row and to .72 in the
/// other (`PresenceRule`). Of the others the first row keeps S and the second their complement. Sizes, midpoints counted as halves, are
/// spread evenly (Shapley), or S is uniform among all subsets (Banzhaf).
///
/// The regions are dealt at random into `midpointBlocks` parts, one part are midpoints in each pair, and after as many
/// pairs they are dealt anew: every region is a midpoint equally often, but that small sizes have room for few. Where regions have
/// positions, those of a part keep their distance (`MidpointDeal`). Where a part would hold hardly more than one region, every second
/// pair has one midpoint and the others have none, and the trapezoid is computed from the latter only: then nothing but chance
/// separates the estimates of small games from their limits.
///
/// A row is a function of (players, positions, passes, index, blocks, seed, stream, row) alone, so a shard is a range of rows that
/// any rank writes down by itself.
///
/// Cost of a range of rows: O(n) a row, and an O(n) shuffle for each deal that it touches; 1 ms a row at
/// 65,536 regions.
package struct GradientDesign: Sendable, Hashable {
  /// Of the rules by which masks are drawn: derivatives that were measured under other rules are at other masks.
  package static let version = 4
  package static let largestPlayerCount = 65_536
  /// The least number of passes of a game of two regions or more: both ends and three pairs.
  package static let minimumPassCount = 8

  package let playerCount: Int
  /// Where the regions lie; nil where that isn't known, or they all lie in one place.
  package let positions: PlayerPositions?
  package let index: ValueIndex
  /// Passes, at most those asked for: two and whole pairs.
  package let rowCount: Int
  /// The passes that the design was planned for; more than `rowCount` where it was stopped early.
  package let plannedRowCount: Int
  /// In how many parts the regions are dealt; 0: no region ever is a midpoint.
  package let midpointBlocks: Int
  package let seed: UInt64
  /// Which series: designs of different streams are independent.
  package let stream: UInt64
  let drawSeed: UInt64

  /// - Parameters:
  ///   - players: 1 to 65,536.
  ///   - positions: where they lie, so that midpoints needn't be neighbours; nil where that isn't known.
  ///   - passes: gradient passes at most; G and ∅ count.
  ///   - midpointBlocks: in how many parts the regions are dealt; by default as suits the number of passes. 0: no midpoints.
  /// - Throws: `budgetTooSmall` with the least number of passes, `unsuitableDesign` for a number of regions out of range.
  package init(
    players: Int, positions: PlayerPositions? = nil, passes: Int, midpointBlocks: Int? = nil, index: ValueIndex = .shapley,
    seed: UInt64, stream: UInt64 = 0
  ) throws(ShapleyError) {
    precondition(positions.map { $0.rows.count == players } ?? true, "a position a region")
    guard players >= 1 && players <= Self.largestPlayerCount else {
      throw ShapleyError(
        .unsuitableDesign,
        "\(players) regions can't be measured by gradients: choose a grid of 1 to \(Self.largestPlayerCount) regions.")
    }
    let least = Self.minimumPassCount(players: players)
    guard passes >= least else {
      throw ShapleyError(
        .budgetTooSmall,
        "Gradients need at least \(least) passes for \(players) regions and have \(passes): raise the samples a region.")
    }
    precondition(midpointBlocks.map { $0 >= 0 && $0 != 1 } ?? true)
    playerCount = players
    let spread = positions.flatMap { $0.isSpread ? $0 : nil }
    self.positions = spread
    self.index = index
    rowCount = players == 1 ? 2 : passes / 2 * 2
    plannedRowCount = rowCount
    let blocks = midpointBlocks ?? Self.midpointBlocks(passes: passes)
    let spreadBlocks = midpointBlocks ?? spread.map { Self.midpointBlocks(passes: passes, perPosition: $0.playersPerPosition) }
    self.midpointBlocks = players == 1 ? 0 : players <= 2 * blocks ? players : spreadBlocks ?? blocks
    self.seed = seed
    self.stream = stream
    drawSeed = CounterRandom.derivedSeed(from: seed, stream: stream)
  }

  private init(_ whole: GradientDesign, rows: Int) {
    playerCount = whole.playerCount
    positions = whole.positions
    index = whole.index
    rowCount = rows
    plannedRowCount = whole.plannedRowCount
    midpointBlocks = whole.midpointBlocks
    seed = whole.seed
    stream = whole.stream
    drawSeed = whole.drawSeed
  }

  /// The same design, stopped early: its first rows, at most `rows`, in whole pairs.
  ///
  /// Nil where they are fewer than the least number.
  package func truncated(toRows rows: Int) -> GradientDesign? {
    if rows >= rowCount { return self }
    guard rows >= Self.minimumPassCount(players: playerCount) else { return nil }
    return GradientDesign(self, rows: rows / 2 * 2)
  }

  package static func minimumPassCount(players: Int) -> Int { players == 1 ? 2 : minimumPassCount }

  /// In how many parts the regions are best dealt: 12, and from 120 passes on 2.5·∛N.
  ///
  /// With a share f of midpoints the sampling variance falls with 1/(N·f); midpoints blur what the other regions' presence does to
  /// a derivative, and that bias grows with f², so the best share falls with ∛N. Few passes aren't enough for a curvature of
  /// their own and share it with other series.
  package static func midpointBlocks(passes: Int) -> Int {
    var blocks = 12
    // An integer cube root, so that no rounding of a library decides a design: (b + ½)³ ≤ 2.5³·N.
    while (2 * blocks + 1) * (2 * blocks + 1) * (2 * blocks + 1) <= 125 * passes { blocks += 1 }
    return blocks
  }

  /// The same where regions have positions, so many at each: two thirds of that, in whole sets of a position's regions.
  ///
  /// Midpoints blur most what lies beside them, and where they keep their distance more of them blur no more. Where a position has more
  /// regions than there are parts, some of a part share it, and no more are midpoints than without positions.
  package static func midpointBlocks(passes: Int, perPosition: Int) -> Int {
    let most = midpointBlocks(passes: passes)
    let blocks = (2 * most + 1) / 3
    return perPosition > most ? most : max(1, (2 * blocks + perPosition) / (2 * perPosition)) * perPosition
  }

  /// How derivatives are integrated over a region's presence.
  var rule: PresenceRule { PresenceRule(passes: plannedRowCount) }

  /// {S, Sᶜ} pairs.
  package var pairCount: Int { (rowCount - 2) / 2 }
  var plannedPairCount: Int { (plannedRowCount - 2) / 2 }

  /// Whether pairs with a midpoint and pairs for the trapezoid are different ones.
  package var isSeparated: Bool { midpointBlocks > 0 && midpointBlocks == playerCount }

  /// The share of (region, pass) that is a midpoint.
  package var midpointShare: Double {
    let midpoints = (0..<pairCount).reduce(0) { $0 + midpointCount(pair: $1) }
    return Double(midpoints) / Double(max(1, pairCount) * playerCount)
  }

  /// Which group a row belongs to: the rows of a group are drawn together and must be lesioned alike, with the same donor where
  /// lesions are drawn. G and ∅ are group 0, pairs start with group 1.
  package func group(_ row: Int) -> Int {
    precondition(row >= 0 && row < rowCount)
    return row / 2
  }
}
