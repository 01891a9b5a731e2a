internal import CBLAS
import Statistics

/// What observations y = Vx + ε say of x, where x ~ N(0, 1) before and ε ~ N(0, σ²) with an unknown σ.
///
/// By Bayes' rule the mean of x is (VᵀV + σ²)⁻¹Vᵀy and its covariance C = σ²(VᵀV + σ²)⁻¹; with fewer observations than
/// unknowns Vᵀ(VVᵀ + σ²)⁻¹y and 1 − Vᵀ(VVᵀ + σ²)⁻¹V, which are the same. σ² is what Vx leaves of y, over the observations less those
/// that x and whatever was fitted before have taken; found in a few rounds.
///
/// Cost for k = min(m, n): mnk + 5k³ multiply-adds. Memory: 16mn + 24k² bytes.
struct GaussianUpdate {
  private static let rounds = 4
  /// A variance that isn't told from 0 in single precision.
  private static let leastVariance = 1e-6

  /// `[n]`: the mean of x.
  let mean: [Double]
  /// `[n]`: the variances of x, at most 1.
  let variance: [Double]
  /// Degrees of freedom of σ²: observations less what was taken.
  let degreesOfFreedom: Double
  private let observations: [Double]
  private let system: NormalSystem
  private let isDual: Bool
  private let noise: Double

  /// - Parameters:
  ///   - observations: V, `[m x n]`, row by row.
  ///   - y: `[m]`.
  ///   - fitted: degrees of freedom that were taken from y before.
  /// - Returns: `nil` where y says nothing: it is 0 or rounding, or has no freedom left.
  init?(observations: [Double], unknowns n: Int, _ y: [Double], fitted: Int) {
    let m = y.count
    precondition(observations.count == m * n)
    let squares = y.reduce(0) { $0 + $1 * $1 }
    guard squares > 0, m > fitted + 1 else { return nil }
    isDual = m < n
    self.observations = observations
    let k = min(m, n)
    var products = NormalSystem(tailCount: k)
    products.addProducts(
      of: isDual ? observations : Self.transposed(observations, rows: m, columns: n), count: isDual ? n : m, to: .tail)
    let right = isDual ? y : Self.multiply(observations, y, rows: m, columns: n, transposed: true)
    var noise = squares / Double(m - fitted)
    var solved: (system: NormalSystem, solution: [Double], inverse: [Double], freedom: Double)?
    for round in 1...Self.rounds {
      var system = products
      system.addRidge(noise, on: system.tail)
      guard system.factorise(), let solution = try? system.solve(right) else { return nil }
      let inverse = system.invertedFactor()
      // What x has taken: the trace of V(VᵀV + σ²)⁻¹Vᵀ.
      let taken = Double(k) - noise * inverse.reduce(0) { $0 + $1 * $1 }
      let freedom = max(1, Double(m - fitted) - taken)
      solved = (system, solution, inverse, freedom)
      guard round < Self.rounds else { break }
      let left: [Double]
      if isDual {
        left = solution.map { $0 * noise }
      } else {
        left = zip(y, Self.multiply(observations, solution, rows: m, columns: n, transposed: false)).map(-)
      }
      let next = left.reduce(0) { $0 + $1 * $1 } / freedom
      guard next > 0 else { break }
      noise = next
    }
    guard let solved else { return nil }
    (system, degreesOfFreedom) = (solved.system, solved.freedom)
    self.noise = noise
    if isDual {
      mean = Self.multiply(observations, solved.solution, rows: m, columns: n, transposed: true)
      var head: [Float] = []
      var columns = Self.transposed(observations, rows: m, columns: n).map { Float($0) }
      FactorBlocks(solved.system).whiten(head: &head, tail: &columns, count: n)
      variance = (0..<n).map { max(Self.leastVariance, 1 - FactorBlocks.squaredNorm(columns, rows: m, column: $0)) }
    } else {
      mean = solved.solution
      let inverse = solved.inverse
      variance = (0..<n).map { column in
        noise * (column..<n).reduce(0) { $0 + inverse[column * n + $1] * inverse[column * n + $1] }
      }
    }
  }

  /// C·w, `[n]`; `nil` where the system has no digits for it.
  func covariance(times w: [Double]) -> [Double]? {
    let (m, n) = (observations.count / w.count, w.count)
    let right = isDual ? Self.multiply(observations, w, rows: m, columns: n, transposed: false) : w
    guard let solved = try? system.solve(right) else { return nil }
    guard isDual else { return solved.map { $0 * noise } }
    return zip(w, Self.multiply(observations, solved, rows: m, columns: n, transposed: true)).map(-)
  }

  /// Mx, or Mᵀx, of `[rows x columns]`, row by row.
  private static func multiply(
    _ matrix: [Double], _ x: [Double], rows: Int, columns: Int, transposed: Bool
  ) -> [Double] {
    var result = [Double](repeating: 0, count: transposed ? columns : rows)
    withLinearAlgebra {
      unsafe cblas_dgemv(
        CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, Int32(rows), Int32(columns), 1, matrix, Int32(columns), x, 1, 0,
        &result, 1)
    }
    return result
  }

  private static func transposed(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
    var result = [Double](repeating: 0, count: matrix.count)
    for row in 0..<rows {
      for column in 0..<columns { result[column * rows + row] = matrix[row * columns + column] }
    }
    return result
  }
}
