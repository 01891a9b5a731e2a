internal import CBLAS

/// A covariance that is shrunk towards a multiple of the identity as far as the sample's size asks for, and distances by it.
///
/// Σ = (1 − ρ)S + ρμI with S the sample covariance (divided by n), μ its mean diagonal and ρ = min(β², δ²)/δ²,
/// δ² = ‖S − μI‖²/p, β² = Σ_k ‖x_k x_kᵀ − S‖²/(n²p). Invertible however few samples there are. A sample without spread
/// has no covariance; every point but its mean is then infinitely far.
/// Source: Ledoit & Wolf, J. Multivariate Anal. 88 (2004); the same as `sklearn.covariance.LedoitWolf`.
package struct ShrinkageCovariance: Sendable {
  /// ρ: 0 keeps the sample covariance, 1 keeps only its mean diagonal.
  package let shrinkage: Double
  /// `[variables]`: what distances are measured from.
  package let centre: [Double]
  private let order: Int
  /// `[variables x variables]`: the Cholesky factor, column-major, in the lower triangle; empty without spread.
  package let factor: [Double]
  /// The factor's inverse by rows up to the diagonal, each filled up with zeros to whole vectors; empty without spread.
  private let inverse: [SIMD4<Double>]

  /// One that was kept.
  ///
  /// - Precondition: the factor is empty, or of as many rows and columns as `centre` has numbers.
  package init(centre: [Double], shrinkage: Double, factor: [Double]) {
    precondition(factor.isEmpty || factor.count == centre.count * centre.count)
    self.centre = centre
    self.shrinkage = shrinkage
    self.factor = factor
    order = centre.count
    inverse = Self.inverseRows(factor, order: centre.count)
  }

  /// The identity around 0: distances are Euclid's.
  package init(unitOfOrder order: Int) {
    var factor = [Double](repeating: 0, count: order * order)
    for variable in 0..<order { factor[variable * (order + 1)] = 1 }
    self.init(centre: [Double](repeating: 0, count: order), shrinkage: 1, factor: factor)
  }

  /// - Parameters:
  ///   - samples: `[samples][variables]`, at least two.
  ///   - centre: `[variables]`; by default the samples' mean.
  ///   - leastShrinkage: of ρ. A sample in fewer directions than variables may have a ρ of 0, and then no inverse.
  /// - Complexity: samples x variables² + variables³.
  package init(_ samples: [[Double]], centre: [Double]? = nil, leastShrinkage: Double = 0) {
    precondition(samples.count > 1)
    let p = samples[0].count
    let n = Double(samples.count)
    let centre = centre ?? (0..<p).map { variable in samples.reduce(0) { $0 + $1[variable] } / n }
    let centred = samples.map { sample in (0..<p).map { sample[$0] - centre[$0] } }
    openblas_set_num_threads(1)
    var covariance = [Double](repeating: 0, count: p * p)
    let order = Int32(p)
    withLinearAlgebra {
      unsafe cblas_dsyrk(
        CblasColMajor, CblasLower, CblasNoTrans, order, Int32(samples.count), 1 / n, centred.flatMap(\.self), order,
        0, &covariance, order)
    }
    for column in 0..<p {
      for row in 0..<column { covariance[column * p + row] = covariance[row * p + column] }
    }
    let mean = (0..<p).reduce(0) { $0 + covariance[$1 * (p + 1)] } / Double(p)
    let squared = covariance.reduce(0) { $0 + $1 * $1 }
    let delta = squared / Double(p) - mean * mean
    let quartic = centred.reduce(0) { sum, x in
      let length = x.reduce(0) { $0 + $1 * $1 }
      return sum + length * length
    }
    // Σ_k ‖x_k x_kᵀ − S‖² = Σ_k ‖x_k‖⁴ − n‖S‖², since the mean of the products is S.
    let beta = (quartic / n - squared) / (n * Double(p))
    let shrinkage = delta > 0 ? max(min(max(beta, 0), delta) / delta, leastShrinkage) : 1
    self.shrinkage = shrinkage
    self.centre = centre
    self.order = p
    for place in covariance.indices { covariance[place] *= 1 - shrinkage }
    for variable in 0..<p { covariance[variable * (p + 1)] += shrinkage * mean }
    var size = order
    var info: Int32 = 0
    if mean > 0 { withLinearAlgebra { unsafe dpotrf_("L", &size, &covariance, &size, &info) } }
    factor = mean > 0 && info == 0 ? covariance : []
    inverse = Self.inverseRows(factor, order: p)
  }

  /// Whether distances can be told by the factor that was kept.
  package var isSound: Bool { factor.isEmpty == inverse.isEmpty && inverse.allSatisfy { $0.sum().isFinite } }

  /// By LAPACK's dtrtri; empty where the factor has no inverse. Cost: order³.
  private static func inverseRows(_ factor: [Double], order: Int) -> [SIMD4<Double>] {
    guard !factor.isEmpty else { return [] }
    var (inverse, size, info) = (factor, Int32(order), Int32(0))
    withLinearAlgebra { unsafe dtrtri_("L", "N", &size, &inverse, &size, &info) }
    guard info == 0 else { return [] }
    return (0..<order).flatMap { row in
      (0...row / 4).map { chunk in
        var vector = SIMD4<Double>.zero
        for lane in 0..<min(4, row + 1 - 4 * chunk) { vector[lane] = inverse[(4 * chunk + lane) * order + row] }
        return vector
      }
    }
  }

  /// (x − centre)ᵀ Σ⁻¹ (x − centre).
  package func squaredDistance(_ x: [Double]) -> Double { squaredDistance(x[...]) }

  /// The same of a part of an array. The squared length of L⁻¹(x − centre), summed in the same order on every machine.
  ///
  /// - Complexity: variables².
  package func squaredDistance(_ x: ArraySlice<Double>) -> Double {
    precondition(x.count == order)
    guard !inverse.isEmpty else { return zip(x, centre).allSatisfy(==) ? 0 : .infinity }
    var difference = [SIMD4<Double>](repeating: .zero, count: (order + 3) / 4)
    for (place, number) in x.enumerated() { difference[place / 4][place % 4] = number - centre[place] }
    return inverse.withUnsafeBufferPointer { inverse in
      difference.withUnsafeBufferPointer { difference in
        var (length, rest) = (0.0, inverse.baseAddress!)
        for row in 0..<order {
          let chunks = row / 4 + 1
          // Two sums, so that one needn't wait for the other.
          var products = (SIMD4<Double>.zero, SIMD4<Double>.zero)
          for chunk in stride(from: 0, to: chunks - 1, by: 2) {
            products.0 += rest[chunk] * difference[chunk]
            products.1 += rest[chunk + 1] * difference[chunk + 1]
          }
          if !chunks.isMultiple(of: 2) { products.0 += rest[chunks - 1] * difference[chunks - 1] }
          let value = (products.0 + products.1).sum()
          length += value * value
          rest += chunks
        }
        return length
      }
    }
  }
}
