extension Design {
  /// Above this many regions the modulation γ is left out: it doubles the order of the system, which at 4096 regions would
  /// take 0.74 GB and three times the time; without it 0.2 GB.
  static let largestModulatedCount = 1024

  func estimateRegression(_ pairs: PairTable, _ values: [Double]) throws(ShapleyError) -> Estimate {
    switch index {
    case .shapley: try estimateOddShapley(pairs, values)
    case .banzhaf: try estimateOddBanzhaf(pairs, values)
    }
  }

  /// Size-modulated odd regression.
  ///
  /// The odd part y = (v(S) − v(Sᶜ))/2 of a complement pair with s intact regions, u = (2s − n)/n, is modelled as
  ///
  ///     y ≈ Δ/2·u + h(s) + Σ_g χ̃_g·(β_g + γ_g·q(s)),   χ̃ = χ − u,   q = u² − its mean over s = 1..<n,
  ///
  /// h and β, γ back-fitted three times. Then ζ_g = 2β_g + Δ/n with Σβ = 0, so Σζ = Δ.
  ///
  /// For any game, ζ_g = Δ/n + 2·mean_s b_g(s), where b_g(s) is the slope of y on χ̃_g within the coalitions of size s; the
  /// weights give every size's χ̃ the same variance, and q is orthogonal to 1 under them, so β estimates that mean
  /// without bias in the limit, whatever h is and however γ is shrunk: model and shrinkage cost or save variance only.
  ///
  /// γ's prior precision is fixed, so its ridge as a share of the mean diagonal falls with the number of pairs.
  private func estimateOddShapley(_ pairs: PairTable, _ values: [Double]) throws(ShapleyError) -> Estimate {
    let n = playerCount
    let effect = values[0] - values[1]
    let imbalance = pairs.sizes.map { Double(2 * $0 - n) / Double(n) }
    // Σ_{s=1}^{n−1} ((2s−n)/n)² = (n−1)(n−2)/(3n).
    let meanSquare = Double(n - 2) / Double(3 * n)
    let isModulated = n >= 4 && n <= Design.largestModulatedCount
    let regression = try OddRegression(
      pairs: pairs, centres: imbalance, modulation: isModulated ? imbalance.map { $0 * $0 - meanSquare } : [],
      ridge: 1.2 * Double(n) / Double(pairs.count), isCentred: true)

    let sizeEffect = SizeEffect(playerCount: n, sizes: pairs.sizes)
    let sizeLeverages = sizeEffect.leverages()
    let deviations = pairs.oddParts.indices.map { pairs.oddParts[$0] - effect / 2 * imbalance[$0] }
    var predictions = [Double](repeating: 0, count: pairs.count)
    var residuals = deviations
    var beta: [Double] = []
    for _ in 0..<3 {
      let bySize = sizeEffect.fit(
        sizes: pairs.sizes, residuals: deviations.indices.map { deviations[$0] - predictions[$0] })
      let targets = deviations.indices.map { deviations[$0] - bySize[pairs.sizes[$0]] }
      let coefficients = try regression.coefficients(for: targets)
      predictions = regression.predictions(of: coefficients)
      residuals = targets.indices.map { targets[$0] - predictions[$0] }
      beta = Array(coefficients.suffix(n))
    }
    let errors = regression.variances(
      residuals: residuals, otherLeverages: pairs.sizes.map { sizeLeverages[$0] })
    let zeta = beta.map { 2 * $0 }
    let shift = (effect - zeta.reduce(0, +)) / Double(n)
    return Estimate(
      zeta: zeta.map { $0 + shift }, standardError: errors.beta.map { 2 * $0.squareRoot() },
      degreesOfFreedom: errors.degreesOfFreedom, full: values[0], empty: values[1],
      evaluations: values.count, efficiencyResidual: 0,
      notes: (n > Design.largestModulatedCount
        ? ["Above \(Design.largestModulatedCount) regions the regression leaves out the modulation by size."] : [])
        + regression.notes)
  }

  /// The best linear approximation of the game under the uniform distribution has the Banzhaf values as slopes
  /// (Hammer & Holzman 1992): y = (v(S) − v(Sᶜ))/2 ≈ Σ_g β_g·χ_g over uniform S, ζ_g = 2β_g.
  private func estimateOddBanzhaf(_ pairs: PairTable, _ values: [Double]) throws(ShapleyError) -> Estimate {
    let zeros = [Double](repeating: 0, count: pairs.count)
    let regression = try OddRegression(
      pairs: pairs, centres: zeros, modulation: [], ridge: 0, isCentred: false)
    let beta = try regression.coefficients(for: pairs.oddParts)
    let predictions = regression.predictions(of: beta)
    let residuals = predictions.indices.map { pairs.oddParts[$0] - predictions[$0] }
    let errors = regression.variances(residuals: residuals, otherLeverages: zeros)
    let zeta = beta.map { 2 * $0 }
    return Estimate(
      zeta: zeta, standardError: errors.beta.map { 2 * $0.squareRoot() },
      degreesOfFreedom: errors.degreesOfFreedom, full: values[0], empty: values[1],
      evaluations: values.count, efficiencyResidual: values[0] - values[1] - zeta.reduce(0, +),
      notes: regression.notes)
  }
}
