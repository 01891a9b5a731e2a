extension GradientDesign {
  /// Degrees of freedom that midpoints' variances must have in all, so that λ is estimated and not guessed.
  private static let leastMidpointFreedom = 4.0
  /// The least that Simpson's rule is taken to leave of the squared curvature that it takes off; measured on residual networks.
  package static let simpsonRemainder = 0.03

  /// Whether its midpoints tell how strong curvature is in a series.
  var measuresCurvature: Bool {
    let midpoints = (0..<pairCount).reduce(0) { $0 + midpointCount(pair: $1) }
    // Each region is dealt as often as any other, but for one.
    return Double(midpoints - playerCount) >= Self.leastMidpointFreedom
  }

  private static let unmeasuredNote =
    "A stimulus has too few gradient passes to measure its own curvature: its errors count what probes found."

  /// ζ and its errors from all passes.
  ///
  /// - Parameters:
  ///   - values: `[rowCount]`.
  ///   - derivatives: `[rowCount x regions]`, row by row.
  ///   - prior: what was learnt of the layer before.
  /// - Throws: `badValues` where a number isn't finite; `budgetTooSmall` where nothing says how strong curvature is.
  package func estimate(
    values: [Float], derivatives: [Float], prior: GradientPrior? = nil
  ) throws(ShapleyError) -> GradientEstimate {
    guard values.count == rowCount, derivatives.count == rowCount * playerCount else {
      throw ShapleyError(
        .badValues,
        """
        The design has \(rowCount) gradient passes of \(playerCount) regions, and \(values.count) values and \
        \(derivatives.count) derivatives were given: measure it again.
        """)
    }
    var sums = GradientSums(players: playerCount)
    try sums.add(0..<rowCount, of: self, values: values, derivatives: derivatives)
    let estimate = try estimate(sums, prior: prior)
    return usesValues ? improved(estimate, by: values) : estimate
  }

  /// ζ and its errors from the sums of all passes.
  ///
  /// T_g = Σwx/Σw, with G and ∅ among the pairs (`GradientSums`), and S_g − T_g = a(Σuy/Σu − T_g), a the weight of the inner nodes
  /// (`PresenceRule`): ⅔ by Simpson's rule, ⅚ by Lobatto's. The estimate is T +
  /// λ(S − T), λ = τ²/(τ² + s²), s² the mean sampling variance of S − T and τ² = max(0, mean (S − T)² − s²) the curvature that
  /// is there. Its mean squared error, ((1 − λ)² + ρλ²)τ_g² + (1 − aλ)² var T + (aλ)² var Mid, is the square of its standard
  /// error; for the Shapley index what Σζ misses of v(G) − v(∅) is shared out in proportion to it. There τ² counts with a
  /// quarter of its own standard error √(2/n)(τ² + s²) on top, ρ is what the rule leaves and var T is moderated
  /// (`GradientPrior`); what chance leaves of all coalitions' differences is added.
  ///
  /// A region's own τ_g² is in proportion to its (S − T)² as far as that is known, λ; of the rest half is taken in proportion to T_g², and
  /// the other half, as the midpoints' variance is, half alike for all regions and half in proportion to var T_g: few passes don't know
  /// each region's own.
  ///
  /// - Throws: `badValues` where the sums aren't of all rows; `budgetTooSmall` where nothing says how strong curvature is.
  package func estimate(_ sums: GradientSums, prior: GradientPrior? = nil) throws(ShapleyError) -> GradientEstimate {
    guard sums.playerCount == playerCount, sums.rowCount == rowCount, let full = sums.full, let empty = sums.empty else {
      throw ShapleyError(
        .badValues, "The design has \(rowCount) gradient passes and \(sums.rowCount) were given: measure it again.")
    }
    if playerCount == 1 { return singlePlayer(sums, full: full, empty: empty) }
    let (trapezoid, variance, freedom) = trapezoid(sums)
    let scale = Self.scales(variance)
    let midpoints = Midpoints(sums, scale: scale)
    let inner = rule.innerWeight
    let correction = (0..<playerCount).map { midpoints.pairs[$0] > 0 ? inner * (midpoints.mean[$0] - trapezoid[$0]) : 0 }
    let measured =
      midpoints.freedom >= Self.leastMidpointFreedom
      ? measuredCurvature(correction, trapezoidVariance: variance, midpoints) : nil
    let meanSquare = trapezoid.reduce(0) { $0 + $1 * $1 } / Double(playerCount)
    let known = prior.map { $0.curvature * meanSquare }
    guard let tau = measured?.curvature ?? known else {
      throw ShapleyError(
        .budgetTooSmall,
        """
        \(rowCount) gradient passes of \(playerCount) regions don't tell how strong curvature is: \
        raise the samples a region, or measure probes first.
        """)
    }
    let sampling = measured?.variance ?? 0
    let shrinkage = tau > 0 && measured != nil ? tau / (tau + sampling) : 0
    let measuredRegions = Double(max(1, midpoints.pairs.count { $0 > 0 }))
    let own = measured == nil ? tau : tau + 0.25 * (2 / measuredRegions).squareRoot() * (tau + sampling)
    // All passes of a stimulus may agree by chance: a region's midpoints count as observations, and what probes found as one more.
    let seen = midpoints.pairs.reduce(0, +) / measuredRegions
    let likely = max(own, (seen * own + (known ?? 0)) / (seen + 1))
    let square = (0..<playerCount).reduce(0) { $0 + correction[$1] * correction[$1] } / measuredRegions
    let remainder = rule.left * (prior?.remainder ?? Self.simpsonRemainder)
    // Values and derivatives are in single precision.
    let rounding = 0x1p-23 * max(abs(full), abs(empty))
    let chance = rounding * rounding + (prior?.noise ?? 0) * index.concentration(players: playerCount)
    let applied = midpoints.pairs.map { $0 > 0 ? shrinkage : 0 }
    var zeta = (0..<playerCount).map { trapezoid[$0] + applied[$0] * correction[$0] }
    let residual = full - empty - zeta.reduce(0, +)
    // What is missing of the sum is bias that is left: its mean square is no less than the square of its mean.
    let missed = index == .shapley ? residual * residual / Double(playerCount * playerCount) : 0
    var errors = (0..<playerCount).map { player in
      let applied = applied[player]
      let left = max(((1 - applied) * (1 - applied) + remainder * applied * applied) * likely, missed)
      let kept = 1 - inner * applied
      let own = square > 0 ? correction[player] * correction[player] / square : 1
      let size = meanSquare > 0 ? trapezoid[player] * trapezoid[player] / meanSquare : 1
      let place = ((1 - applied) * scale[player] + applied * own + size) / 2
      let spread =
        prior?.moderated(variance[player], freedom: freedom, passes: rowCount, region: player) ?? variance[player]
      return chance + left * place + kept * kept * spread + inner * inner * applied * applied * midpoints.variance(player)
    }
    if index == .shapley { Self.share(residual, among: &zeta, errors: &errors) }
    return GradientEstimate(
      Estimate(
        zeta: zeta, standardError: errors.map { $0.squareRoot() }, degreesOfFreedom: freedom, full: full, empty: empty,
        evaluations: rowCount, efficiencyResidual: residual, notes: measured == nil ? [Self.unmeasuredNote] : []),
      GradientParts(
        trapezoid: trapezoid, trapezoidVariance: variance, correction: correction, correctionPairs: midpoints.pairs,
        shrinkage: shrinkage, curvature: tau, correctionVariance: sampling, midpointShare: midpointShare, unexplained: []))
  }

  /// Shares out what a sum misses in proportion to the squared errors, and takes from them what is then known.
  static func share(_ residual: Double, among zeta: inout [Double], errors: inout [Double]) {
    let total = errors.reduce(0, +)
    guard total > 0 else { return }
    for player in zeta.indices {
      let part = errors[player] / total
      zeta[player] += part * residual
      errors[player] *= 1 - part
    }
  }

  /// `[players]`, of mean 1: half alike, half in proportion to the variances.
  private static func scales(_ variances: [Double]) -> [Double] {
    let mean = variances.reduce(0, +) / Double(variances.count)
    return variances.map { mean > 0 ? 0.5 + 0.5 * $0 / mean : 1 }
  }

  /// One region carries the whole effect, under both indices.
  private func singlePlayer(_ sums: GradientSums, full: Double, empty: Double) -> GradientEstimate {
    GradientEstimate(
      Estimate(
        zeta: [full - empty], standardError: [0], degreesOfFreedom: .infinity, full: full, empty: empty,
        evaluations: rowCount, efficiencyResidual: 0, notes: []),
      GradientParts(
        trapezoid: sums.ends, trapezoidVariance: [0], correction: [full - empty - sums.ends[0]], correctionPairs: [0],
        shrinkage: 1, curvature: 0, correctionVariance: 0, midpointShare: 0, unexplained: []))
  }

  /// T, its variance and the mean degrees of freedom.
  ///
  /// The variance of a mean with the given weights, Σw²(x − T)²/(Σw)², times what makes it unbiased where x is spread alike in all
  /// pairs: Σw²/(Σw² − 2Σw³/Σw + (Σw²)²/(Σw)²). Degrees of freedom are (Σw)²/Σw² − 1.
  private func trapezoid(_ sums: GradientSums) -> (mean: [Double], variance: [Double], freedom: Double) {
    var mean = sums.ends
    var variance = [Double](repeating: 0, count: playerCount)
    var freedom = 0.0
    for player in 0..<playerCount where sums.weight[player] > 0 {
      let (w, w2, w3) = (sums.weight[player], sums.weight2[player], sums.weight3[player])
      let total = w + endWeight
      mean[player] = (sums.weightedX[player] + endWeight * sums.ends[player]) / total
      let centre = sums.weightedX[player] / w
      let squares =
        sums.weight2X2[player] - 2 * centre * sums.weight2X[player] + centre * centre * w2
      let rest = max(1 - 2 * w3 / (w * w2) + w2 / (w * w), 1e-2)
      variance[player] = max(squares, 0) / (total * total) / rest
      freedom += max(w * w / w2 - 1, 1)
    }
    return (mean, variance, freedom / Double(playerCount))
  }

  /// τ² and s², over the regions that were midpoints.
  private func measuredCurvature(
    _ correction: [Double], trapezoidVariance: [Double], _ midpoints: Midpoints
  ) -> (curvature: Double, variance: Double) {
    var (squares, variance, count) = (0.0, 0.0, 0.0)
    for player in 0..<playerCount where midpoints.pairs[player] > 0 {
      squares += correction[player] * correction[player]
      variance += rule.innerWeight * rule.innerWeight * (midpoints.variance(player) + trapezoidVariance[player])
      count += 1
    }
    return (max(0, (squares - variance) / count), variance / count)
  }
}

