internal import CBLAS
import Statistics

#if canImport(Glibc)
  internal import Glibc
#endif

/// What observations y = Vx + ε say of x, where x ~ N(0, κ) before and ε ~ N(0, σ²), with κ and σ unknown.
///
/// By Bayes' rule the mean of x is (VᵀV + ρ)⁻¹Vᵀy, ρ = σ²/κ, and its covariance C = σ²(VᵀV + ρ)⁻¹; with fewer observations than
/// unknowns Vᵀ(VVᵀ + ρ)⁻¹y and κ(1 − Vᵀ(VVᵀ + ρ)⁻¹V), which are the same. κ is about 1: x may be larger or smaller than was thought. σ²
/// and κ are those that make y likeliest, where whatever was fitted to y before counts as unknown (restricted likelihood: Patterson and
/// Thompson, Biometrika 58, 1971), and log κ is normal before. Observations that agree by chance make κ small, so variances are those of
/// max(1, κ).
///
/// Cost for k = min(m, n): mnk + 8k³ multiply-adds. Memory: 16mn + 24k² bytes.
struct GaussianUpdate {
  /// Rounds of golden-section search: 18 natural logarithms become 0.06.
  private static let rounds = 12
  /// Between which ρ over the mean diagonal of VVᵀ lies.
  private static let noises = (least: 1e-4, most: 1e4)
  /// The standard deviation of log κ before, and how far it goes.
  private static let scaleSpread = 0.5
  private static let scaleLimit = 8.0
  /// A variance that isn't told from 0 in single precision.
  private static let leastVariance = 1e-6

  /// `[n]`: the mean of x.
  let mean: [Double]
  /// `[n]`: the variances of x, at most `scale`.
  let variance: [Double]
  /// max(1, κ).
  let scale: Double
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
    guard m > fitted + 1, let products = Products(observations, unknowns: n, y),
      let (ratio, likeliest) = Self.likeliest(products, freedom: m - fitted), let solved = products.solved(ratio)
    else { return nil }
    (isDual, system) = (products.isDual, solved.system)
    self.observations = observations
    let scale = max(1, likeliest)
    self.scale = scale
    // σ² that goes with it.
    let noise = ratio * scale
    self.noise = noise
    let inverse = solved.system.invertedFactor()
    // What x has taken: the trace of V(VᵀV + ρ)⁻¹Vᵀ.
    let taken = Double(min(m, n)) - ratio * inverse.reduce(0) { $0 + $1 * $1 }
    degreesOfFreedom = max(1, Double(m - fitted) - taken)
    if isDual {
      mean = Self.multiply(observations, solved.solution, rows: m, columns: n, transposed: true)
      var head: [Float] = []
      var columns = Self.transposed(observations, rows: m, columns: n).map { Float($0) }
      FactorBlocks(solved.system).whiten(head: &head, tail: &columns, count: n)
      variance = (0..<n).map { scale * max(Self.leastVariance, 1 - FactorBlocks.squaredNorm(columns, rows: m, column: $0)) }
    } else {
      mean = solved.solution
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
    return zip(w, Self.multiply(observations, solved, rows: m, columns: n, transposed: true)).map { scale * ($0 - $1) }
  }

  /// ρ and κ by golden-section search in log ρ; `nil` where a system has no digits.
  private static func likeliest(_ products: Products, freedom: Int) -> (ratio: Double, scale: Double)? {
    let size = products.meanDiagonal
    // Where nothing is seen of x, all is noise.
    guard size > 0 else { return (products.squares / Double(freedom), 1) }
    let golden = (5.0.squareRoot() - 1) / 2
    var (low, high) = (log(size * noises.least), log(size * noises.most))
    var (first, second) = (high - golden * (high - low), low + golden * (high - low))
    guard var atFirst = deviance(products, first, freedom), var atSecond = deviance(products, second, freedom) else { return nil }
    for _ in 0..<rounds {
      if atFirst.deviance < atSecond.deviance {
        (high, second, atSecond) = (second, first, atFirst)
        first = high - golden * (high - low)
        guard let next = deviance(products, first, freedom) else { return nil }
        atFirst = next
      } else {
        (low, first, atFirst) = (first, second, atSecond)
        second = low + golden * (high - low)
        guard let next = deviance(products, second, freedom) else { return nil }
        atSecond = next
      }
    }
    return atFirst.deviance < atSecond.deviance ? (exp(first), atFirst.scale) : (exp(second), atSecond.scale)
  }

