extension Design {
  /// Multiples of n/P of the mean diagonal.
  private static let tripleRidges = [0.01, 0.1, 0.3, 1, 3, 10]
  private static let largestTripleCount = 1024
  /// Products are kept where they lower the squared residuals of pairs that they weren't fitted to below this share.
  private static let largestKeptShare = 0.975

  /// The size-modulated odd regression with products of three regions, where they predict.
  ///
  /// What the regression leaves of the odd part are interactions of three regions and more. P/4 products (at most 1024) are
  /// chosen by their sums with the residuals and a prior (`TripleCandidates`), and fitted together with the regression
  /// (`TripleFit`). Which prior and how much ridge is found by cross-validation, in which each fold chooses and fits its own
  /// products and regression; if the best doesn't predict the pairs that were left out better than the regression
  /// alone, the estimate is that of `regression`. The products' residuals stay orthogonal to the regression's features, so
  /// the limit of ζ is the same: products cost or save variance only.
  ///
  /// Not linear in the values, since they choose the products.
  ///
  /// Cost, in multiply-adds: see `cubicCost`.
  func estimateCubic(
    _ pairs: PairTable, _ values: [Double], positions: PlayerPositions?
  ) throws(ShapleyError) -> Estimate {
    let effect = values[0] - values[1]
    let fit = try SizeModulatedFit(pairs: pairs, effect: effect)
    let refinement = try tripleRefinement(fit, positions: positions)
    let errors = fit.regression.variances(
      residuals: refinement?.residuals ?? fit.residuals, otherLeverages: fit.sizeLeverages, refinement: refinement)
    return oddEstimate(beta: refinement?.beta ?? fit.beta, errors, values, notes: notes(of: fit))
  }

  private func tripleRefinement(
    _ fit: SizeModulatedFit, positions: PlayerPositions?
  ) throws(ShapleyError) -> OddRegression.Refinement? {
    let pairs = fit.pairs
    let folds = Design.foldCount(pairs: pairs.count)
    guard playerCount >= 4, pairs.count >= 8 * folds, fit.regression.isDetermined else { return nil }
    var without = 0.0
    var squares: [[Double]] = []
    for fold in 0..<folds {
      let measured = pairs.selecting((0..<pairs.count).filter { $0 % folds != fold })
      let left = pairs.selecting(Array(stride(from: fold, to: pairs.count, by: folds)))
      let part = try SizeModulatedFit(pairs: measured, effect: fit.effect)
      let residuals = part.residuals(of: left, coefficients: part.coefficients)
      without += residuals.indices.reduce(0) { $0 + left.weights[$1] * residuals[$1] * residuals[$1] }
      let candidates = TripleCandidates(fit: part, positions: positions)
      let whitened = part.regression.whitenedFeatures()
      if squares.isEmpty { squares = Array(repeating: Array(repeating: 0, count: Design.tripleRidges.count), count: candidates.priorCount) }
      for prior in 0..<candidates.priorCount {
        let triples = tripleFit(part, whitened, candidates, prior: prior)
        for (place, ridge) in Design.tripleRidges.enumerated() {
          let solution = try triples.solution(ridge: ridge)
          squares[prior][place] += solution.map { triples.squaredResiduals(of: $0, on: left) } ?? .infinity
        }
      }
    }
    var best = (square: Double.infinity, prior: 0, ridge: 0.0)
    for prior in squares.indices {
      for (place, ridge) in Design.tripleRidges.enumerated() where squares[prior][place] < best.square {
        best = (squares[prior][place], prior, ridge)
      }
    }
    let share = without > 0 ? best.square / without : .infinity
    guard share < Design.largestKeptShare else { return nil }
    let candidates = TripleCandidates(fit: fit, positions: positions)
    guard best.prior < candidates.priorCount else { return nil }
    let triples = tripleFit(fit, fit.regression.whitenedFeatures(), candidates, prior: best.prior)
    guard let solution = try triples.solution(ridge: best.ridge) else { return nil }
    return triples.refinement(solution, ridge: best.ridge, heldOutShare: share)
  }

  private func tripleFit(
    _ fit: SizeModulatedFit, _ whitened: [Float], _ candidates: TripleCandidates, prior: Int
  ) -> TripleFit {
    let count = min(Design.largestTripleCount, fit.pairs.count / 4)
    let chosen = candidates.best(count, prior: prior)
    return TripleFit(base: fit, whitened: whitened, triples: chosen.triples, deviations: chosen.deviations)
  }

  /// Four where pairs are few, so that a fold's fit knows nearly what the whole does; else two.
  private static func foldCount(pairs: Int) -> Int { pairs <= 4096 ? 4 : 2 }

  /// About how many floating-point operations `cubic` takes for a series with a budget, a multiplication and an addition being
  /// two.
  package static func cubicCost(players: Int, budget: Int) -> Double {
    let (n, pairs) = (Double(players), Double(budget) / 2)
    let terms = min(Double(largestTripleCount), pairs / 4)
    let fits = Double(foldCount(pairs: budget / 2)) * 2 + 1
    let regression = 3 * pairs * n * n + 3 * n * n * n
    let ridges = Double(tripleRidges.count)
    return fits * (regression + 8 * pairs * n * terms + pairs * terms * terms + ridges * (terms * terms * terms / 3 + 4 * pairs * terms))
  }
}
