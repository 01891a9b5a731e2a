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
  func estimateLeverage(_ values: [Double]) throws(ShapleyError) -> Estimate {
    let pairs = MeasuredPairs(PairTable(design: self), values: values)
    let features = OddFeatures(pairs: pairs.table, centres: pairs.table.imbalances)
    let regression = try OddRegression(features, isCentred: true)
    let targets = zip(pairs.oddParts, features.centres).map { $0 - pairs.effect / 2 * $1 }
    let beta = try regression.coefficients(for: targets)
    let residuals = zip(targets, features.predictions(of: beta)).map { $0 - $1 }
    var errors = regression.variances(residuals: residuals)
    if let seriesNumbers {
      // Balance takes nearly all out of β that depends on size: the noise is what a regression with those terms leaves, and
      // by how much the two differ.
      let modulated = try SizeModulatedFit(sharedRegression(), values: values)
      errors = regression.variances(residuals: modulated.residuals, leverages: modulated.regression.leverages)
      let differences = zip(seriesNumbers, modulated.beta).map { beta[$0] - $1 }
      let left = differences.reduce(0) { $0 + $1 * $1 } / Double(playerCount)
      errors.beta = errors.beta.map { $0 + left }
    }
    return oddEstimate(beta: beta, errors, values, notes: regression.notes)
  }
}
