import Random

/// The regions of a design in the order in which they are dealt into parts, kept for the next row.
///
/// Without positions the order is a shuffle. With positions, regions of a part lie far from each other: a derivative depends most on what
/// lies beside its region, and blurs where that is held in part, too. The m regions of a position are shuffled and are dealt to every
/// (B/m)th of the B parts, and positions take turns: with k = B/m of 2 or more, that in row i and column j starts with part
/// (i + s·j + t) mod k, s the lesser part of the golden section of k, which keeps positions that start alike far apart, and t drawn anew for each deal.
struct MidpointDeal {
  private let design: GradientDesign
  private var number = -1
  private var order: [Int] = []

  init(_ design: GradientDesign) { self.design = design }

  /// The regions of a part. - Parameter turn: parts of all deals, counted on.
  mutating func members(turn: Int) -> ArraySlice<Int> {
    let (players, blocks) = (design.playerCount, design.midpointBlocks)
    if turn / blocks != number {
      number = turn / blocks
      order = Array(0..<players)
      var random = CounterRandom(
        seed: design.drawSeed, domain: CounterRandom.Domain.midpoints.rawValue, index: UInt64(number))
      random.shuffle(&order)
      if let positions = design.positions { spread(by: positions, &random) }
    }
    let part = turn % blocks
    return order[part * players / blocks..<(part + 1) * players / blocks]
  }

  /// Sorts the shuffled regions by the part that they are dealt to.
  private mutating func spread(by positions: PlayerPositions, _ random: inout CounterRandom) {
    let each = positions.playersPerPosition
    let turns = max(1, design.midpointBlocks / each)
    let stride = Int((0.382 * Double(turns)).rounded())
    let first = random.next(below: turns)
    // Along the only axis that there is, every position starts in another part than the one before.
    let isColumn = positions.rows.allSatisfy { $0 == positions.rows[0] }
    let (along, across) = isColumn ? (positions.columns, positions.rows) : (positions.rows, positions.columns)
    let width = (positions.columns.max() ?? 0) + 1
    var dealt = [Int](repeating: 0, count: width * ((positions.rows.max() ?? 0) + 1))
    var parts = [[Int]](repeating: [], count: each * turns)
    for player in order {
      let position = positions.rows[player] * width + positions.columns[player]
      parts[dealt[position] * turns + (along[player] + stride * across[player] + first) % turns].append(player)
      dealt[position] += 1
    }
    order = parts.flatMap(\.self)
  }
}
