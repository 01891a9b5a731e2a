extension Design {
  func estimateRegression(_ values: [Double]) throws(ShapleyError) -> Estimate {
    switch index {
    case .shapley: try estimateOddShapley(values)
    case .banzhaf: try estimateOddBanzhaf(values)
    }
  }

  private func estimateOddShapley(_ values: [Double]) throws(ShapleyError) -> Estimate {
    let fit = try SizeModulatedFit(sharedRegression(), values: values)
    let errors = fit.regression.variances(residuals: fit.residuals)
    return oddEstimate(beta: fit.beta, errors, values, notes: notes(of: fit)).renumbered(seriesNumbers)
  }

  func notes(of fit: SizeModulatedFit) -> [String] {
    (playerCount > SizeModulatedFit.largestModulatedCount
      ? ["Above \(SizeModulatedFit.largestModulatedCount) regions the regression leaves out the modulation by size."] : [])
      + fit.regression.notes
  }

  /// ζ = 2β, shifted evenly so that Σζ = Δ.
  func oddEstimate(
    beta: [Double], _ errors: (beta: [Double], degreesOfFreedom: Double), _ values: [Double], notes: [String]
  ) -> Estimate {
    let zeta = beta.map { 2 * $0 }
    let shift = (values[0] - values[1] - zeta.reduce(0, +)) / Double(playerCount)
    return Estimate(
      zeta: zeta.map { $0 + shift }, standardError: errors.beta.map { 2 * $0.squareRoot() },
      degreesOfFreedom: errors.degreesOfFreedom, full: values[0], empty: values[1], evaluations: values.count,
      efficiencyResidual: 0, notes: notes)
  }

  /// The best linear approximation of the game under the uniform distribution has the Banzhaf values as slopes
  /// (Hammer & Holzman 1992): y = (v(S) − v(Sᶜ))/2 ≈ Σ_g β_g·χ_g over uniform S, ζ_g = 2β_g.
  private func estimateOddBanzhaf(_ values: [Double]) throws(ShapleyError) -> Estimate {
    let pairs = MeasuredPairs(PairTable(design: self), values: values)
    let features = OddFeatures(pairs: pairs.table, centres: [Double](repeating: 0, count: pairs.count))
    let regression = try OddRegression(features, isCentred: false)
    let beta = try regression.coefficients(for: pairs.oddParts)
    let errors = regression.variances(residuals: zip(pairs.oddParts, features.predictions(of: beta)).map { $0 - $1 })
    let zeta = beta.map { 2 * $0 }
    return Estimate(
      zeta: zeta, standardError: errors.beta.map { 2 * $0.squareRoot() },
      degreesOfFreedom: errors.degreesOfFreedom, full: values[0], empty: values[1],
      evaluations: values.count, efficiencyResidual: values[0] - values[1] - zeta.reduce(0, +),
      notes: regression.notes)
  }
}
