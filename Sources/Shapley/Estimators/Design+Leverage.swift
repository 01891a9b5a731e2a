extension Design {
  /// Leverage SHAP: the constrained weighted least squares of KernelSHAP on complement pairs whose sizes are spread evenly.
  ///
  /// With Δ = v(G) − v(∅), s = |S| and u = (2s − n)/n, the odd part y = (v(S) − v(Sᶜ))/2 of a pair is modelled as
  ///
  ///     y ≈ Δ/2·u + Σ_g χ̃_g·β_g,   χ̃ = χ − u,   Σβ = 0,
  ///
  /// with the weights (n − 1)/(s(n − s)) over how often a size was drawn, and ζ_g = 2β_g + Δ/n. It is `regression` without
  /// what depends on size, exact where all pairs are measured.
  ///
  /// Source: Lundberg & Lee, NeurIPS 2017; Musco & Witter, "Provably accurate Shapley value estimation via leverage score
  /// sampling", ICLR 2025 (arXiv 2410.01917): every coalition's leverage is 1/C(n, s) but for a constant, so drawing by
  /// leverage is drawing the sizes evenly.
  func estimateLeverage(_ pairs: PairTable, _ values: [Double]) throws(ShapleyError) -> Estimate {
    let n = playerCount
    let effect = values[0] - values[1]
    let imbalance = pairs.sizes.map { Double(2 * $0 - n) / Double(n) }
    let regression = try OddRegression(pairs: pairs, centres: imbalance, modulation: [], ridge: 0, isCentred: true)
    let targets = pairs.oddParts.indices.map { pairs.oddParts[$0] - effect / 2 * imbalance[$0] }
    let beta = try regression.coefficients(for: targets)
    let predictions = regression.predictions(of: beta)
    let errors = regression.variances(
      residuals: targets.indices.map { targets[$0] - predictions[$0] },
      otherLeverages: Array(repeating: 0, count: pairs.count))
    let zeta = beta.map { 2 * $0 }
    let shift = (effect - zeta.reduce(0, +)) / Double(n)
    return Estimate(
      zeta: zeta.map { $0 + shift }, standardError: errors.beta.map { 2 * $0.squareRoot() },
      degreesOfFreedom: errors.degreesOfFreedom, full: values[0], empty: values[1],
      evaluations: values.count, efficiencyResidual: 0, notes: regression.notes)
  }
}
