/// Weighted least squares of odd parts on the signs of the regions, with errors: what both indices have in common.
///
/// The features of a pair are [q·χ̃ | χ̃], χ̃ = χ − centre, with coefficients [γ | β]; without modulation only β.
/// Cost for P pairs of n regions, in multiply-adds: with modulation 1½Pn² for the system, 1⅓n³ for the factor and, in
/// single precision, 2½Pn² for the errors; without it ½Pn², n³/6 and Pn². Memory for p features: 12p² bytes, the pairs,
/// and blocks of 256 pairs.
struct OddRegression {
  private let pairs: PairTable
  /// `[pairs]`: what is taken off χ.
  private let centres: [Double]
  /// `[pairs]`: q, or empty for no modulation.
  private let modulation: [Double]
  private let playerCount: Int
  private var system: NormalSystem
  /// Whether the pairs tell all regions apart; where not, what they share is split evenly among them.
  private(set) var isDetermined = true

  var notes: [String] {
    isDetermined
      ? [] : ["Some regions were always lesioned together: they share their ζ evenly, and the errors leave that out."]
  }

  /// What terms beside the coefficients change.
  struct Refinement {
    /// `[players]`: ζ/2, but for a shift.
    let beta: [Double]
    /// `[pairs]`: what all terms together leave.
    let residuals: [Double]
    /// `[pairs]`: to be added to the coefficients'.
    let leverages: [Double]
    /// Column-major `[players x pairs]`: of `beta` to √w·y, to be added to the coefficients'.
    let sensitivities: [Float]
    /// By how much squared residuals are too small, after their leverages, because the terms were chosen to lower them.
    let optimism: Double
  }

  /// γ and β.
  var order: Int { system.order }

  private var isModulated: Bool { !modulation.isEmpty }
  private var blocks: [Range<Int>] {
    let size = 256
    return stride(from: 0, to: pairs.count, by: size).map { $0..<min(pairs.count, $0 + size) }
  }

  /// - Parameters:
  ///   - ridge: the shrinkage of γ as a share of its mean diagonal.
  ///   - isCentred: whether the features of a pair add up to 0; then β is made to do so too.
  init(
    pairs: PairTable, centres: [Double], modulation: [Double], ridge: Double, isCentred: Bool
  ) throws(ShapleyError) {
    self.pairs = pairs
    self.centres = centres
    self.modulation = modulation
    playerCount = pairs.playerCount
    system = NormalSystem(headCount: modulation.isEmpty ? 0 : playerCount, tailCount: playerCount)
    addPairs()
    let beta = system.headCount..<system.order
    if isCentred { system.addConstant(system.meanDiagonal(beta) / Double(playerCount), on: beta) }
    if isModulated { system.addRidge(ridge * system.meanDiagonal(0..<playerCount), on: 0..<playerCount) }
    isDetermined = system.factorise()
    if !isDetermined {
      system.addRidge(1e-3 * system.meanDiagonal(beta), on: beta)
      guard system.factorise() else {
        throw ShapleyError(.numericalFailure, "The regression has no solution: raise the samples a region.")
      }
    }
  }

  private mutating func addPairs() {
    let roots = pairs.weights.map { $0.squareRoot() }
    for block in blocks {
      let signs = pairs.signRows(of: block, centres: centres)
      func add(_ scales: [Double], to part: NormalSystem.Block) {
        system.addProducts(of: OddRegression.scale(rows: signs, by: scales), count: block.count, to: part)
      }
      add(Array(roots[block]), to: .tail)
      if isModulated {
        add(block.map { roots[$0] * modulation[$0] }, to: .head)
        add(block.map { roots[$0] * (modulation[$0] + 1) }, to: .cross)
      }
    }
    system.separateCross()
  }

  /// Each column of `[rows x scales]`, row-major, times its number.
  private static func scale(rows: [Double], by scales: [Double]) -> [Double] {
    var scaled = rows
    var result = scaled.mutableSpan
    for start in stride(from: 0, to: rows.count, by: scales.count) {
      for column in 0..<scales.count { result[start + column] *= scales[column] }
    }
    return scaled
  }

