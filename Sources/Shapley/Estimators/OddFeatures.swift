/// What the odd parts of complement pairs are regressed on: [h | q·χ̃ | χ̃] of every pair, χ̃ = χ − centre.
///
/// h are terms in the number of intact regions, q is the modulation; both may be left out. Coefficients are [a | γ | β].
struct OddFeatures {
  let pairs: PairTable
  /// `[pairs]`: what is taken off χ.
  let centres: [Double]
  /// `[pairs]`: q, or empty for no modulation.
  private(set) var modulation: [Double] = []
  /// `[terms][pairs]`: h.
  private(set) var sizeTerms: [[Double]] = []

  var playerCount: Int { pairs.playerCount }
  var isModulated: Bool { !modulation.isEmpty }
  var count: Int { sizeTerms.count + (isModulated ? 2 : 1) * playerCount }

  /// χ̃ = χ − centre alone.
  init(pairs: PairTable, centres: [Double]) {
    self.pairs = pairs
    self.centres = centres
  }

  /// The features of the size-modulated odd regression: χ̃ = χ − u, q = u² − its mean over s = 1..<n, h `SizePolynomials`.
  init(sizeModulated pairs: PairTable, isModulated: Bool) {
    let n = pairs.playerCount
    self.init(pairs: pairs, centres: pairs.imbalances)
    // The mean of u² over s = 1..<n is (n−2)/(3n).
    if isModulated { modulation = centres.map { $0 * $0 - Double(n - 2) / Double(3 * n) } }
    sizeTerms = SizePolynomials.values(players: n, imbalances: centres)
  }

  /// Σ of every feature times an amount over the pairs: `[features]`.
  ///
  /// - Parameter amounts: `[pairs]`.
  func totals(of amounts: [Double]) -> [Double] {
    let sizes = sizeTerms.map { term in zip(term, amounts).reduce(0) { $0 + $1.0 * $1.1 } }
    let gamma = isModulated ? signTotals(of: zip(amounts, modulation).map { $0 * $1 }) : []
    return sizes + gamma + signTotals(of: amounts)
  }

  /// Σ χ̃_g·a: `[players]`.
  private func signTotals(of amounts: [Double]) -> [Double] {
    let centred = zip(amounts, centres).reduce(0) { $0 + $1.0 * $1.1 }
    return pairs.signTotals(of: amounts).map { $0 - centred }
  }

  /// What coefficients predict for each pair: `[pairs]`.
  func predictions(of coefficients: [Double]) -> [Double] {
    var sums = signedSums(of: Array(coefficients.suffix(playerCount)))
    if isModulated {
      let gamma = signedSums(of: Array(coefficients[sizeTerms.count..<sizeTerms.count + playerCount]))
      for pair in sums.indices { sums[pair] += modulation[pair] * gamma[pair] }
    }
    for (coefficient, term) in zip(coefficients, sizeTerms) {
      for pair in sums.indices { sums[pair] += coefficient * term[pair] }
    }
    return sums
  }

  /// Σ_g χ̃_g·v_g: `[pairs]`.
  private func signedSums(of vector: [Double]) -> [Double] {
    let total = vector.reduce(0, +)
    return zip(pairs.signedSums(of: vector), centres).map { $0 - $1 * total }
  }

  /// √w·χ̃ of a block of pairs: `[players x block]`, column-major.
  func writeWeightedSigns(of block: Range<Int>, to columns: inout [Float]) {
    var columns = columns.mutableSpan
    for pair in block {
      let root = pairs.weights[pair].squareRoot()
      pairs.writeSigns(
        of: pair, intact: Float(root * (1 - centres[pair])), lesioned: Float(root * (-1 - centres[pair])), to: &columns,
        at: (pair - block.lowerBound) * playerCount)
    }
  }

  /// √w·[h | q·χ̃] of a block of pairs: `[features - players x block]`, column-major.
  ///
  /// - Parameter signs: √w·χ̃ of the block.
  func writeHead(of block: Range<Int>, signs: [Float], to columns: inout [Float]) {
    let signs = signs.span
    var columns = columns.mutableSpan
    var place = 0
    for pair in block {
      let root = pairs.weights[pair].squareRoot()
      for term in sizeTerms {
        columns[place] = Float(root * term[pair])
        place += 1
      }
      guard isModulated else { continue }
      let scale = Float(modulation[pair])
      let start = (pair - block.lowerBound) * playerCount
      for player in start..<start + playerCount {
        columns[place] = scale * signs[player]
        place += 1
      }
    }
  }
}
