extension Design {
  /// The textbook formula: ζ_g is the mean of v(S ∪ {g}) − v(S) over the region's own draws of S.
  ///
  /// Standard error: sd/√draws, moderated, with draws − 1 degrees of freedom. Not efficient: Σζ differs from Δ by the
  /// residual.
  func estimateNaive(_ values: [Double]) -> Estimate {
    let draws = groupCount / playerCount
    let moments = (0..<playerCount).map { player in
      SampleMoments(
        (0..<draws).map { draw in
          let row = 2 + 2 * (draw * playerCount + player)
          return values[row + 1] - values[row]
        })
    }
    return sampledEstimate(values, zeta: moments.map(\.mean), variances: moments.map(\.variance), draws: draws)
  }

  /// The mean over antithetic pairs of permutations of a region's marginal contribution. Σζ = Δ by telescoping.
  ///
  /// Standard error: blocks are taken as independent although their positions are stratified, which makes it a little
  /// too wide (by 5-20 % where position matters); moderated, blocks − 1 degrees of freedom.
  func estimateChains(_ values: [Double]) -> Estimate {
    let blocks = groupCount
    var contributions = [[Double]](repeating: [], count: playerCount)
    for (block, permutation) in permutations(of: 0..<blocks).enumerated() {
      let first = 2 + block * rowsPerGroup
      var prefix = values[1]
      var complement = values[0]
      for (step, player) in permutation.enumerated() {
        let isLast = step == playerCount - 1
        let nextPrefix = isLast ? values[0] : values[first + 2 * step]
        let nextComplement = isLast ? values[1] : values[first + 2 * step + 1]
        contributions[player].append((nextPrefix - prefix + complement - nextComplement) / 2)
        prefix = nextPrefix
        complement = nextComplement
      }
    }
    let moments = contributions.map { SampleMoments($0) }
    return sampledEstimate(values, zeta: moments.map(\.mean), variances: moments.map(\.variance), draws: blocks)
  }

  /// An estimate whose regions each have the mean and variance of their own draws.
  ///
  /// With few draws a region's sample variance can be far too small by chance, 0 where a discrete game repeats itself.
  /// So each variance counts as d = draws − 1 observations and the mean variance of the regions as one more, where that
  /// makes it larger (the idea of Smyth 2004, used in the safe direction only).
  private func sampledEstimate(_ values: [Double], zeta: [Double], variances: [Double], draws: Int) -> Estimate {
    let freedom = Double(draws - 1)
    let mean = variances.reduce(0, +) / Double(playerCount)
    let moderated = variances.map { max($0, (freedom * $0 + mean) / (freedom + 1)) }
    return Estimate(
      zeta: zeta, standardError: moderated.map { ($0 / Double(draws)).squareRoot() }, degreesOfFreedom: freedom,
      full: values[0], empty: values[1], evaluations: values.count,
      efficiencyResidual: values[0] - values[1] - zeta.reduce(0, +), notes: [])
  }
}