  /// The coefficients [γ | β] for targets `[pairs]`. Linear in the targets.
  func coefficients(for targets: [Double]) throws(ShapleyError) -> [Double] {
    let weighted = pairs.weights.indices.map { pairs.weights[$0] * targets[$0] }
    var right: [Double] = []
    if isModulated { right = featureTotals(of: weighted.indices.map { modulation[$0] * weighted[$0] }) }
    right += featureTotals(of: weighted)
    return try system.solve(right)
  }

  /// `[players]`: Σ χ̃_g·a over the pairs.
  private func featureTotals(of amounts: [Double]) -> [Double] {
    let centred = zip(amounts, centres).reduce(0) { $0 + $1.0 * $1.1 }
    return pairs.signTotals(of: amounts).map { $0 - centred }
  }

  /// What coefficients predict for each pair: `[pairs]`.
  func predictions(of coefficients: [Double]) -> [Double] {
    let beta = featureSums(of: Array(coefficients.suffix(playerCount)))
    if !isModulated { return beta }
    let gamma = featureSums(of: Array(coefficients.prefix(playerCount)))
    return beta.indices.map { beta[$0] + modulation[$0] * gamma[$0] }
  }

  /// `[pairs]`: Σ_g χ̃_g·v_g.
  private func featureSums(of vector: [Double]) -> [Double] {
    let total = vector.reduce(0, +)
    return zip(pairs.signedSums(of: vector), centres).map { $0 - $1 * total }
  }

  /// The variances of β and their degrees of freedom, from the residuals of the final fit.
  ///
  /// The sandwich A⁻¹(Σ w²x e²xᵀ)A⁻¹ with each squared residual divided by a power of 1 − leverage and, where pairs are
  /// drawn without replacement, times the share of their stratum that was not measured. The power is 1 (HC2, unbiased
  /// where pairs are alike) with many pairs. It goes to 1½, half-way to the jackknife's HC3, where HC2 is known to be
  /// too small: with few residual degrees of freedom r = P − Σ leverages or a large mean leverage. The two variances
  /// are blended with weight 20/r + (1 − r/P)², at most 1; the constants were set by coverage on games with exact ζ.
  /// Source: MacKinnon & White, J. Econometrics 29 (1985); Cochran, Sampling Techniques, ch. 2.
  ///
  /// The degrees of freedom are Satterthwaite's, Var(Σaᵢ) read off the terms themselves as ⅔Σaᵢ² (a squared normal), as a
  /// mean over the regions and scaled by r/P.
  ///
  /// - Parameters:
  ///   - residuals: `[pairs]`.
  ///   - otherLeverages: `[pairs]`, of what was fitted beside the coefficients.
  ///   - refinement: what terms beside the coefficients change.
  func variances(
    residuals: [Double], otherLeverages: [Double], refinement: Refinement? = nil
  ) -> (beta: [Double], degreesOfFreedom: Double) {
    let factor = FactorBlocks(system)
    var sums = VarianceSums(playerCount: playerCount)
    var parameters = 0.0
    var tail = [Float](repeating: 0, count: playerCount * (blocks.first?.count ?? 0))
    var head = isModulated ? tail : []
    for block in blocks {
      writeWeightedSigns(of: block, to: &tail)
      if isModulated { scale(tail, by: block.map { Float(modulation[$0]) }, into: &head) }
      factor.whiten(head: &head, tail: &tail, count: block.count)
      var noise: [(plain: Double, cautious: Double)] = []
      for pair in block {
        let column = pair - block.lowerBound
        let leverage =
          otherLeverages[pair] + (refinement?.leverages[pair] ?? 0)
          + FactorBlocks.squaredNorm(head, rows: system.headCount, column: column)
          + FactorBlocks.squaredNorm(tail, rows: playerCount, column: column)
        parameters += leverage
        let squared = pairs.weights[pair] * residuals[pair] * residuals[pair] * pairs.unmeasuredShares[pair]
        let free = max(1 - leverage, 1e-3)
        noise.append((squared / free, squared / (free * free.squareRoot())))
      }
      factor.unwhiten(tail: &tail, count: block.count)
      if let refinement {
        FactorBlocks.add(
          refinement.sensitivities, from: block.lowerBound * playerCount, count: block.count * playerCount, to: &tail)
      }
      for (column, noise) in noise.enumerated() {
        sums.add(sensitivities: tail.span.extracting(column * playerCount..<(column + 1) * playerCount), noise)
      }
    }
    let count = Double(pairs.count)
    let free = max(1, count - parameters)
    let caution = min(1, 20 / free + (1 - free / count) * (1 - free / count))
    let optimism = refinement?.optimism ?? 1
    return (sums.variances(caution: caution).map { optimism * $0 }, max(1, min(count, sums.typicalCount ?? count) * free / count))
  }

