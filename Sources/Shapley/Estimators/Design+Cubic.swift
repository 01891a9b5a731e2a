extension Design {
  /// Multiples of n/P of the mean diagonal.
  private static let tripleRidges = [0.01, 0.1, 0.3, 1, 3, 10]
  private static let largestTripleCount = 1024
  /// Products are kept where they lower the squared residuals of pairs that they weren't fitted to by this many standard
  /// errors: two, and a half for the choice of prior and ridge.
  private static let leastGain = 2.5

  /// The size-modulated odd regression with products of three regions, where they predict.
  ///
  /// What the regression leaves of the odd part are interactions of three regions and more. P/4 products (at most 1024)
  /// are chosen by their sums with the residuals and a prior (`TripleCandidates`), and fitted together with the
  /// regression (`TripleFit`). Which prior and how much ridge is found by cross-validation, in which each fold fits its
  /// own regression and chooses and fits its own products.
  ///
  /// The estimate is that of `regression` unless the products predict the pairs that were left out better, by more than
  /// chance; above 1024 regions; and where all strata are drawn without replacement, since such a game is soon measured
  /// whole. Residuals stay orthogonal to the regression's features, so the limit of ζ is the same: products cost or save
  /// variance only. Not linear in the values, since they choose the products.
  ///
  /// Cost: `cubicCost`. Memory for P pairs, n regions and T products: 12PT + 12Pn bytes.
  func estimateCubic(
    _ pairs: PairTable, _ values: [Double], positions: PlayerPositions?
  ) throws(ShapleyError) -> Estimate {
    let effect = values[0] - values[1]
    let fit = try SizeModulatedFit(pairs: pairs, effect: effect)
    let refinement = try tripleRefinement(fit, positions: positions)
    let errors = fit.regression.variances(
      residuals: refinement?.residuals ?? fit.residuals, refinement: refinement)
    return oddEstimate(beta: refinement?.beta ?? fit.beta, errors, values, notes: notes(of: fit))
  }

  private func tripleRefinement(
    _ fit: SizeModulatedFit, positions: PlayerPositions?
  ) throws(ShapleyError) -> OddRegression.Refinement? {
    let pairs = fit.pairs
    let folds = Design.foldCount(pairs: pairs.count)
    guard
      pairPlan?.hasLargeStrata == true, (4...SizeModulatedFit.largestModulatedCount).contains(playerCount),
      pairs.count >= 8 * folds, fit.regression.isDetermined
    else { return nil }
    var trials: [[Trial]] = []
    for fold in 0..<folds {
      let measured = pairs.selecting((0..<pairs.count).filter { $0 % folds != fold })
      let left = pairs.selecting(Array(stride(from: fold, to: pairs.count, by: folds)))
      let part = try SizeModulatedFit(pairs: measured, effect: fit.effect)
      let residuals = part.residuals(of: left, coefficients: part.coefficients)
      let candidates = TripleCandidates(fit: part, positions: positions)
      let whitened = part.regression.whitenedFeatures()
      if trials.isEmpty {
        trials = Array(repeating: Design.tripleRidges.map { Trial(ridge: $0) }, count: candidates.priorCount)
      }
      for prior in 0..<candidates.priorCount {
        let triples = tripleFit(part, whitened, candidates, prior: prior)
        for place in trials[prior].indices {
          guard let solution = try triples.solution(ridge: trials[prior][place].ridge) else { return nil }
          trials[prior][place].add(
            before: residuals, after: triples.residuals(of: solution, on: left), weights: left.weights)
        }
      }
    }
    let best = trials.indices.flatMap { prior in trials[prior].map { (prior: prior, trial: $0) } }
      .max { $0.trial.gain < $1.trial.gain }
    guard let best, best.trial.standardisedGain > Design.leastGain else { return nil }
    let candidates = TripleCandidates(fit: fit, positions: positions)
    let triples = tripleFit(fit, fit.regression.whitenedFeatures(), candidates, prior: best.prior)
    guard let solution = try triples.solution(ridge: best.trial.ridge) else { return nil }
    return triples.refinement(solution, ridge: best.trial.ridge, heldOutShare: best.trial.share)
  }

  /// What products with some ridge do to the squared residuals of pairs that they weren't fitted to.
  private struct Trial {
    let ridge: Double
    private var before = 0.0
    private(set) var gain = 0.0
    private var squaredGain = 0.0

    init(ridge: Double) { self.ridge = ridge }

    mutating func add(before: [Double], after: [Double], weights: [Double]) {
      for pair in weights.indices {
        let gain = weights[pair] * (before[pair] * before[pair] - after[pair] * after[pair])
        self.before += weights[pair] * before[pair] * before[pair]
        self.gain += gain
        squaredGain += gain * gain
      }
    }

    var share: Double { 1 - gain / before }
    /// The gain in its own standard errors.
    var standardisedGain: Double { gain > 0 ? gain / squaredGain.squareRoot() : 0 }
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

  /// About how many floating-point operations `cubic` takes for a series, a multiplication and an addition being two.
  package static func cubicCost(players: Int, budget: Int) -> Double {
    let (n, pairs) = (Double(players), Double(budget) / 2)
    let terms = min(Double(largestTripleCount), pairs / 4)
    let fits = Double(foldCount(pairs: budget / 2)) * 2 + 1
    let regression = 3 * pairs * n * n + 3 * n * n * n
    let ridges = Double(tripleRidges.count)
    let solutions = ridges * (terms * terms * terms / 3 + 4 * pairs * terms)
    return fits * (regression + 8 * pairs * n * terms + pairs * terms * terms + solutions)
  }
}
