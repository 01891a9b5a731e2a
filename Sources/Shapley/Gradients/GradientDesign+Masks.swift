import Grids
import Random

extension GradientDesign {
  /// The masks of a range of rows.
  ///
  /// - Returns: `[rows x regions]`, row by row: 1 intact, 0 lesioned, and between them where a midpoint is held.
  package func masks(in rows: Range<Int>) -> [Float] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount)
    var masks = [Float](repeating: 0, count: rows.count * playerCount)
    var deal = MidpointDeal(self)
    for row in rows {
      let start = (row - rows.lowerBound) * playerCount
      if row == 0 {
        for place in start..<start + playerCount { masks[place] = 1 }
      } else if row > 1 && (row % 2 == 0 || row == rows.lowerBound) {
        write(row, from: &deal, to: &masks, at: start)
      } else if row > 1 {
        // The complement of the row before.
        for place in start..<start + playerCount { masks[place] = 1 - masks[place - playerCount] }
      }
    }
    return masks
  }

  /// How many regions of a pair are midpoints.
  ///
  /// Under the Shapley index no more than the first row's size, intact ones and halves of these: small sizes have room for few.
  func midpointCount(pair: Int) -> Int {
    guard let turn = midpointTurn(pair) else { return 0 }
    let part = turn % midpointBlocks
    let count = (part + 1) * playerCount / midpointBlocks - part * playerCount / midpointBlocks
    return isSeparated || index == .banzhaf ? count : min(count, Int(size(at: stratum(pair: pair).lowerBound)))
  }

  /// How many of a pair's other regions are intact in its first row; in its second it is the rest.
  ///
  /// The second rows have the other half of all sizes. A midpoint counts as half of an intact region: so the others' presence is spread
  /// evenly over all that there is, and not only over what midpoints leave.
  func firstSize(pair: Int, random: inout CounterRandom) -> Int {
    let stratum = stratum(pair: pair)
    let position = stratum.lowerBound + random.nextUnit() * (stratum.upperBound - stratum.lowerBound)
    let halves = midpointCount(pair: pair)
    let free = playerCount - halves
    // The ends belong to G and ∅, but to nobody where all others are measured one midpoint at a time.
    return isSeparated && pair % 2 == 1
      ? min(free, Int(position * Double(free + 1)))
      : min(playerCount - 1 - halves, Int(size(at: position) - Double(halves) / 2))
  }

  /// A pair's part of 0..<½, which is cut into as many strata as there are pairs of this kind, visited along a golden-ratio lattice, so
  /// that sizes of any first part of a design are spread like all of them.
  private func stratum(pair: Int) -> Range<Double> {
    let pairs = plannedPairCount
    let (turn, count) = isSeparated ? (pair / 2, pair % 2 == 0 ? (pairs + 1) / 2 : pairs / 2) : (pair, pairs)
    let place = Double(Lattice.visit(turn, of: count))
    return place / Double(2 * count)..<(place + 1) / Double(2 * count)
  }

  /// 1..<n, evenly over 0..<1.
  private func size(at position: Double) -> Double { 1 + position * Double(playerCount - 1) }

  /// How many pairs with midpoints come before a pair; nil where it has none.
  private func midpointTurn(_ pair: Int) -> Int? {
    if midpointBlocks == 0 { return nil }
    if isSeparated { return pair % 2 == 1 ? pair / 2 : nil }
    return pair
  }

  private func write(_ row: Int, from deal: inout MidpointDeal, to masks: inout [Float], at start: Int) {
    let pair = row / 2 - 1
    let isFirst = row % 2 == 0
    var random = CounterRandom(
      seed: drawSeed, domain: CounterRandom.Domain.gradientPairs.rawValue, index: UInt64(pair))
    let members = midpointTurn(pair).map { deal.members(turn: $0).prefix(midpointCount(pair: pair)) } ?? []
    let free = playerCount - members.count
    let coalition: Coalition
    switch index {
    case .shapley: coalition = random.coalition(of: free, size: firstSize(pair: pair, random: &random))
    case .banzhaf: coalition = random.coalition(of: free)
    }
    let node = Float(rule.node)
    for member in members {
      // With one node in the middle both are the same.
      let isLess = rule == .simpson || random.next(below: 2) == 0
      masks[start + member] = isLess == isFirst ? node : 1 - node
    }
    var other = 0
    for place in start..<start + playerCount where masks[place] == 0 {
      if coalition[other] == isFirst { masks[place] = 1 }
      other += 1
    }
  }
}

/// An order of visiting 0..<count in which any first part is spread evenly.
enum Lattice {
  /// The place of the visit: visit times a stride near the golden section of the count that has no divisor in common with it.
  static func visit(_ visit: Int, of count: Int) -> Int {
    var stride = max(1, Int((Double(count) * 0.618_033_988_749_894_9).rounded()))
    while greatestCommonDivisor(stride, count) != 1 { stride += 1 }
    return Int(UInt64(visit).multipliedFullWidth(by: UInt64(stride)).low % UInt64(count))
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