  /// L⁻¹√w·x of every pair: column-major `[features x pairs]`.
  func whitenedFeatures() -> [Float] {
    let factor = FactorBlocks(system)
    var whitened: [Float] = []
    whitened.reserveCapacity(order * pairs.count)
    var tail = [Float](repeating: 0, count: playerCount * (blocks.first?.count ?? 0))
    var head = isModulated ? tail : []
    for block in blocks {
      writeWeightedSigns(of: block, to: &tail)
      if isModulated { scale(tail, by: block.map { Float(modulation[$0]) }, into: &head) }
      factor.whiten(head: &head, tail: &tail, count: block.count)
      for column in 0..<block.count {
        let features = column * playerCount..<(column + 1) * playerCount
        if isModulated { whitened += head[features] }
        whitened += tail[features]
      }
    }
    return whitened
  }

  /// The β of A⁻¹x for columns L⁻¹x, column-major `[features x count]`: `[players x count]`.
  func tails(ofWhitened columns: [Float], count: Int) -> [Float] {
    var tails: [Float] = []
    tails.reserveCapacity(playerCount * count)
    for column in 0..<count { tails += columns[(column + 1) * order - playerCount..<(column + 1) * order] }
    FactorBlocks(system).unwhiten(tail: &tails, count: count)
    return tails
  }

  /// √w·χ̃ of a block of pairs: `[players x block]`, a column a pair.
  private func writeWeightedSigns(of block: Range<Int>, to columns: inout [Float]) {
    var columns = columns.mutableSpan
    for pair in block {
      let root = pairs.weights[pair].squareRoot()
      pairs.writeSigns(
        of: pair, intact: Float(root * (1 - centres[pair])), lesioned: Float(root * (-1 - centres[pair])), to: &columns,
        at: (pair - block.lowerBound) * playerCount)
    }
  }

  /// Each column times its number: `[players x numbers]`.
  private func scale<Number: BinaryFloatingPoint>(
    _ columns: [Number], by numbers: some Collection<Number>, into result: inout [Number]
  ) {
    let columns = columns.span
    var result = result.mutableSpan
    var start = 0
    for number in numbers {
      for place in start..<start + playerCount { result[place] = number * columns[place] }
      start += playerCount
    }
  }
}

/// The sums over pairs that make up the sandwich's diagonal: Σa with a = noise·sensitivity², and Σa².
private struct VarianceSums {
  private var plain: [Double]
  private var cautious: [Double]
  private var squares: [Double]

  init(playerCount: Int) {
    plain = [Double](repeating: 0, count: playerCount)
    cautious = plain
    squares = plain
  }

  /// - Parameter sensitivities: `[players]`, the tail of A⁻¹x of one pair.
  mutating func add(sensitivities: Span<Float>, _ noise: (plain: Double, cautious: Double)) {
    VarianceSums.add(sensitivities, noise, &plain, &cautious, &squares)
  }

  private static func add(
    _ sensitivities: Span<Float>, _ noise: (plain: Double, cautious: Double), _ plain: inout [Double],
    _ cautious: inout [Double], _ squares: inout [Double]
  ) {
    var plain = plain.mutableSpan
    var cautious = cautious.mutableSpan
    var squares = squares.mutableSpan
    for player in sensitivities.indices {
      let sensitivity = Double(sensitivities[player])
      let square = sensitivity * sensitivity
      let term = noise.plain * square
      plain[player] += term
      cautious[player] += noise.cautious * square
      squares[player] += term * term
    }
  }

  func variances(caution: Double) -> [Double] {
    zip(plain, cautious).map { (1 - caution) * $0 + caution * $1 }
  }

  /// 3(Σa)²/Σa² as a mean over the regions that have an error, nil where none has.
  var typicalCount: Double? {
    let counts = zip(plain, squares).filter { $0.1 > 0 }.map { 3 * $0.0 * $0.0 / $0.1 }
    return counts.isEmpty ? nil : counts.reduce(0, +) / Double(counts.count)
  }
}
