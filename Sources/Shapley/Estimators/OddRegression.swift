/// Weighted least squares of odd parts on the signs of the regions, with errors: what both indices have in common.
///
/// The features of a pair are [q·χ̃ | χ̃], χ̃ = χ − centre, with coefficients [γ | β]; without modulation only β.
/// Cost for P pairs and p features: Pp² multiply-adds for the system and the leverages, p³/6 for the factor, Pn² for the
/// errors. Memory: 8p² bytes, the pairs, and blocks of 4 MB.
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

  private var isModulated: Bool { !modulation.isEmpty }
  private var betaStart: Int { system.order - playerCount }
  private var blockSize: Int { max(16, min(pairs.count, (1 << 19) / system.order)) }

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
    system = NormalSystem(order: modulation.isEmpty ? playerCount : 2 * playerCount)
    var features: [Double] = []
    for start in stride(from: 0, to: pairs.count, by: blockSize) {
      let block = start..<min(pairs.count, start + blockSize)
      write(block, into: &features)
      system.addProducts(of: features, count: block.count)
    }
    let beta = betaStart..<system.order
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

  /// The coefficients [γ | β] for targets `[pairs]`. Linear in the targets.
  func coefficients(for targets: [Double]) throws(ShapleyError) -> [Double] {
    var right = [Double](repeating: 0, count: system.order)
    for pair in 0..<pairs.count {
      let target = pairs.weights[pair] * targets[pair]
      let intact = target * (1 - centres[pair])
      let lesioned = target * (-1 - centres[pair])
      let factor = isModulated ? modulation[pair] : 0
      for player in 0..<playerCount {
        let product = pairs.isIntact(player, in: pair) ? intact : lesioned
        right[betaStart + player] += product
        if isModulated { right[player] += factor * product }
      }
    }
    return try system.solve(right)
  }

  /// What coefficients predict for each pair: `[pairs]`.
  func predictions(of coefficients: [Double]) -> [Double] {
    (0..<pairs.count).map { pair in
      let factor = isModulated ? modulation[pair] : 0
      let intact = 1 - centres[pair]
      let lesioned = -1 - centres[pair]
      var sum = 0.0
      for player in 0..<playerCount {
        let slope = coefficients[betaStart + player] + (isModulated ? factor * coefficients[player] : 0)
        sum += (pairs.isIntact(player, in: pair) ? intact : lesioned) * slope
      }
      return sum
    }
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
  func variances(residuals: [Double], otherLeverages: [Double]) -> (beta: [Double], degreesOfFreedom: Double) {
    var variances = [Double](repeating: 0, count: playerCount)
    var cautious = variances
    var squares = variances
    var parameters = 0.0
    var features: [Double] = []
    let p = system.order
    for start in stride(from: 0, to: pairs.count, by: blockSize) {
      let block = start..<min(pairs.count, start + blockSize)
      write(block, into: &features)
      system.whiten(&features, count: block.count)
      var noise: [(plain: Double, cautious: Double)] = []
      for pair in block {
        var leverage = otherLeverages[pair]
        for feature in (pair - start) * p..<(pair - start + 1) * p { leverage += features[feature] * features[feature] }
        parameters += leverage
        let squared = pairs.weights[pair] * residuals[pair] * residuals[pair] * pairs.unmeasuredShares[pair]
        let free = max(1 - leverage, 1e-3)
        noise.append((squared / free, squared / (free * free.squareRoot())))
      }
      system.unwhitenTail(playerCount, &features, count: block.count)
      for pair in block {
        let column = (pair - start) * p + betaStart
        let (plain, wide) = noise[pair - start]
        for player in 0..<playerCount {
          let sensitivity = features[column + player] * features[column + player]
          let term = plain * sensitivity
          variances[player] += term
          cautious[player] += wide * sensitivity
          squares[player] += term * term
        }
      }
    }
    let count = Double(pairs.count)
    let free = max(1, count - parameters)
    let caution = min(1, 20 / free + (1 - free / count) * (1 - free / count))
    let effectiveCounts = zip(variances, squares).filter { $0.1 > 0 }.map { 3 * $0.0 * $0.0 / $0.1 }
    let typicalCount =
      effectiveCounts.isEmpty ? count : effectiveCounts.reduce(0, +) / Double(effectiveCounts.count)
    return (
      zip(variances, cautious).map { (1 - caution) * $0.0 + caution * $0.1 },
      max(1, min(count, typicalCount) * free / count)
    )
  }

  /// The features of a block of pairs times √w: `[features x block]`, a column a pair.
  private func write(_ block: Range<Int>, into features: inout [Double]) {
    let p = system.order
    let needed = p * block.count
    if features.count < needed { features = [Double](repeating: 0, count: needed) }
    for pair in block {
      let column = (pair - block.lowerBound) * p
      let root = pairs.weights[pair].squareRoot()
      let intact = root * (1 - centres[pair])
      let lesioned = root * (-1 - centres[pair])
      for player in 0..<playerCount {
        features[column + betaStart + player] = pairs.isIntact(player, in: pair) ? intact : lesioned
      }
      if isModulated {
        let factor = modulation[pair]
        for player in 0..<playerCount {
          features[column + player] = factor * features[column + playerCount + player]
        }
      }
    }
  }
}
