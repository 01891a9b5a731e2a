import Random

extension Design {
  /// Which donor each of a range of rows meets; the rows of a group meet the same one.
  ///
  /// Groups come in lanes: those of a region where each has its own draws, else those of a stratum of sizes, else all. Each
  /// stretch of `donorCount` draws in a lane meets all donors, in an order of its own, so that donors are balanced within a lane
  /// and share no period with the order in which a design goes through regions and sizes. In a stratum that is drawn without
  /// replacement the i-th pair meets donor i + r in round r, in the stratum's order of donors, so that each pair meets each
  /// donor once.
  package func donors(in rows: Range<Int>) -> [Int] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount)
    var orders: [UInt64: [Int]] = [:]
    func order(lane: Int, block: Int) -> [Int] {
      let index = UInt64(lane) << 32 | UInt64(block)
      if let known = orders[index] { return known }
      var order = Array(0..<donorCount)
      var random = CounterRandom(seed: drawSeed, domain: .donorOrder, index: index)
      random.shuffle(&order)
      orders[index] = order
      return order
    }
    return rows.map { row in
      let group = group(row)
      if group == 0 || donorCount == 1 { return 0 }
      let (lane, draw, distinct) = place(ofDraw: group - 1)
      if let distinct { return order(lane: lane, block: 0)[(draw % distinct + draw / distinct) % donorCount] }
      return order(lane: lane, block: draw / donorCount)[draw % donorCount]
    }
  }

  /// The lane of a draw, its number there and, where those are without replacement, how many pairs the lane has.
  private func place(ofDraw draw: Int) -> (lane: Int, draw: Int, distinct: Int?) {
    if let pairPlan {
      let visit = pairPlan.visit(draw)
      return (
        visit.stratum, visit.draw,
        PairPlan.distinctPairs(players: playerCount, index: index, stratum: visit.stratum)
      )
    }
    return kind == .singleRegions ? (draw % playerCount, draw / playerCount, nil) : (0, draw, nil)
  }
}
