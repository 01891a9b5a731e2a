/// Where players lie in a plane, so that an estimator can tell which are neighbours. Channels share a position.
package struct PlayerPositions: Sendable, Hashable {
  /// `[players]`
  package let rows: [Int]
  /// `[players]`
  package let columns: [Int]

  package init(rows: [Int], columns: [Int]) {
    precondition(rows.count == columns.count)
    self.rows = rows
    self.columns = columns
  }

  /// The regions of a grid: number k + channels·(j + width·i) lies in row i and column j.
  package init(height: Int, width: Int, channels: Int) {
    let players = 0..<height * width * channels
    self.init(rows: players.map { $0 / (width * channels) }, columns: players.map { $0 / channels % width })
  }

  /// Where the players with these numbers lie.
  func selecting(_ players: [Int]) -> PlayerPositions {
    PlayerPositions(rows: players.map { rows[$0] }, columns: players.map { columns[$0] })
  }

  /// How many players share a position: the most that do.
  var playersPerPosition: Int {
    let width = (columns.max() ?? 0) + 1
    var counts = [Int](repeating: 0, count: width * ((rows.max() ?? 0) + 1))
    for player in rows.indices { counts[rows[player] * width + columns[player]] += 1 }
    return counts.max() ?? 0
  }

  /// Whether some lie elsewhere than others.
  var isSpread: Bool { rows.contains { $0 != rows[0] } || columns.contains { $0 != columns[0] } }

  /// The windows of 3 x 3 positions that hold all three players: 0 to 9.
  func sharedWindows(_ triple: PlayerTriple) -> Int {
    func windows(_ a: Int, _ b: Int, _ c: Int) -> Int { max(0, 3 - (max(a, b, c) - min(a, b, c))) }
    return windows(rows[triple.a], rows[triple.b], rows[triple.c])
      * windows(columns[triple.a], columns[triple.b], columns[triple.c])
  }
}
