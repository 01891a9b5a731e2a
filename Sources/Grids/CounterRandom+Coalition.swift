package import Random

extension CounterRandom {
  /// A coalition uniform among those of `size` intact players. O(min(size, n − size)).
  ///
  /// Source: Floyd's sampling, Bentley & Floyd, CACM 30 (1987).
  package mutating func coalition(of playerCount: Int, size: Int) -> Coalition {
    precondition(size >= 0 && size <= playerCount)
    let drawn = Swift.min(size, playerCount - size)
    var result = Coalition(emptyOf: playerCount)
    for last in (playerCount - drawn)..<playerCount {
      let candidate = next(below: last + 1)
      result.insert(result[candidate] ? last : candidate)
    }
    return drawn == size ? result : result.complement
  }

  /// A coalition uniform over all 2ⁿ.
  package mutating func coalition(of playerCount: Int) -> Coalition {
    var words: [UInt64] = []
    for _ in 0..<Coalition.wordCount(players: playerCount) { words.append(next()) }
    return Coalition(of: playerCount, truncating: words)
  }
}
