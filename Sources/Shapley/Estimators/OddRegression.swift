/// Weighted least squares of odd parts on the signs of the regions, with errors: what all regressions on complement pairs
/// have in common. Nothing here depends on the values of a game.
///
/// Cost for P pairs of n regions, in multiply-adds: with modulation 1½Pn² for the system, 1⅓n³ for the factor and, in
/// single precision, 2½Pn² for the errors; without it ½Pn², n³/6 and Pn². Memory for p features: 12p² bytes, the pairs,
/// and blocks of 256 pairs, or 4Pn bytes where they are kept.
struct OddRegression {
  let features: OddFeatures
  private var system: NormalSystem
  /// Whether the pairs tell all regions apart; where not, what they share is split evenly among them.
  private(set) var isDetermined = true
  /// What the errors follow from, if it was made once for many games.
  private var keptBlocks: [Block]?

  var notes: [String] {
    isDetermined
      ? [] : ["Some regions were always lesioned together: they share their ζ evenly, and the errors leave that out."]
  }

  /// Some pairs: how their values move what is fitted.
  private struct Block {
    let pairs: Range<Int>
    /// `[pairs]`
    let leverages: [Double]
    /// Column-major `[players x pairs]`: of β to √w·y.
    let sensitivities: [Float]
  }

  /// Observations that terms beside the coefficients are 0, by which they are shrunk.
  struct Shrinkage {
    /// `[observations]`: what is left of them, over the root of 1 − leverage.
    let residuals: [Double]
    /// Column-major `[players x observations]`.
    let sensitivities: [Float]
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
    let shrinkage: Shrinkage
    /// By how much squared residuals are too small, after their leverages, because the terms were chosen to lower them.
    let optimism: Double
  }

  private var pairs: PairTable { features.pairs }
  private var playerCount: Int { features.playerCount }
  private var blockRanges: [Range<Int>] {
    let size = 256
    return stride(from: 0, to: pairs.count, by: size).map { $0..<min(pairs.count, $0 + size) }
  }

  /// - Parameters:
  ///   - ridge: the shrinkage of γ as a share of its mean diagonal.
  ///   - isCentred: whether the features χ̃ of a pair add up to 0; then β is made to do so too.
  init(_ features: OddFeatures, ridge: Double = 0, isCentred: Bool) throws(ShapleyError) {
    self.features = features
    system = NormalSystem(
      leadCount: features.sizeTerms.count, isModulated: features.isModulated, tailCount: features.playerCount)
    addPairs()
    if isCentred { system.addConstant(system.meanDiagonal(system.tail) / Double(playerCount), on: system.tail) }
    if features.isModulated { system.addRidge(ridge * system.meanDiagonal(system.modulated), on: system.modulated) }
    isDetermined = system.factorise()
    if !isDetermined {
      let ridge = 1e-3 * system.meanDiagonal(system.tail)
      system.addRidge(ridge, on: system.tail)
      system.addRidge(ridge, on: system.lead)
      guard system.factorise() else {
        throw ShapleyError(.numericalFailure, "The regression has no solution: raise the samples a region.")
      }
    }
  }

