/// Sums over the signs χ ∈ {±1} of pairs and regions, eight regions at a time: what a byte of signs adds comes from a table
/// of its 256 patterns. Cost: pairs·n/8 + 32n additions.
extension PairTable {
  /// `[pairs]`: Σ_g χ_g·v_g of every pair.
  ///
  /// - Parameter vector: `[players]`.
  func signedSums(of vector: [Double]) -> [Double] {
    let bytes = (playerCount + 7) / 8
    var table = [Double](repeating: 0, count: bytes * 256)
    for byte in 0..<bytes {
      let players = 8 * byte..<min(playerCount, 8 * byte + 8)
      table[256 * byte] = -players.reduce(0) { $0 + vector[$1] }
      for pattern in 1..<1 << players.count {
        let last = 8 * byte + pattern.trailingZeroBitCount
        table[256 * byte + pattern] = table[256 * byte + (pattern & (pattern - 1))] + 2 * vector[last]
      }
    }
    return (0..<count).map { pair in
      var sum = 0.0
      for byte in 0..<bytes { sum += table[256 * byte + pattern(byte, of: pair)] }
      return sum
    }
  }

  /// `[players]`: Σ χ_g·a over the pairs.
  ///
  /// - Parameter amounts: `[pairs]`.
  func signTotals(of amounts: [Double]) -> [Double] {
    let bytes = (playerCount + 7) / 8
    var byPattern = [Double](repeating: 0, count: bytes * 256)
    for pair in 0..<count {
      let amount = amounts[pair]
      for byte in 0..<bytes { byPattern[256 * byte + pattern(byte, of: pair)] += amount }
    }
    return (0..<playerCount).map { player in
      let patterns = 256 * (player / 8)..<256 * (player / 8) + 256
      return patterns.reduce(0.0) { $1 >> (player & 7) & 1 == 1 ? $0 + byPattern[$1] : $0 - byPattern[$1] }
    }
  }

  /// χ − centre of a block of pairs: `[players x block]`, row-major.
  ///
  /// - Parameter centres: `[pairs]`.
  func signRows(of block: Range<Int>, centres: [Double]) -> [Double] {
    // Bit patterns, so that choosing between two numbers takes no branch and the loop over pairs becomes vectors.
    let lesioned = block.map { (-1 - centres[$0]).bitPattern }
    let difference = block.map { (-1 - centres[$0]).bitPattern ^ (1 - centres[$0]).bitPattern }
    var rows = [Double](repeating: 0, count: playerCount * block.count)
    var result = rows.mutableSpan
    for word in 0..<wordsPerPair {
      let signs = block.map { words[$0 * wordsPerPair + word] }
      for player in 64 * word..<min(playerCount, 64 * word + 64) {
        let start = player * block.count
        for column in 0..<signs.count {
          let isIntact = 0 &- (signs[column] &>> UInt64(player & 63) & 1)
          result[start + column] = Double(bitPattern: lesioned[column] ^ difference[column] & isIntact)
        }
      }
    }
    return rows
  }

  /// Writes one of two numbers for each region of a pair: for an intact one, for a lesioned one.
  ///
  /// - Parameter start: where the first region's number goes.
  @inline(__always)
  func writeSigns<Number: BinaryFloatingPoint>(
    of pair: Int, intact: Number, lesioned: Number, to numbers: inout MutableSpan<Number>, at start: Int
  ) {
    for word in 0..<wordsPerPair {
      var bits = words[pair * wordsPerPair + word]
      for player in 64 * word..<min(playerCount, 64 * word + 64) {
        numbers[start + player] = bits & 1 == 1 ? intact : lesioned
        bits >>= 1
      }
    }
  }

  /// Whether a region is intact in a pair's S.
  @inline(__always)
  func isIntact(_ player: Int, in pair: Int) -> Bool {
    words[pair * wordsPerPair + player >> 6] >> UInt64(player & 63) & 1 == 1
  }

  /// Writes one of two numbers for every pair, times a factor: where χ_aχ_bχ_c is 1, that is where an odd number of the
  /// three are intact, and where it is −1: `[pairs]`.
  func writeProducts<Number: BinaryFloatingPoint>(
    of triple: PlayerTriple, plus: [Number], minus: [Number], times factor: Number, to numbers: inout MutableSpan<Number>,
    at start: Int
  ) {
    let (a, b, c) = (triple.a, triple.b, triple.c)
    for pair in 0..<count {
      let word = pair * wordsPerPair
      let parity =
        words[word + a >> 6] >> UInt64(a & 63) ^ words[word + b >> 6] >> UInt64(b & 63)
        ^ words[word + c >> 6] >> UInt64(c & 63)
      numbers[start + pair] = factor * (parity & 1 == 1 ? plus[pair] : minus[pair])
    }
  }

  /// Eight signs.
  @inline(__always)
  private func pattern(_ byte: Int, of pair: Int) -> Int {
    Int(truncatingIfNeeded: words[pair * wordsPerPair + byte >> 3] >> UInt64(8 * (byte & 7)) & 255)
  }
}
