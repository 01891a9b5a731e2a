import Statistics

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
    let missed = values[0] - values[1] - moments.reduce(0) { $0 + $1.mean }
    return sampledEstimate(
      values, zeta: moments.map(\.mean), variances: moments.map(\.variance), draws: draws, pooledWeight: 2,
      whereAllAgree: missed * missed * Double(draws) / Double(playerCount))
  }

  /// The mean over antithetic pairs of permutations of a region's marginal contribution. Σζ = Δ by telescoping.
  ///
  /// Standard error: from successive differences over the strata of the region's position, moderated, with blocks − 1
  /// degrees of freedom. A design that was stopped early has visited a random part of the strata: the sample variance
  /// then comes in with the share of those that it didn't visit.
  func estimateChains(_ values: [Double]) -> Estimate {
    let blocks = groupCount
    var contributions = [[Double]](repeating: [], count: playerCount)
    // Of a chain's and its reverse's, Σ(difference/2)².
    var halves = 0.0
    for (block, permutation) in permutations(of: 0..<blocks).enumerated() {
      let first = 2 + block * rowsPerGroup
      var prefix = values[1]
      var complement = values[0]
      for (step, player) in permutation.enumerated() {
        let isLast = step == playerCount - 1
        let nextPrefix = isLast ? values[0] : values[first + 2 * step]
        let nextComplement = isLast ? values[1] : values[first + 2 * step + 1]
        contributions[player].append((nextPrefix - prefix + complement - nextComplement) / 2)
        let half = (nextPrefix - prefix - complement + nextComplement) / 2
        halves += half * half
        prefix = nextPrefix
        complement = nextComplement
      }
    }
    let moments = contributions.map { SampleMoments($0) }
    let visitedShare = Double(blocks) / Double(plannedChainPairs)
    let variances = moments.indices.map { player in
      let strata = chainStrata(player: player)[..<blocks]
      let withinStrata = Design.successiveVariance(of: contributions[player], orderedBy: Array(strata))
      return visitedShare * withinStrata + (1 - visitedShare) * moments[player].variance
    }
    return sampledEstimate(
      values, zeta: moments.map(\.mean), variances: variances, draws: blocks, pooledWeight: 1,
      whereAllAgree: halves / Double(blocks * playerCount))
  }

  /// The variance within strata of one draw each: δ² = Σ(x₍ₖ₊₁₎ − x₍ₖ₎)²/(2(B − 1)) over the draws in the order of
  /// their strata.
  ///
  /// What differs smoothly from stratum to stratum drops out of it, as it drops out of the error of a mean over all
  /// strata. Source: von Neumann, Ann. Math. Statist. 12 (1941); Wolter, Introduction to Variance Estimation, ch. 8.
  private static func successiveVariance(of draws: [Double], orderedBy strata: [Int]) -> Double {
    let ordered = draws.indices.sorted { strata[$0] < strata[$1] }.map { draws[$0] }
    let sum = zip(ordered, ordered.dropFirst()).reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
    return sum / Double(2 * (draws.count - 1))
  }

  /// An estimate whose regions each have the mean and variance of their own draws.
  ///
  /// With few draws a region's variance can be far too small by chance, 0 where a discrete game repeats itself. So each
  /// counts as d = draws − 1 observations and the mean variance of the regions as w more, where that makes it larger
  /// (the idea of Smyth, Stat. Appl. Genet. Mol. Biol. 3, 2004, used in the safe direction only).
  ///
  /// - Parameters:
  ///   - pooledWeight: w, set by coverage on games with exact ζ: 1 for chains, 2 for single draws, whose contributions have longer
  ///     tails.
  ///   - fallback: the variance where no region's draws differ, as by chance few of a game of kinks don't: what the two
  ///     halves of a chain differ by, or what Σζ misses of the effect. 0 where all are affine.
  private func sampledEstimate(
    _ values: [Double], zeta: [Double], variances: [Double], draws: Int, pooledWeight: Double,
    whereAllAgree fallback: Double
  ) -> Estimate {
    let freedom = Double(draws - 1)
    let rounding = 0x1p-23 * max(abs(values[0]), abs(values[1]))
    let mean = variances.reduce(0, +) / Double(playerCount)
    let moderated =
      mean > rounding * rounding
      ? variances.map { max($0, (freedom * $0 + pooledWeight * mean) / (freedom + pooledWeight)) }
      : variances.map { max($0, fallback) }
    return Estimate(
      zeta: zeta, standardError: moderated.map { ($0 / Double(draws)).squareRoot() }, degreesOfFreedom: freedom,
      full: values[0], empty: values[1], evaluations: values.count,
      efficiencyResidual: values[0] - values[1] - zeta.reduce(0, +), notes: [])
  }
}