/// The midpoints' means, with one variance of a pair for the whole layer, scaled to each region.
private struct Midpoints {
  /// `[players]`: Σu, pairs by their weights.
  let pairs: [Double]
  /// `[players]`: Σu².
  private let squaredWeights: [Double]
  /// `[players]`: 0 without pairs.
  let mean: [Double]
  /// Degrees of freedom of the variance.
  let freedom: Double
  private let scale: [Double]
  private let pairVariance: Double

  init(_ sums: GradientSums, scale: [Double]) {
    (pairs, squaredWeights) = (sums.midpoints, sums.midpoints2)
    mean = pairs.indices.map { sums.midpoints[$0] > 0 ? sums.midpointSum[$0] / sums.midpoints[$0] : 0 }
    self.scale = scale
    var (squares, scaled, freedom) = (0.0, 0.0, 0.0)
    for player in pairs.indices where pairs[player] > 0 {
      // As many pairs of equal weights would say as much.
      let count = pairs[player] * pairs[player] / squaredWeights[player]
      guard count > 1.001 else { continue }
      squares += max(0, sums.midpointSum2[player] - mean[player] * sums.midpointSum[player])
      scaled += pairs[player] * (1 - 1 / count) * scale[player]
      freedom += count - 1
    }
    self.freedom = freedom
    pairVariance = scaled > 0 ? squares / scaled : 0
  }

  /// Of the mean of a region that was a midpoint.
  func variance(_ player: Int) -> Double {
    pairs[player] > 0 ? pairVariance * scale[player] * squaredWeights[player] / (pairs[player] * pairs[player]) : 0
  }
}
