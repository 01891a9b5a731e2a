extension Design {
  /// The textbook formula: ζ_g is the mean of v(S ∪ {g}) − v(S) over the region's own draws of S.
  ///
  /// Standard error: sd/√draws, draws − 1 degrees of freedom. Not efficient: Σζ differs from Δ by the residual.
  func estimateNaive(_ values: [Double]) -> Estimate {
    let draws = groupCount / playerCount
    var zeta = [Double](repeating: 0, count: playerCount)
    var error = zeta
    for player in 0..<playerCount {
      let differences = (0..<draws).map { draw in
        let row = 2 + 2 * (draw * playerCount + player)
        return values[row + 1] - values[row]
      }
      let moments = SampleMoments(differences)
      zeta[player] = moments.mean
      error[player] = moments.standardError
    }
    return Estimate(
      zeta: zeta, standardError: error, degreesOfFreedom: Double(draws - 1), full: values[0], empty: values[1],
      evaluations: values.count, efficiencyResidual: values[0] - values[1] - zeta.reduce(0, +), notes: [])
  }

  /// The mean over antithetic pairs of permutations of a region's marginal contribution. Σζ = Δ by telescoping.
  func estimateChains(_ values: [Double]) -> Estimate {
    let blocks = groupCount
    var perBlock = [[Double]](repeating: [], count: playerCount)
    for block in 0..<blocks {
      let first = 2 + block * rowsPerGroup
      var prefixValue = values[1]
      var complementValue = values[0]
      for (step, player) in permutation(block).enumerated() {
        let isLast = step == playerCount - 1
        let nextPrefix = isLast ? values[0] : values[first + 2 * step]
        let nextComplement = isLast ? values[1] : values[first + 2 * step + 1]
        perBlock[player].append((nextPrefix - prefixValue + complementValue - nextComplement) / 2)
        prefixValue = nextPrefix
        complementValue = nextComplement
      }
    }
    let moments = perBlock.map { SampleMoments($0) }
    let zeta = moments.map(\.mean)
    return Estimate(
      zeta: zeta, standardError: moments.map(\.standardError), degreesOfFreedom: Double(blocks - 1), full: values[0],
      empty: values[1], evaluations: values.count,
      efficiencyResidual: values[0] - values[1] - zeta.reduce(0, +), notes: [])
  }
}
