internal import CBLAS
import Statistics

/// Products of three regions' signs, fitted by ridge regression together with a size-modulated regression.
///
/// The features are χ_aχ_bχ_c − u, which is 0 at G and ∅ as y − Δ/2·u is, so that a game without larger products is fitted
/// exactly. With X the features of the regression, A its system, W the weights, e its residuals, F the products times their
/// prior deviations and M = I − XA⁻¹XᵀW: c = (FᵀWMF + ρ)⁻¹FᵀWe, which is what fitting both at once gives. A coefficient is
/// shared by its three regions, 2/3 each to ζ (Shapley's value of a dividend, in ±1 coordinates).
///
/// Cost for P pairs, p features and T products, in multiply-adds: 2PpT + ½PT², in single precision, and T³/6 a ridge.
/// Memory: 4PT + 8T² + 4pT bytes.
struct TripleFit {
  /// The terms of a solution.
  struct Solution {
    let ridge: Double
    /// Those of the regression beside the products.
    let base: [Double]
    /// `[terms]`: the products' coefficients, over their prior deviations.
    let scaled: [Double]
  }

  let base: SizeModulatedFit
  private let terms: [TripleTerm]
  /// `[terms]`: prior deviations, with a mean square of 1.
  private let deviations: [Float]
  /// Row-major `[terms x pairs]`: √W·MF.
  private let rest: [Float]
  /// Column-major `[features x terms]`: L⁻¹XᵀWF.
  private let shadow: [Float]
  /// Column-major `[terms x terms]`, lower triangle: FᵀWMF.
  private let gram: [Double]
  /// `[terms]`: FᵀWe.
  private let right: [Double]

  private var pairs: PairTable { base.pairs.table }

  /// - Parameters:
  ///   - whitened: `base.regression.whitenedFeatures()`.
  ///   - terms: at least one.
  init(base: SizeModulatedFit, whitened: [Float], terms: [TripleTerm]) {
    self.base = base
    self.terms = terms
    let meanVariance = terms.reduce(0) { $0 + $1.variance } / Float(terms.count)
    let deviations = terms.map { ($0.variance / meanVariance).squareRoot() }
    self.deviations = deviations
    let pairs = base.pairs.table
    let roots = pairs.weights.map { Float($0.squareRoot()) }
    let (plus, minus) = TripleFit.centredProducts(pairs, times: roots)
    var rest = [Float](repeating: 0, count: terms.count * pairs.count)
    var rows = rest.mutableSpan
    for (row, term) in terms.enumerated() {
      pairs.writeProducts(of: term.triple, plus: plus, minus: minus, times: deviations[row], to: &rows, at: row * pairs.count)
    }
    let (features, columns, depth) = (Int32(base.regression.features.count), Int32(terms.count), Int32(pairs.count))
    var shadow = [Float](repeating: 0, count: base.regression.features.count * terms.count)
    withLinearAlgebra {
      unsafe cblas_sgemm(
        CblasColMajor, CblasNoTrans, CblasNoTrans, features, columns, depth, 1, whitened, features, rest, depth, 0,
        &shadow, features)
    }
    withLinearAlgebra {
      unsafe cblas_sgemm(
        CblasColMajor, CblasTrans, CblasNoTrans, depth, columns, features, -1, whitened, features, shadow, features,
        1, &rest, depth)
    }
    var products = [Float](repeating: 0, count: terms.count * terms.count)
    withLinearAlgebra {
      unsafe cblas_ssyrk(CblasColMajor, CblasLower, CblasTrans, columns, depth, 1, rest, depth, 0, &products, columns)
    }
    var right = [Float](repeating: 0, count: terms.count)
    let residuals = base.residuals.indices.map { roots[$0] * Float(base.residuals[$0]) }
    withLinearAlgebra {
      unsafe cblas_sgemv(CblasColMajor, CblasTrans, depth, columns, 1, rest, depth, residuals, 1, 0, &right, 1)
    }
    self.rest = rest
    self.shadow = shadow
    gram = products.map { Double($0) }
    self.right = right.map { Double($0) }
  }

  /// What χ_aχ_bχ_c − u is where the product is 1 and where it is −1, times the pair's number.
  private static func centredProducts<Number: BinaryFloatingPoint>(
    _ pairs: PairTable, times amounts: [Number]
  ) -> (plus: [Number], minus: [Number]) {
    let imbalances = pairs.imbalances.map { Number($0) }
    return (zip(amounts, imbalances).map { $0 * (1 - $1) }, zip(amounts, imbalances).map { $0 * (-1 - $1) })
  }

  /// ρ as a multiple of the mean diagonal times n/P: the prior variance of a product stays as it is when pairs are added.
  ///
  /// - Returns: nil where the system has no solution.
  func solution(ridge: Double) throws(ShapleyError) -> Solution? {
    guard let factor = factor(ridge: ridge) else { return nil }
    return try solution(ridge: ridge, scaled: solve(factor, right, columns: 1))
  }

