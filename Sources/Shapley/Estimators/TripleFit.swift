internal import CBLAS

/// Products of three regions' signs, fitted by ridge regression together with a size-modulated regression.
///
/// With X the features of that regression, A its system, W the weights, e its residuals, F the products times their prior
/// deviations and M = I − XA⁻¹XᵀW: c = (FᵀWMF + ρ)⁻¹FᵀWe, which is what fitting both at once gives. A coefficient is
/// shared by its three regions, 2/3 each to ζ (Shapley's value of a dividend, in ±1 coordinates).
///
/// Cost for P pairs, p features and T products, in multiply-adds: 2PpT + ½PT², in single precision, and T³/6 a ridge.
/// Memory: 4PT + 8T² + 4pT bytes.
struct TripleFit {
  /// The terms of a solution.
  struct Solution {
    /// [γ | β] of the regression beside the products.
    let base: [Double]
    /// `[triples]`: the products' coefficients.
    let coefficients: [Double]
  }

  let base: SizeModulatedFit
  let triples: [PlayerTriple]
  private let deviations: [Float]
  /// Row-major `[triples x pairs]`: √W·MF.
  private let rest: [Float]
  /// Column-major `[features x triples]`: L⁻¹XᵀWF.
  private let shadow: [Float]
  /// Column-major `[triples x triples]`, lower triangle: FᵀWMF.
  private let gram: [Double]
  /// `[triples]`: FᵀWe.
  private let right: [Double]

  private var pairs: PairTable { base.pairs }

  /// - Parameter whitened: `base.regression.whitenedFeatures()`.
  init(base: SizeModulatedFit, whitened: [Float], triples: [PlayerTriple], deviations: [Float]) {
    self.base = base
    self.triples = triples
    self.deviations = deviations
    let pairs = base.pairs
    let roots = pairs.weights.map { Float($0.squareRoot()) }
    var rest = [Float](repeating: 0, count: triples.count * pairs.count)
    var rows = rest.mutableSpan
    for (row, triple) in triples.enumerated() {
      pairs.writeProducts(of: triple, times: roots.map { $0 * deviations[row] }, to: &rows, at: row * pairs.count)
    }
    let (features, columns, depth) = (Int32(base.regression.features.count), Int32(triples.count), Int32(pairs.count))
    var shadow = [Float](repeating: 0, count: base.regression.features.count * triples.count)
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
    var products = [Float](repeating: 0, count: triples.count * triples.count)
    withLinearAlgebra {
      unsafe cblas_ssyrk(CblasColMajor, CblasLower, CblasTrans, columns, depth, 1, rest, depth, 0, &products, columns)
    }
    var right = [Float](repeating: 0, count: triples.count)
    let residuals = base.residuals.indices.map { roots[$0] * Float(base.residuals[$0]) }
    withLinearAlgebra {
      unsafe cblas_sgemv(CblasColMajor, CblasTrans, depth, columns, 1, rest, depth, residuals, 1, 0, &right, 1)
    }
    self.rest = rest
    self.shadow = shadow
    gram = products.map { Double($0) }
    self.right = right.map { Double($0) }
  }

  /// ρ as a multiple of the mean diagonal times n/P: the prior variance of a product stays as it is when pairs are added.
  ///
  /// - Returns: nil where the system has no solution.
  func solution(ridge: Double) throws(ShapleyError) -> Solution? {
    guard let factor = factor(ridge: ridge) else { return nil }
    let scaled = solve(factor, right, columns: 1)
    let coefficients = zip(scaled, deviations).map { $0 * Double($1) }
    let shift = try base.regression.coefficients(for: values(of: coefficients, on: pairs))
    return Solution(base: zip(base.coefficients, shift).map { $0 - $1 }, coefficients: coefficients)
  }

  /// What is left of pairs of the same game, those of the fit or others: `[others]`.
  func residuals(of solution: Solution, on others: PairTable) -> [Double] {
    zip(base.residuals(of: others, coefficients: solution.base), values(of: solution.coefficients, on: others)).map { $0 - $1 }
  }

  /// What the products say: `[others]`.
  private func values(of coefficients: [Double], on others: PairTable) -> [Double] {
    var sums = [Double](repeating: 0, count: others.count)
    var products = sums
    let ones = [Double](repeating: 1, count: others.count)
    for (triple, coefficient) in zip(triples, coefficients) {
      var row = products.mutableSpan
      others.writeProducts(of: triple, times: ones, to: &row, at: 0)
      unsafe cblas_daxpy(Int32(others.count), coefficient, products, 1, &sums, 1)
    }
    return sums
  }

  /// What a solution changes in ζ/2, and what its errors follow from.
  ///
  /// - Parameter heldOutShare: the squared residuals of pairs that the products weren't fitted to, as a share of those
  ///   without products.
  func refinement(_ solution: Solution, ridge: Double, heldOutShare: Double) -> OddRegression.Refinement? {
    guard let factor = factor(ridge: ridge) else { return nil }
    let (players, count, terms) = (pairs.playerCount, pairs.count, triples.count)
    // ζ/2 by scaled coefficient: a third for each of its regions, less what β gives up: `[players x triples]`.
    var shares = base.regression.tails(ofWhitened: shadow, count: terms)
    for place in shares.indices { shares[place] = -shares[place] }
    var beta = Array(solution.base.suffix(players))
    for (term, triple) in triples.enumerated() {
      for player in [triple.a, triple.b, triple.c] {
        shares[term * players + player] += deviations[term] / 3
        beta[player] += solution.coefficients[term] / 3
      }
    }
    var transposed = [Double](repeating: 0, count: players * terms)
    for term in 0..<terms {
      for player in 0..<players { transposed[player * terms + term] = Double(shares[term * players + player]) }
    }
    let solved = solve(factor, transposed, columns: players).map { Float($0) }
    var sensitivities = [Float](repeating: 0, count: players * count)
    let (n, p, t) = (Int32(players), Int32(count), Int32(terms))
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
    for term in 0..<terms {
      for pair in 0..<count { leverages[pair] += Double(whitened[term * count + pair]) * Double(whitened[term * count + pair]) }
    }
    let left = residuals(of: solution, on: pairs)
    var (own, without) = (0.0, 0.0)
    for pair in 0..<count {
      own += pairs.weights[pair] * left[pair] * left[pair] / max(1 - leverages[pair], 1e-3)
      without += pairs.weights[pair] * base.residuals[pair] * base.residuals[pair]
    }
    return OddRegression.Refinement(
      beta: beta, residuals: left, leverages: leverages, sensitivities: sensitivities,
      optimism: own > 0 ? max(1, heldOutShare * without / own) : 1)
  }

  /// Column-major, lower triangle: L of FᵀWMF + ρ = LLᵀ.
  private func factor(ridge: Double) -> [Double]? {
    let order = triples.count
    let diagonal = (0..<order).reduce(0) { $0 + gram[$1 * (order + 1)] } / Double(max(1, order))
    var system = gram
    for row in 0..<order {
      system[row * (order + 1)] += ridge * diagonal * Double(pairs.playerCount) / Double(pairs.count)
    }
    var (n, info) = (Int32(order), Int32(0))
    withLinearAlgebra { unsafe dpotrf_("L", &n, &system, &n, &info) }
    return info == 0 ? system : nil
  }

  private func solve(_ factor: [Double], _ right: [Double], columns: Int) -> [Double] {
    var (n, count, info) = (Int32(triples.count), Int32(columns), Int32(0))
    var solution = right
    withLinearAlgebra { unsafe dpotrs_("L", &n, &count, factor, &n, &solution, &n, &info) }
    precondition(info == 0)
    return solution
  }
}