  private mutating func addPairs() {
    let roots = pairs.weights.map { $0.squareRoot() }
    for block in blockRanges {
      let signs = pairs.signRows(of: block, centres: features.centres)
      func add(_ scales: [Double], to part: NormalSystem.Block) {
        system.addProducts(of: OddRegression.scale(rows: signs, by: scales), count: block.count, to: part)
      }
      add(Array(roots[block]), to: .tail)
      if features.isModulated {
        add(block.map { roots[$0] * features.modulation[$0] }, to: .modulated)
        add(block.map { roots[$0] * (features.modulation[$0] + 1) }, to: .cross)
      }
    }
    system.separateCross()
    for (place, term) in features.sizeTerms.enumerated() { system.setLead(place, weightedTotals(of: term)) }
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

  /// The coefficients for targets `[pairs]`. Linear in the targets.
  func coefficients(for targets: [Double]) throws(ShapleyError) -> [Double] {
    try system.solve(weightedTotals(of: targets))
  }

  /// XᵀW times targets.
  private func weightedTotals(of targets: [Double]) -> [Double] {
    features.totals(of: zip(pairs.weights, targets).map { $0 * $1 })
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
  ///   - leverages: `[pairs]`, of the fit that the residuals are of, where that isn't this one.
  ///   - refinement: what terms beside the coefficients change.
  func variances(
    residuals: [Double], leverages: [Double]? = nil, refinement: Refinement? = nil
  ) -> (beta: [Double], degreesOfFreedom: Double) {
    var sums = VarianceSums(playerCount: playerCount)
    var parameters = 0.0
    forEachBlock { block in
      var noise: [(plain: Double, cautious: Double)] = []
      for (pair, own) in zip(block.pairs, block.leverages) {
        let leverage = (leverages?[pair] ?? own) + (refinement?.leverages[pair] ?? 0)
        parameters += leverage
        let squared = pairs.weights[pair] * residuals[pair] * residuals[pair] * pairs.unmeasuredShares[pair]
        let free = max(1 - leverage, 1e-3)
        noise.append((squared / free, squared / (free * free.squareRoot())))
      }
      var sensitivities = block.sensitivities
      if let refinement {
        FactorBlocks.add(
          refinement.sensitivities, from: block.pairs.lowerBound * playerCount, count: sensitivities.count, to: &sensitivities)
      }
      for (column, noise) in noise.enumerated() {
        sums.add(sensitivities: sensitivities.span.extracting(column * playerCount..<(column + 1) * playerCount), noise)
      }
    }
    if let shrinkage = refinement?.shrinkage {
      for (column, residual) in shrinkage.residuals.enumerated() {
        let sensitivities = shrinkage.sensitivities.span.extracting(column * playerCount..<(column + 1) * playerCount)
        sums.add(sensitivities: sensitivities, (residual * residual, residual * residual))
      }
    }
    let count = Double(pairs.count)
    let free = max(1, count - parameters)
    let caution = min(1, 20 / free + (1 - free / count) * (1 - free / count))
    let optimism = refinement?.optimism ?? 1
    return (sums.variances(caution: caution).map { optimism * $0 }, max(1, min(count, sums.typicalCount ?? count) * free / count))
  }

  /// `[pairs]`: how much of its own value a pair's fit holds.
  var leverages: [Double] {
    var result: [Double] = []
    forEachBlock { result += $0.leverages }
    return result
  }

  /// The same, with what its errors follow from, so that those of many games take P·n multiply-adds each.
  func keepingBlocks() -> OddRegression {
    var blocks: [Block] = []
    forEachBlock { blocks.append($0) }
    var result = self
    result.keptBlocks = blocks
    return result
  }

  private func forEachBlock(_ body: (Block) -> Void) {
    if let keptBlocks { return keptBlocks.forEach(body) }
    let factor = FactorBlocks(system)
    forEachWhitened(factor) { range, head, tail in
      var tail = tail
      let leverages = (0..<range.count).map { column in
        FactorBlocks.squaredNorm(head, rows: system.headCount, column: column)
          + FactorBlocks.squaredNorm(tail, rows: playerCount, column: column)
      }
      factor.unwhiten(tail: &tail, count: range.count)
      body(Block(pairs: range, leverages: leverages, sensitivities: tail))
    }
  }

  /// L⁻¹√w·x of a block of pairs at a time: head and tail, column-major.
  private func forEachWhitened(_ factor: FactorBlocks, _ body: (Range<Int>, _ head: [Float], _ tail: [Float]) -> Void) {
    for range in blockRanges {
      var tail = [Float](repeating: 0, count: playerCount * range.count)
      var head = [Float](repeating: 0, count: system.headCount * range.count)
      features.writeWeightedSigns(of: range, to: &tail)
      features.writeHead(of: range, signs: tail, to: &head)
      factor.whiten(head: &head, tail: &tail, count: range.count)
      body(range, head, tail)
    }
  }

  /// L⁻¹√w·x of every pair: column-major `[features x pairs]`.
  func whitenedFeatures() -> [Float] {
    var whitened: [Float] = []
    whitened.reserveCapacity(features.count * pairs.count)
    forEachWhitened(FactorBlocks(system)) { range, head, tail in
      for column in 0..<range.count {
        whitened += head[column * system.headCount..<(column + 1) * system.headCount]
        whitened += tail[column * playerCount..<(column + 1) * playerCount]
      }
    }
    return whitened
  }

  /// The β of A⁻¹x for columns L⁻¹x, column-major `[features x count]`: `[players x count]`.
  func tails(ofWhitened columns: [Float], count: Int) -> [Float] {
    var tails: [Float] = []
    tails.reserveCapacity(playerCount * count)
    for column in 0..<count { tails += columns[(column + 1) * features.count - playerCount..<(column + 1) * features.count] }
    FactorBlocks(system).unwhiten(tail: &tails, count: count)
    return tails
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