  private func solution(ridge: Double, scaled: [Double]) throws(ShapleyError) -> Solution {
    let shift = try base.regression.coefficients(for: values(of: scaled, on: pairs))
    return Solution(ridge: ridge, base: zip(base.coefficients, shift).map { $0 - $1 }, scaled: scaled)
  }

  /// To the digits of double precision, by what a solution of the rounded system misses of the true one, as long as that falls.
  private func refined(_ first: Solution, factor: [Double]) throws(ShapleyError) -> Solution {
    var (solution, missed) = (first, missed(by: first))
    for _ in 0..<2 {
      let correction = solve(factor, missed, columns: 1)
      let next = try self.solution(ridge: first.ridge, scaled: zip(solution.scaled, correction).map { $0 + $1 })
      let nextMissed = self.missed(by: next)
      guard TripleFit.squaredNorm(nextMissed) < TripleFit.squaredNorm(missed) else { break }
      (solution, missed) = (next, nextMissed)
    }
    return solution
  }

  /// FᵀWM(e − Fc) − ρc: 0 for the true solution.
  private func missed(by solution: Solution) -> [Double] {
    let left = zip(pairs.weights, residuals(of: solution, on: base.pairs)).map { $0 * $1 }
    let shift = diagonalShift(solution.ridge)
    return zip(totals(of: left), solution.scaled).map { $0 - shift * $1 }
  }

  private static func squaredNorm(_ vector: [Double]) -> Double { vector.reduce(0) { $0 + $1 * $1 } }

  /// What is left of pairs of the same game, those of the fit or others: `[others]`.
  func residuals(of solution: Solution, on others: MeasuredPairs) -> [Double] {
    zip(base.residuals(of: others, coefficients: solution.base), values(of: solution.scaled, on: others.table)).map { $0 - $1 }
  }

  /// The terms with the largest coefficients over their prior deviations, ties in order.
  func largestTerms(of solution: Solution, count: Int) -> [TripleTerm] {
    let order = terms.indices.sorted { (-abs(solution.scaled[$0]), $0) < (-abs(solution.scaled[$1]), $1) }
    return order.prefix(count).map { terms[$0] }
  }

  /// Of the fit's own pairs, to single precision.
  func squaredResiduals(of solution: Solution) -> SquaredResiduals {
    var left = zip(pairs.weights, base.residuals).map { Float($0.squareRoot() * $1) }
    let before = left.reduce(0) { $0 + Double($1) * Double($1) }
    let (columns, depth) = (Int32(terms.count), Int32(pairs.count))
    withLinearAlgebra {
      unsafe cblas_sgemv(
        CblasColMajor, CblasNoTrans, depth, columns, -1, rest, depth, solution.scaled.map { Float($0) }, 1, 1, &left, 1)
    }
    return SquaredResiduals(before: before, after: left.reduce(0) { $0 + Double($1) * Double($1) })
  }

  /// What the products say: `[others]`.
  private func values(of scaled: [Double], on others: PairTable) -> [Double] {
    var sums = [Double](repeating: 0, count: others.count)
    var products = sums
    let (plus, minus) = TripleFit.centredProducts(others, times: sums.map { _ in 1 })
    for (place, term) in terms.enumerated() {
      var row = products.mutableSpan
      others.writeProducts(of: term.triple, plus: plus, minus: minus, times: Double(deviations[place]), to: &row, at: 0)
      unsafe cblas_daxpy(Int32(others.count), scaled[place], products, 1, &sums, 1)
    }
    return sums
  }

  /// Fᵀ times amounts `[pairs]`.
  private func totals(of amounts: [Double]) -> [Double] {
    var products = amounts
    let (plus, minus) = TripleFit.centredProducts(pairs, times: amounts)
    return terms.indices.map { place in
      var row = products.mutableSpan
      pairs.writeProducts(of: terms[place].triple, plus: plus, minus: minus, times: Double(deviations[place]), to: &row, at: 0)
      return products.reduce(0, +)
    }
  }

