/// A layer's mean ζ over its series, with what a cheap measurement misses taken off as far as it can be told.
///
/// Every series i has a cheap ζ_i, and some have differences d_i between a better measurement and the cheap one, each with a
/// weight k_i (0: none). The mean of ζ plus the weighted mean of d would be free of the cheap measurement's bias but carry d's
/// noise (the difference estimator of survey sampling), so d̄ is shrunk: ζ̄ + Λd̄, Λ = τ²/(τ² + s²), with s² the mean squared standard
/// error of d̄ across series and τ² = max(0, mean d̄² − s²) the bias that is there. What Λ leaves, (1 − Λ)²τ², belongs into
/// the interval, with what the better measurement itself leaves.
///
/// A bias that all regions share is known exactly where Σζ is: then the means are made efficient, and what may be left is the
/// spread of the bias over the regions, (1 − Λ)² times max(0, var d̄ − s²), with a quarter of its own standard error on top. As far
/// as d̄ is known, which is Λ, it is taken to lie where d̄ does, in proportion to its square; the rest is alike for all regions.
///
/// Source of the difference estimator: Särndal, Swensson and Wretman, "Model assisted survey sampling" (1992), ch. 6.
package struct PooledCorrection: Sendable, Hashable {
  /// Λ, 0...1.
  package let shrinkage: Double
  /// τ²: the mean squared bias found before it was taken off.
  package let bias: Double
  /// τ'²: the part of it that sums of ζ don't tell, with what chance adds.
  package let spread: Double
  /// s²: the mean squared standard error of d̄.
  package let variance: Double
  /// `[regions]`: d̄, 0 where nothing was measured.
  package let difference: [Double]
  /// `[regions]`: the squared error that stays beside the spread across series.
  package let remainingBias: [Double]
  /// `[regions]`: the squared error that all series share: what stays, and Λ² times d̄'s own, which their spread tells but not the
  /// errors of single ones.
  package let sharedVariance: [Double]
  /// `[series][regions]`: pseudo-values. Their mean is the corrected ζ and their spread its error, noise of d included.
  package let zeta: [[Double]]

  /// - Parameters:
  ///   - zeta: `[series][regions]`, two series or more.
  ///   - differences: `[series][regions]`; anything where the weight is 0.
  ///   - weights: `[series][regions]`, not negative.
  ///   - variances: `[series][regions]`: the cheap ζ's sampling variances, by which a missing sum is shared out.
  ///   - effects: `[series]`, v(G) − v(∅), where Σζ is to be their mean; nil where the index isn't efficient.
  ///   - remainder: what the better measurement leaves of the squared bias that it takes off; 0 where it has none.
  package init(
    zeta: [[Double]], differences: [[Double]], weights: [[Double]], variances: [[Double]], effects: [Double]?,
    remainder: Double = 0
  ) {
    let series = zeta.count
    let regions = zeta[0].indices
    precondition(series > 1 && differences.count == series && weights.count == series && variances.count == series)
    let degrees = Double(series) * Double(series - 1)
    var (mean, error) = ([Double](repeating: 0, count: regions.count), [Double](repeating: 0, count: regions.count))
    var isMeasured = [Bool](repeating: false, count: regions.count)
    var deviations = [[Double]](repeating: mean, count: series)
    for region in regions {
      let total = (0..<series).reduce(0) { $0 + weights[$1][region] }
      guard (0..<series).count(where: { weights[$0][region] > 0 }) > 1 else { continue }
      isMeasured[region] = true
      mean[region] = (0..<series).reduce(0) { $0 + weights[$1][region] * differences[$1][region] } / total
      for one in 0..<series {
        let share = weights[one][region] / total * Double(series)
        deviations[one][region] = share == 0 ? 0 : share * (differences[one][region] - mean[region])
        error[region] += deviations[one][region] * deviations[one][region] / degrees
      }
    }
    let measured = regions.filter { isMeasured[$0] }
    let count = max(1, Double(measured.count))
    let s2 = measured.reduce(0) { $0 + error[$1] } / count
    let square = measured.reduce(0) { $0 + mean[$1] * mean[$1] } / count
    let common = measured.reduce(0) { $0 + mean[$1] } / count
    bias = max(0, square - s2)
    variance = s2
    let shrinkage = bias > 0 ? bias / (bias + s2) : 0
    self.shrinkage = shrinkage
    difference = mean
    // One region, or an index without efficiency, keeps the bias that it shares with the others.
    let known = effects == nil || measured.count < 2 ? bias : max(0, square - common * common - s2)
    let spread = known + 0.25 * (2 / count).squareRoot() * (known + s2)
    self.spread = spread
    let left = (1 - shrinkage) * (1 - shrinkage) + remainder * shrinkage * shrinkage
    var remaining = regions.map { region in
      guard isMeasured[region] else { return spread }
      let own = square > 0 ? mean[region] * mean[region] / square : 1
      return left * spread * (1 - shrinkage + shrinkage * own)
    }
    var corrected = zeta
    for one in 0..<series {
      for region in regions where isMeasured[region] {
        corrected[one][region] += shrinkage * (mean[region] + deviations[one][region])
      }
    }
    if let effects {
      let sampling = regions.map { region in
        (0..<series).reduce(0) { $0 + variances[$1][region] } / Double(series * series)
          + shrinkage * shrinkage * error[region] + remaining[region]
      }
      let sum = corrected.reduce(0) { $0 + $1.reduce(0, +) } / Double(series)
      let missing = effects.reduce(0, +) / Double(series) - sum
      let total = sampling.reduce(0, +)
      for region in regions {
        let shift = total > 0 ? missing * sampling[region] / total : missing / Double(regions.count)
        for one in 0..<series { corrected[one][region] += shift }
        // What a region was given of the sum is no longer unknown there.
        if total > 0 { remaining[region] *= 1 - sampling[region] / total }
      }
    }
    remainingBias = remaining
    sharedVariance = regions.map { remaining[$0] + (isMeasured[$0] ? shrinkage * shrinkage * error[$0] : 0) }
    self.zeta = corrected
  }
}

extension PooledCorrection {
  /// Midpoints against the trapezoid, over the series of a layer.
  ///
  /// - Parameter isEfficient: whether Σζ is the effect: the Shapley index.
  package init(series: [GradientEstimate], isEfficient: Bool) {
    self.init(
      zeta: series.map(\.trapezoid), differences: series.map(\.correction), weights: series.map(\.correctionPairs),
      variances: series.map(\.trapezoidVariance), effects: isEfficient ? series.map(\.estimate.effect) : nil,
      remainder: GradientDesign.simpsonRemainder)
  }
}
