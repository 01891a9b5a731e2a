/// A set of players (regions): a set bit is a player that takes part (a region left intact), a clear bit a lesioned one.
///
/// Player p is bit p % 64 of word p / 64; bits past the last player are clear. Memory: n/8 bytes and one array.
package struct Coalition: Hashable, Sendable {
  package let playerCount: Int
  package private(set) var words: [UInt64]

  /// The coalition without players: everything is lesioned.
  package init(emptyOf playerCount: Int) {
    precondition(playerCount >= 0)
    self.playerCount = playerCount
    words = [UInt64](repeating: 0, count: Coalition.wordCount(players: playerCount))
  }

  /// The coalition of all players: nothing is lesioned.
  package init(fullOf playerCount: Int) {
    self = Coalition(emptyOf: playerCount).complement
  }

  package init(of playerCount: Int, intact players: some Sequence<Int>) {
    self.init(emptyOf: playerCount)
    for player in players { insert(player) }
  }

  package init(of playerCount: Int, lesioned players: some Sequence<Int>) {
    self.init(fullOf: playerCount)
    for player in players { remove(player) }
  }

  /// The coalition whose bits are those of `mask`; at most 64 players.
  package init(of playerCount: Int, mask: UInt64) {
    self.init(emptyOf: playerCount)
    precondition(playerCount <= 64 && (playerCount == 64 || mask >> UInt64(playerCount) == 0))
    if playerCount > 0 { words[0] = mask }
  }

  /// The coalition of the first `playerCount` bits of `words`.
  init(of playerCount: Int, truncating words: [UInt64]) {
    precondition(words.count == Coalition.wordCount(players: playerCount))
    self.playerCount = playerCount
    self.words = words
    clearUnusedBits()
  }

  private mutating func clearUnusedBits() {
    let used = playerCount & 63
    if used != 0 { words[words.count - 1] &= (1 << UInt64(used)) - 1 }
  }

  package static func wordCount(players: Int) -> Int { (players + 63) / 64 }

  /// Whether the player is intact.
  package subscript(player: Int) -> Bool {
    get {
      precondition(player >= 0 && player < playerCount)
      return words[player >> 6] >> UInt64(player & 63) & 1 == 1
    }
    set {
      precondition(player >= 0 && player < playerCount)
      let bit: UInt64 = 1 << UInt64(player & 63)
      if newValue { words[player >> 6] |= bit } else { words[player >> 6] &= ~bit }
    }
  }

  package mutating func insert(_ player: Int) { self[player] = true }
  package mutating func remove(_ player: Int) { self[player] = false }

  /// The number of intact players.
  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
  package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
  package var isFull: Bool { count == playerCount }

  package var complement: Coalition {
    var result = self
    for word in words.indices { result.words[word] = ~words[word] }
    result.clearUnusedBits()
    return result
  }

  /// The same set among one player more: those from `player` on move up by one, `player` itself is lesioned.
  package func insertingPlayer(at player: Int) -> Coalition {
    var result = Coalition(emptyOf: playerCount + 1)
    for other in intactPlayers { result.insert(other < player ? other : other + 1) }
    return result
  }

  /// The same set with every player p called `numbers[p]`.
  package func renumbered(_ numbers: [Int]) -> Coalition {
    var result = Coalition(emptyOf: playerCount)
    for player in intactPlayers { result.insert(numbers[player]) }
    return result
  }

  /// The intact players in ascending order.
  package var intactPlayers: Players { Players(words: words) }
  /// The lesioned players in ascending order.
  package var lesionedPlayers: Players { Players(words: complement.words) }

  /// The numbers of the set bits in ascending order. O(words + players).
  package struct Players: Sequence, IteratorProtocol {
    private let words: [UInt64]
    private var index = 0
    private var rest: UInt64

    init(words: [UInt64]) {
      self.words = words
      rest = words.first ?? 0
    }

    package mutating func next() -> Int? {
      while rest == 0 {
        index += 1
        if index >= words.count { return nil }
        rest = words[index]
      }
      let bit = rest.trailingZeroBitCount
      rest &= rest - 1
      return index << 6 | bit
    }
  }
}
