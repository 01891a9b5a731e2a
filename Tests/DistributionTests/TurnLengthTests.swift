import Testing

@testable import Distribution

@Suite("The length of a turn") struct TurnLengthTests {
  /// Seconds of rank 0 that a turn is taken to cost.
  private static let cost = 1e-4

  @Test("keeps rank 0 busy for a tenth of its time at most while there is much left", arguments: [2, 64, 1000, 4096, 65_536])
  func coordinator(ranks: Int) {
    let seconds = TurnLength(ranks: ranks).seconds(left: 1e4 * Double(ranks))
    #expect(seconds >= 1)
    #expect(Double(ranks) / seconds * Self.cost <= 0.1 + 1e-9)
  }

  @Test("is never longer than it may be", arguments: [1, 7, 4096]) func limit(ranks: Int) {
    for left in [0, 1e-3, 1, 1e9] { #expect(TurnLength(ranks: ranks, limit: 0.25).seconds(left: left) <= 0.25) }
    #expect(TurnLength(ranks: ranks).seconds(left: -1) == 0)
  }

  @Test("lets ranks end together, and rank 0 hand out in time", arguments: [1, 2, 31, 500, 4096]) func end(ranks: Int) {
    // Rank 0 serves one rank at a time, that which has waited longest; each works for a turn.
    let turn = TurnLength(ranks: ranks)
    let work = 30.0 * Double(ranks)
    var left = work
    var coordinator = 0.0
    var free: [(time: Double, rank: Int)] = (0..<ranks).map { (0, $0) }
    var last = 0.0
    var place = 0
    while left > 1e-9 {
      coordinator = max(coordinator, free[place].time) + Self.cost
      let seconds = min(left, max(turn.seconds(left: left), 1e-3))
      left -= seconds
      last = max(last, coordinator + seconds)
      free.append((coordinator + seconds, free[place].rank))
      place += 1
    }
    #expect(last < 1.1 * 30, "\(last)")
  }
}
