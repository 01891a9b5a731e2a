package import Grids

/// Subsets of a given size, counted and numbered.
package enum Combinations {
  /// The number of subsets of `size` among `players`, or nil past 2⁴⁰.
  package static func count(_ players: Int, _ size: Int) -> Int? {
    guard size >= 0 && size <= players else { return 0 }
    var result = 1
    for step in 0..<min(size, players - size) {
      result = result * (players - step) / (step + 1)
      if result > 1 << 40 { return nil }
    }
    return result
  }

  /// The subset of `size` with the given rank in colexicographic order (the combinatorial number system).
  package static func subset(of players: Int, size: Int, rank: Int) -> Coalition {
    var result = Coalition(emptyOf: players)
    var rest = rank
    var limit = players
    for chosen in stride(from: size, to: 0, by: -1) {
      var player = limit - 1
      while let below = count(player, chosen), below > rest { player -= 1 }
      rest -= count(player, chosen) ?? 0
      result.insert(player)
      limit = player
    }
    return result
  }
}
