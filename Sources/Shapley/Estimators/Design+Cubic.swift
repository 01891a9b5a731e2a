extension Design {
  /// Multiples of n/P of the mean diagonal.
  private static let tripleRidges = [1e-6, 1e-4, 0.01, 0.1, 0.3, 1, 3, 10]
  private static let largestTripleCount = 1024
  /// Products are kept where they lower the squared residuals of pairs that they weren't fitted to by this many standard
  /// errors: two, and a half for the choice of prior and ridge.
  private static let leastGain = 2.5
  /// What products must leave at most, as a share, for a second choice.
  private static let smallShare = 0.1

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
    _ values: [Double], positions: PlayerPositions?
  ) throws(ShapleyError) -> Estimate {
    let fit = try SizeModulatedFit(sharedRegression(), values: values)
    let numbers = seriesNumbers
    let refinement = try tripleRefinement(fit, positions: numbers.flatMap { positions?.selecting($0) } ?? positions)
    let errors = fit.regression.variances(residuals: refinement?.residuals ?? fit.residuals, refinement: refinement)
    return oddEstimate(beta: refinement?.beta ?? fit.beta, errors, values, notes: notes(of: fit)).renumbered(numbers)
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
    var leverage = 0.0
    for fold in 0..<folds {
      let measured = pairs.selecting((0..<pairs.count).filter { $0 % folds != fold })
      let left = pairs.selecting(Array(stride(from: fold, to: pairs.count, by: folds)))
      let part = try SizeModulatedFit(measured)
      let residuals = part.residuals(of: left, coefficients: part.coefficients)
      let candidates = TripleCandidates(fit: part, residuals: part.residuals, positions: positions)
      let whitened = part.regression.whitenedFeatures()
      leverage += whitened.reduce(0) { $0 + Double($1) * Double($1) } / Double(measured.count * folds)
      if trials.isEmpty {
        trials = Array(repeating: Design.tripleRidges.map { Trial(ridge: $0) }, count: candidates.priorCount)
      }
      for prior in 0..<candidates.priorCount {
        guard let triples = try tripleFit(part, whitened, candidates, positions, prior: prior) else { return nil }
        for place in trials[prior].indices {
          guard let solution = try triples.solution(ridge: trials[prior][place].ridge) else {
            trials[prior][place].isSolvable = false
            continue
          }
          trials[prior][place].add(
            before: residuals, after: triples.residuals(of: solution, on: left), weights: left.table.weights,
            fitted: triples.squaredResiduals(of: solution))
        }
      }
    }
    let best = trials.indices.flatMap { prior in trials[prior].map { (prior: prior, trial: $0) } }
      .filter(\.trial.isSolvable)
      .min { $0.trial.heldOutShare < $1.trial.heldOutShare }
    guard let best, best.trial.standardisedGain > Design.leastGain else { return nil }
    let candidates = TripleCandidates(fit: fit, residuals: fit.residuals, positions: positions)
    let triples = try tripleFit(fit, fit.regression.whitenedFeatures(), candidates, positions, prior: best.prior)
    return try triples?.refinement(
      ridge: best.trial.ridge, heldOutShare: best.trial.heldOutShare, fittedShare: best.trial.fittedShare,
      leverage: leverage)
  }

  /// What products with some ridge do to the squared residuals of pairs: those that they were fitted to, and others.
  private struct Trial {
    let ridge: Double
    /// Whether all folds have a solution with this ridge.
    var isSolvable = true
    private var heldOut = SquaredResiduals(before: 0, after: 0)
    private var squaredGain = 0.0
    private var fitted = SquaredResiduals(before: 0, after: 0)

    init(ridge: Double) { self.ridge = ridge }

    mutating func add(before: [Double], after: [Double], weights: [Double], fitted: SquaredResiduals) {
      for pair in weights.indices {
        let gain = weights[pair] * (before[pair] * before[pair] - after[pair] * after[pair])
        heldOut.before += weights[pair] * before[pair] * before[pair]
        heldOut.after += weights[pair] * after[pair] * after[pair]
        squaredGain += gain * gain
      }
      self.fitted.before += fitted.before
      self.fitted.after += fitted.after
    }

    var heldOutShare: Double { heldOut.share }
    var fittedShare: Double { fitted.share }
    /// By how much the squared residuals fall, in its own standard errors.
    var standardisedGain: Double {
      heldOut.share < 1 ? (heldOut.before - heldOut.after) / squaredGain.squareRoot() : 0
    }
  }

  /// Products by a prior, fitted. Where they explain nearly all that the regression leaves, what they leave shows smaller ones
  /// that the large ones hid: then half are chosen anew. Nil where the regression leaves nothing.
  private func tripleFit(
    _ fit: SizeModulatedFit, _ whitened: [Float], _ candidates: TripleCandidates, _ positions: PlayerPositions?, prior: Int
  ) throws(ShapleyError) -> TripleFit? {
    let count = min(Design.largestTripleCount, fit.pairs.count / 4)
    let terms = candidates.best(count, prior: prior)
    if terms.isEmpty { return nil }
    let first = TripleFit(base: fit, whitened: whitened, terms: terms)
    guard let solution = try first.solution(ridge: 0.1), first.squaredResiduals(of: solution).share < Design.smallShare else {
      return first
    }
    let kept = first.largestTerms(of: solution, count: count / 2)
    let others = TripleCandidates(fit: fit, residuals: first.residuals(of: solution, on: fit.pairs), positions: positions)
    let known = Set(kept.map(\.triple))
    let new = others.best(count, prior: prior).filter { !known.contains($0.triple) }
    return TripleFit(base: fit, whitened: whitened, terms: kept + new.prefix(count - kept.count))
  }

  /// Four where pairs are few, so that a fold's fit knows nearly what the whole does; else two.
  private static func foldCount(pairs: Int) -> Int { pairs <= 4096 ? 4 : 2 }

  /// About how many floating-point operations `cubic` takes for a series on top of the regression, a multiplication and an
  /// addition being two. A second choice of products, for games that few of them explain, may double it.
  package static func cubicCost(players: Int, budget: Int) -> Double {
    let (n, pairs) = (Double(players), Double(budget) / 2)
    let regions = min(n, Double(TripleCandidates.regionCount))
    let terms = min(Double(largestTripleCount), pairs / 4)
    let folds = Double(foldCount(pairs: budget / 2))
    let choice = 3 * pairs * n * n + 3 * n * n * n + 2 * pairs * regions * regions * regions / 3
    let solutions = Double(tripleRidges.count) * (terms * terms * terms / 3 + 4 * pairs * terms)
    let fits = 2 * folds + 1
    return (folds + 1) * choice + fits * (8 * pairs * n * terms + pairs * terms * terms + solutions)
  }
}
