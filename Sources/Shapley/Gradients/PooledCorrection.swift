/// A layer's mean ζ over its series, with what a cheap measurement misses taken off as far as it can be told.
///
/// Every series i has a ζ_i, and some have differences d_i between a better measurement and the cheap one, each with a weight k_i
/// (0: none), of which ζ_i already has a part and w_i is withheld: a single series' d_i is mostly noise. The mean of ζ plus the weighted
/// mean of w would be free of the cheap measurement's bias but carry w's noise (the difference estimator of survey sampling), so w̄ is
/// shrunk: ζ̄ + Λw̄, Λ = τ²/(τ² + s²), with s² the mean squared standard error of w̄ across series and τ² = max(0, mean w̄² − s²) the
/// bias that is there. What Λ leaves, (1 − Λ)²τ², belongs into the interval, with what the better measurement itself leaves of d̄.
///
/// A bias that all regions share is known exactly where Σζ is: then the means are made efficient, and what may be left is the
/// spread of the bias over the regions, (1 − Λ)² times max(0, var w̄ − s²), with a quarter of its own standard error on top. As far
/// as w̄ is known, which is Λ, it is taken to lie where w̄ does, in proportion to its square; the rest is alike for all regions.
///
/// Source of the difference estimator: Särndal, Swensson and Wretman, "Model assisted survey sampling" (1992), ch. 6.
package struct PooledCorrection: Sendable, Hashable {
  /// Λ, 0...1.
  package let shrinkage: Double
  /// Of d̄: the whole bias of the cheap measurement.
  package let found: PooledDifference
  /// `[regions]`: the squared error that stays beside the spread across series.
  package let remainingBias: [Double]
  /// `[regions]`: the squared error that all series share: what stays, and Λ² times w̄'s own, which their spread tells but not the
  /// errors of single ones.
  package let sharedVariance: [Double]
  /// `[series][regions]`: pseudo-values. Their mean is the corrected ζ and their spread its error, noise of w included.
  package let zeta: [[Double]]

  /// - Parameters:
  ///   - zeta: `[series][regions]`, two series or more.
  ///   - differences: `[series][regions]`; anything where the weight is 0.
  ///   - withheld: `[series][regions]`: what of the differences ζ doesn't have.
  ///   - weights: `[series][regions]`, not negative.
  ///   - variances: `[series][regions]`: ζ's squared errors, by which a missing sum is shared out.
  ///   - effects: `[series]`, v(G) − v(∅), where Σζ is to be their mean; nil where the index isn't efficient.
  ///   - remainder: `[regions]`: what the better measurement leaves of the squared bias that it takes off; nil for nothing.
  package init(
    zeta: [[Double]], differences: [[Double]], withheld: [[Double]], weights: [[Double]], variances: [[Double]],
    effects: [Double]?, remainder: [Double]? = nil
  ) {
    let series = zeta.count
    let regions = zeta[0].indices
    precondition(series > 1 && withheld.count == series && variances.count == series)
    let found = PooledDifference(differences, weights: weights, isEfficient: effects != nil)
    let rest = PooledDifference(withheld, weights: weights, isEfficient: effects != nil)
    let shrinkage = rest.bias > 0 ? rest.bias / (rest.bias + rest.variance) : 0
    (self.found, self.shrinkage) = (found, shrinkage)
    var remaining = regions.map { region in
      guard rest.isMeasured[region] else { return found.spread }
      let missed = (1 - shrinkage) * (1 - shrinkage) * rest.spread * (1 - shrinkage + shrinkage * rest.place(region))
      return missed + (remainder?[region] ?? 0) * found.spread * found.place(region)
    }
    var corrected = zeta
    for one in 0..<series {
      for region in regions where rest.isMeasured[region] {
        // Of which the mean is w̄ and the spread that of the weighted mean.
        let own = rest.deviation(withheld[one][region], weight: weights[one][region], region)
        corrected[one][region] += shrinkage * (rest.mean[region] + own)
      }
    }
    if let effects {
      let sampling = regions.map { region in
        (0..<series).reduce(0) { $0 + variances[$1][region] } / Double(series * series)
          + shrinkage * shrinkage * rest.error[region] + remaining[region]
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
    sharedVariance = regions.map { remaining[$0] + shrinkage * shrinkage * rest.error[$0] }
    self.zeta = corrected
  }
}

extension PooledCorrection {
  /// Midpoints against the trapezoid, over the series of a layer.
  ///
  /// - Parameter isEfficient: whether Σζ is the effect: the Shapley index.
  package init(series: [GradientEstimate], isEfficient: Bool) {
    let count = Double(series.count)
    let left = series[0].zeta.indices.map { region in series.reduce(0) { $0 + $1.left(of: region) } / count }
    self.init(
      zeta: series.map(\.unshared), differences: series.map(\.correction), withheld: series.map(\.withheld),
      weights: series.map(\.correctionPairs), variances: series.map { $0.standardError.map { $0 * $0 } },
      effects: isEfficient ? series.map(\.estimate.effect) : nil,
      remainder: left.map { GradientDesign.simpsonRemainder * $0 * $0 })
  }
}

/// Differences between two measurements, pooled over series: their weighted mean, and how much of it is no chance.
package struct PooledDifference: Sendable, Hashable {
  /// `[regions]`: 0 where nothing was measured.
  package let mean: [Double]
  /// `[regions]`: the mean's squared standard error across series.
  package let error: [Double]
  /// `[regions]`: whether two series or more measured it.
  package let isMeasured: [Bool]
  /// s²: the mean of `error` over the regions measured.
  package let variance: Double
  /// τ² = max(0, mean square of the mean − s²): the bias that is there.
  package let bias: Double
  /// τ'²: the part of it that sums of ζ don't tell, with a quarter of its own standard error on top.
  package let spread: Double
  private let square: Double
  /// `[regions]`: the mean weight of a series; 0 where nothing was measured.
  private let meanWeight: [Double]

  /// - Parameters:
  ///   - differences: `[series][regions]`; anything where the weight is 0.
  ///   - weights: `[series][regions]`, not negative.
  ///   - isEfficient: whether the sum over the regions is known otherwise.
  init(_ differences: [[Double]], weights: [[Double]], isEfficient: Bool) {
    let series = differences.count
    precondition(series > 1 && weights.count == series)
    let regions = differences[0].indices
    let degrees = Double(series) * Double(series - 1)
    var (mean, error) = ([Double](repeating: 0, count: regions.count), [Double](repeating: 0, count: regions.count))
    var isMeasured = [Bool](repeating: false, count: regions.count)
    var meanWeight = mean
    for region in regions {
      let total = (0..<series).reduce(0) { $0 + weights[$1][region] }
      guard (0..<series).count(where: { weights[$0][region] > 0 }) > 1 else { continue }
      isMeasured[region] = true
      meanWeight[region] = total / Double(series)
      mean[region] = (0..<series).reduce(0) { $0 + weights[$1][region] * differences[$1][region] } / total
      for one in 0..<series where weights[one][region] > 0 {
        let own = weights[one][region] / meanWeight[region] * (differences[one][region] - mean[region])
        error[region] += own * own / degrees
      }
    }
    let measured = regions.filter { isMeasured[$0] }
    let count = max(1, Double(measured.count))
    variance = measured.reduce(0) { $0 + error[$1] } / count
    square = measured.reduce(0) { $0 + mean[$1] * mean[$1] } / count
    bias = max(0, square - variance)
    let common = measured.reduce(0) { $0 + mean[$1] } / count
    // One region, or an index without efficiency, keeps the bias that it shares with the others.
    let known = !isEfficient || measured.count < 2 ? bias : max(0, square - common * common - variance)
    spread = known + 0.25 * (2 / count).squareRoot() * (known + variance)
    (self.mean, self.error, self.isMeasured, self.meanWeight) = (mean, error, isMeasured, meanWeight)
  }

  /// What a series' difference is off the weighted mean by, times its weight over the mean one: their mean is 0.
  func deviation(_ difference: Double, weight: Double, _ region: Int) -> Double {
    weight > 0 ? weight / meanWeight[region] * (difference - mean[region]) : 0
  }

  /// A region's square over the mean one; 1 where all are 0.
  func place(_ region: Int) -> Double { square > 0 ? mean[region] * mean[region] / square : 1 }
}