  /// What products with some ridge change in ζ/2, and what its errors follow from.
  ///
  /// - Parameters:
  ///   - heldOutShare: the squared residuals of pairs that products weren't fitted to, as a share of those without products.
  ///   - fittedShare: the same of the pairs that they were fitted to.
  ///   - leverage: the mean leverage of those in the regression without products.
  func refinement(
    ridge: Double, heldOutShare: Double, fittedShare: Double, leverage: Double
  ) throws(ShapleyError) -> OddRegression.Refinement? {
    guard let factor = factor(ridge: ridge), let first = try solution(ridge: ridge) else { return nil }
    let solution = try refined(first, factor: factor)
    let (players, count, termCount) = (pairs.playerCount, pairs.count, terms.count)
    // ζ/2 by scaled coefficient: a third for each of its regions, less what β gives up: `[players x terms]`.
    var shares = base.regression.tails(ofWhitened: shadow, count: termCount)
    for place in shares.indices { shares[place] = -shares[place] }
    var beta = Array(solution.base.suffix(players))
    for (term, triple) in terms.map(\.triple).enumerated() {
      for player in [triple.a, triple.b, triple.c] {
        shares[term * players + player] += deviations[term] / 3
        beta[player] += solution.scaled[term] * Double(deviations[term]) / 3
      }
    }
    var transposed = [Double](repeating: 0, count: players * termCount)
    for term in 0..<termCount {
      for player in 0..<players { transposed[player * termCount + term] = Double(shares[term * players + player]) }
    }
    let solved = solve(factor, transposed, columns: players).map { Float($0) }
    var sensitivities = [Float](repeating: 0, count: players * count)
    let (n, p, t) = (Int32(players), Int32(count), Int32(termCount))
    withLinearAlgebra {
      unsafe cblas_sgemm(CblasColMajor, CblasTrans, CblasTrans, n, p, t, 1, solved, t, rest, p, 0, &sensitivities, n)
    }
    // Leverages: the squared norms of the rows of √W·MF·L⁻ᵀ.
    var whitened = rest
    withLinearAlgebra {
      unsafe cblas_strsm(
        CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, p, t, 1, factor.map { Float($0) }, t,
        &whitened, p)
    }
    var leverages = [Double](repeating: 0, count: count)
    for term in 0..<termCount {
      for pair in 0..<count { leverages[pair] += Double(whitened[term * count + pair]) * Double(whitened[term * count + pair]) }
    }
    // What the residuals of the fit say of pairs that it didn't see, if its terms weren't chosen: each over 1 − leverage.
    let free = max(1e-3, 1 - leverage - leverages.reduce(0, +) / Double(count))
    let predictedShare = fittedShare * (1 - leverage) * (1 - leverage) / (free * free)
    return OddRegression.Refinement(
      beta: beta, residuals: residuals(of: solution, on: base.pairs), leverages: leverages, sensitivities: sensitivities,
      shrinkage: shrinkage(of: solution, factor: factor, solved: solved),
      optimism: predictedShare > 0 ? max(1, heldOutShare / predictedShare) : 1)
  }

  /// The ridge as observations that every coefficient is 0: what they miss, and how that moves ζ/2.
  ///
  /// - Parameter solved: row-major `[players x terms]`: (FᵀWMF + ρ)⁻¹ times the shares of ζ/2.
  private func shrinkage(of solution: Solution, factor: [Double], solved: [Float]) -> OddRegression.Shrinkage {
    let (count, shift) = (terms.count, diagonalShift(solution.ridge))
    let inverse = FactorBlocks.inverted(factor, order: count).map { Float($0) }
    let residuals = (0..<count).map { term -> Double in
      let column = inverse[term * count + term..<(term + 1) * count]
      let leverage = shift * column.reduce(0) { $0 + Double($1) * Double($1) }
      return shift.squareRoot() * solution.scaled[term] / max(1 - leverage, 1e-3).squareRoot()
    }
    let root = Float(shift.squareRoot())
    var sensitivities = [Float](repeating: 0, count: solved.count)
    let players = pairs.playerCount
    for term in 0..<count {
      for player in 0..<players { sensitivities[term * players + player] = root * solved[player * count + term] }
    }
    return OddRegression.Shrinkage(residuals: residuals, sensitivities: sensitivities)
  }

  /// ρ.
  private func diagonalShift(_ ridge: Double) -> Double {
    let order = terms.count
    let diagonal = (0..<order).reduce(0) { $0 + gram[$1 * (order + 1)] } / Double(order)
    return ridge * diagonal * Double(pairs.playerCount) / Double(pairs.count)
  }

  /// Column-major, lower triangle: L of FᵀWMF + ρ = LLᵀ.
  private func factor(ridge: Double) -> [Double]? {
    let (order, shift) = (terms.count, diagonalShift(ridge))
    var system = gram
    for row in 0..<order { system[row * (order + 1)] += shift }
    var (n, info) = (Int32(order), Int32(0))
    withLinearAlgebra { unsafe dpotrf_("L", &n, &system, &n, &info) }
    return info == 0 ? system : nil
  }

  private func solve(_ factor: [Double], _ right: [Double], columns: Int) -> [Double] {
    var (n, count, info) = (Int32(terms.count), Int32(columns), Int32(0))
    var solution = right
    withLinearAlgebra { unsafe dpotrs_("L", &n, &count, factor, &n, &solution, &n, &info) }
    precondition(info == 0)
    return solution
  }
}
