/// What the values of the gradient passes themselves say of ζ.
extension GradientDesign {
  /// The fewest pairs whose values are looked at.
  private static let leastPairsWithValues = 7
  /// The most regions, or pairs where those are fewer, for which a system of so many unknowns is solved some times a series.
  private static let mostUnknowns = 1024
  private static let mostPlayersWithValues = 4096

  /// Whether the values of pairs are used: where there are enough of them, and regions enough that pairs are like draws.
  package var usesValues: Bool {
    playerCount > 1 && !isSeparated && playerCount <= Self.mostPlayersWithValues
      && min(playerCount, pairCount) <= Self.mostUnknowns && pairCount >= Self.leastPairsWithValues
  }

  /// ζ by derivatives, made better by the values of the same passes.
  ///
  /// A pair's odd part (v(m) − v(1 − m))/2 is e = ½Σ_g z_g·ζ_g, z = 2m − 1, and what regions do together. Of that, curves in the
  /// pair's size are taken off (`SizeModulation`), which are most of it; for the rest a variance σ²·4q(1 − q)
  /// is taken, q the share of intact regions, by which pairs have the Shapley value's own weights (all alike for Banzhaf).
  /// ζ by derivatives is what is known before, with its squared errors as variances, or larger ones where the values say so; by Bayes'
  /// rule the values move it as far as they know better, region by region (`GaussianUpdate`), and the standard errors are those of both
  /// together.
  ///
  /// Σζ stays what it is for the Shapley index.
  ///
  /// - Parameter values: `[rowCount]`.
  func improved(_ known: GradientEstimate, by values: [Float]) -> GradientEstimate {
    let n = playerCount
    let (zeta, scale) = (known.zeta, known.standardError)
    guard scale.contains(where: { $0 > 0 }) else { return known }
    var (signs, rest, curves) = oddParts(zeta, values)
    let taken = Self.takeOff(&curves, from: &signs, &rest)
    // In units of each region's error.
    for pair in rest.indices {
      for player in 0..<n { signs[pair * n + player] *= scale[player] }
    }
    guard let update = GaussianUpdate(observations: signs, unknowns: n, rest, fitted: taken) else { return known }
    var result = (0..<n).map { zeta[$0] + scale[$0] * update.mean[$0] }
    var squares = (0..<n).map { scale[$0] * scale[$0] * update.variance[$0] }
    let freedom = Self.degreesOfFreedom(known, update)
    guard index == .shapley else {
      return known.improved(zeta: result, squaredErrors: squares, scale: update.scale, degreesOfFreedom: freedom)
    }
    // Where the system has no digits for it, values are explained to their rounding, and there was nothing to be told.
    guard let covariance = update.covariance(times: scale) else { return known }
    let sums = zip(scale, covariance).map(*)
    let total = sums.reduce(0, +)
    guard total > 0 else { return known }
    let moved = zip(result, zeta).reduce(0) { $0 + $1.0 - $1.1 }
    for player in 0..<n {
      result[player] -= moved * sums[player] / total
      squares[player] = max(0, squares[player] - sums[player] * sums[player] / total)
    }
    return known.improved(zeta: result, squaredErrors: squares, scale: update.scale, degreesOfFreedom: freedom)
  }

  /// Of both together: what the values left of the errors by derivatives has the freedom of these, and what they took that of σ².
  private static func degreesOfFreedom(_ known: GradientEstimate, _ update: GaussianUpdate) -> Double {
    let before = known.standardError.map { $0 * $0 }
    let left = zip(before, update.variance).reduce(0) { $0 + $1.0 * $1.1 } / (update.scale * before.reduce(0, +))
    return 1 / (left / known.estimate.degreesOfFreedom + (1 - left) / update.degreesOfFreedom)
  }

  /// Halved signs, what ζ leaves of the pairs' odd parts, and the curves, all times the root of a pair's weight.
  ///
  /// - Returns: signs `[pairs x regions]`, rest `[pairs]`, curves `[curves][pairs]`.
  private func oddParts(_ zeta: [Double], _ values: [Float]) -> (signs: [Double], rest: [Double], curves: [[Double]]) {
    let n = playerCount
    let masks = masks(in: 2..<rowCount)
    let modulation = SizeModulation(zeta, index: index)
    var signs = [Double](repeating: 0, count: pairCount * n)
    var rest = [Double](repeating: 0, count: pairCount)
    var curves = [[Double]](repeating: rest, count: modulation.curveCount)
    for pair in 0..<pairCount {
      var (share, explained) = (0.0, 0.0)
      for player in 0..<n {
        let mask = Double(masks[2 * pair * n + player])
        share += mask / Double(n)
        explained += (mask - 0.5) * zeta[player]
      }
      let weight = modulation.weight(share: share).squareRoot()
      for player in 0..<n { signs[pair * n + player] = weight * (Double(masks[2 * pair * n + player]) - 0.5) }
      let odd = (Double(values[2 + 2 * pair]) - Double(values[3 + 2 * pair])) / 2
      rest[pair] = weight * (odd - explained)
      for (curve, value) in modulation.curves(size: 2 * share - 1, sum: explained).enumerated() {
        curves[curve][pair] = weight * value
      }
    }
    return (signs, rest, curves)
  }

  /// Makes signs and rest orthogonal to the curves. - Returns: how many curves there really are.
  private static func takeOff(_ curves: inout [[Double]], from signs: inout [Double], _ rest: inout [Double]) -> Int {
    let n = signs.count / rest.count
    var taken = 0
    for place in curves.indices {
      guard let unit = unit(curves[place]) else { continue }
      taken += 1
      var sums = [Double](repeating: 0, count: n)
      for (pair, weight) in unit.enumerated() {
        for player in 0..<n { sums[player] += weight * signs[pair * n + player] }
      }
      for (pair, weight) in unit.enumerated() {
        for player in 0..<n { signs[pair * n + player] -= weight * sums[player] }
      }
      remove(unit, from: &rest)
      for later in curves.indices where later > place { remove(unit, from: &curves[later]) }
    }
    return taken
  }

  /// Nil for 0.
  private static func unit(_ vector: [Double]) -> [Double]? {
    let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return norm > 0 ? vector.map { $0 / norm } : nil
  }

  private static func remove(_ unit: [Double], from vector: inout [Double]) {
    let product = zip(unit, vector).reduce(0) { $0 + $1.0 * $1.1 }
    for place in vector.indices { vector[place] -= product * unit[place] }
  }
}