  /// −2 log of y's restricted likelihood and of κ's own, at the best κ; `nil` where the system has no digits.
  private static func deviance(
    _ products: Products, _ logRatio: Double, _ freedom: Int
  ) -> (deviance: Double, scale: Double)? {
    guard let solved = products.solved(exp(logRatio)) else { return nil }
    let system = solved.system
    let determinant =
      system.tail.reduce(0) { $0 + 2 * log(system.factor($1, $1)) } + Double(freedom - system.tailCount) * logRatio
    let scale = scale(solved.left, freedom: Double(freedom))
    let own = log(scale) / scaleSpread
    return (Double(freedom) * log(scale) + solved.left / scale + determinant + own * own, scale)
  }

  /// The κ of which freedom·log κ + left/κ + (log κ/spread)² is least: it is convex in log κ, and its slope is halved down.
  private static func scale(_ left: Double, freedom: Double) -> Double {
    var (low, high) = (-scaleLimit, scaleLimit)
    for _ in 0..<40 {
      let middle = (low + high) / 2
      let slope = freedom - left * exp(-middle) + 2 * middle / (scaleSpread * scaleSpread)
      if slope < 0 { low = middle } else { high = middle }
    }
    return exp((low + high) / 2)
  }

  /// Mx, or Mᵀx, of `[rows x columns]`, row by row.
  fileprivate static func multiply(
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

  fileprivate static func transposed(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
    var result = [Double](repeating: 0, count: matrix.count)
    for row in 0..<rows {
      for column in 0..<columns { result[column * rows + row] = matrix[row * columns + column] }
    }
    return result
  }
}

/// VᵀV and Vᵀy, or VVᵀ and y, whichever are fewer.
private struct Products {
  let isDual: Bool
  /// yᵀy, above 0.
  let squares: Double
  /// Of VVᵀ.
  let meanDiagonal: Double
  private let system: NormalSystem
  private let right: [Double]

  /// - Returns: `nil` where y is 0.
  init?(_ observations: [Double], unknowns n: Int, _ y: [Double]) {
    let m = y.count
    squares = y.reduce(0) { $0 + $1 * $1 }
    guard squares > 0 else { return nil }
    isDual = m < n
    var system = NormalSystem(tailCount: min(m, n))
    system.addProducts(
      of: isDual ? observations : GaussianUpdate.transposed(observations, rows: m, columns: n), count: max(m, n), to: .tail)
    meanDiagonal = system.meanDiagonal(system.tail) * Double(system.tailCount) / Double(m)
    right = isDual ? y : GaussianUpdate.multiply(observations, y, rows: m, columns: n, transposed: true)
    self.system = system
  }

  /// (VᵀV + ρ)⁻¹Vᵀy, or (VVᵀ + ρ)⁻¹y, and yᵀ(VVᵀ + ρ)⁻¹y; `nil` where the system has no digits.
  func solved(_ ratio: Double) -> (system: NormalSystem, solution: [Double], left: Double)? {
    var system = system
    system.addRidge(ratio, on: system.tail)
    guard system.factorise(), let solution = try? system.solve(right) else { return nil }
    let explained = zip(right, solution).reduce(0) { $0 + $1.0 * $1.1 }
    return (system, solution, isDual ? explained : max(0, squares - explained) / ratio)
  }
}
