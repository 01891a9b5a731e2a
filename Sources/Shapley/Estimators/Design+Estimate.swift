extension Design {
  /// ζ and its errors from the series' table of values.
  ///
  /// Linear in the values but for `cubic`: the estimate of a sum of games is the sum of their estimates under one design.
  ///
  /// Where coalitions meet donors, ζ and its errors are those of the mean of the donors' games. Enumerated and affine designs
  /// have one group: theirs are of its one donor.
  ///
  /// - Parameters:
  ///   - values: `[rowCount]`, in design order; v(∅) of all donors' mean.
  ///   - estimator: one that has honest errors on the design; by default the first.
  ///   - positions: where the regions lie, by which `cubic` knows neighbours.
  /// - Throws: `badValues` where the number of values isn't the design's or one isn't finite; `unsuitableEstimator`
  ///   with those that can use the design.
  package func estimate(
    values: [Float], by estimator: EstimatorName? = nil, positions: PlayerPositions? = nil
  ) throws(ShapleyError) -> Estimate {
    try estimate(values: values.map(Double.init), by: estimator, positions: positions)
  }

  package func estimate(
    values: [Double], by estimator: EstimatorName? = nil, positions: PlayerPositions? = nil
  ) throws(ShapleyError) -> Estimate {
    let estimator = estimator ?? kind.estimators(index)[0]
    if let refusal = kind.refusal(of: estimator, index: index) {
      throw ShapleyError(.unsuitableEstimator, "The values are of \(refusal).")
    }
    guard values.count == rowCount else {
      throw ShapleyError(
        .badValues, "The design has \(rowCount) coalitions and \(values.count) values were given: measure it again.")
    }
    if let row = values.firstIndex(where: { !$0.isFinite }) {
      throw ShapleyError(
        .badValues,
        """
        The value of coalition \(row) is \(values[row]): \
        choose a value or lesion for which the network's output stays finite.
        """)
    }
    if playerCount == 1 { return estimateSinglePlayer(values) }
    return switch estimator {
    case .naive: estimateNaive(values)
    case .permutation: estimateChains(values)
    case .regression: try estimateRegression(values)
    case .cubic: try estimateCubic(values, positions: positions)
    case .leverage: try estimateLeverage(values)
    case .exact: estimateEnumerated(values)
    case .affine: estimateAffine(values)
    case .gradient: preconditionFailure("gradient passes are of a GradientDesign")
    }
  }

  /// One region carries the whole effect, under both indices.
  private func estimateSinglePlayer(_ values: [Double]) -> Estimate {
    Estimate(
      zeta: [values[0] - values[1]], standardError: [0], degreesOfFreedom: .infinity, full: values[0],
      empty: values[1], evaluations: values.count, efficiencyResidual: 0, notes: [])
  }

  /// From single lesions: ζ_g = v(G) − v(G ∖ {g}), exact where v is affine in what is lesioned.
  ///
  /// The residual ρ = Δ − Σζ is 0 for an affine game up to rounding. It is spread evenly, so that Σζ = Δ, and taken as
  /// one draw of the sum of n independent errors: standard error |ρ|/√n with one degree of freedom.
  private func estimateAffine(_ values: [Double]) -> Estimate {
    let zeta = (0..<playerCount).map { values[0] - values[2 + $0] }
    let effect = values[0] - values[1]
    let residual = effect - zeta.reduce(0, +)
    let scale = max(abs(values[0]), abs(values[1]))
    let share = scale > 0 ? abs(residual) / scale : 0
    let notes =
      share > 1e-4
      ? ["The single lesions miss the effect by \(residual): the suffix isn't affine, choose another estimator."] : []
    return Estimate(
      zeta: zeta.map { $0 + residual / Double(playerCount) },
      standardError: Array(repeating: abs(residual) / Double(playerCount).squareRoot(), count: playerCount),
      degreesOfFreedom: 1, full: values[0], empty: values[1], evaluations: values.count,
      efficiencyResidual: residual, notes: notes)
  }
}
