internal import CBLAS
import Statistics

/// A symmetric positive definite system A = Σ xᵢxᵢᵀ + ridge whose features are [a few | q·z | z], built from blocks of
/// vectors z and factored in place.
///
/// The tail are the features z, the head those before: a few of any kind, and those with the modulation q; both may be left out.
/// Since each modulated feature is one of the tail times the same number, those and the tail take three symmetric blocks.
///
/// With `FactorBlocks` the only user of BLAS and LAPACK here. OpenBLAS is held to one thread, so that equal inputs give
/// equal bits and a rank keeps to its core. Memory: 8p² bytes for p features.
struct NormalSystem {
  /// A block of A, as rows and columns.
  enum Block {
    /// Σ (qz)(qz)ᵀ
    case modulated
    /// Σ (q + 1)²zzᵀ, of which `separateCross` makes Σ qzzᵀ.
    case cross
    /// Σ zzᵀ
    case tail
  }

  /// The few features of any kind.
  let leadCount: Int
  let isModulated: Bool
  let tailCount: Int
  private var modulatedCount: Int { isModulated ? tailCount : 0 }
  var headCount: Int { leadCount + modulatedCount }
  var order: Int { headCount + tailCount }
  var lead: Range<Int> { 0..<leadCount }
  var modulated: Range<Int> { leadCount..<headCount }
  var tail: Range<Int> { headCount..<order }
  /// Column-major `[order x order]`: the factor L in the lower triangle, A itself above the diagonal.
  private var matrix: [Double]
  /// The diagonal of A, which the factor overwrites.
  private var diagonal: [Double] = []

  init(leadCount: Int = 0, isModulated: Bool = false, tailCount: Int) {
    openblas_set_num_threads(1)
    self.leadCount = leadCount
    self.isModulated = isModulated
    self.tailCount = tailCount
    let order = leadCount + (isModulated ? 2 : 1) * tailCount
    matrix = [Double](repeating: 0, count: order * order)
  }

  /// The column of one of the few features: Σ of all features times that one, `[order]`.
  mutating func setLead(_ feature: Int, _ column: [Double]) {
    precondition(feature < leadCount && column.count == order)
    for row in feature..<order { matrix[feature * order + row] = column[row] }
  }

  /// The block += Σ zzᵀ over the columns of `vectors`, `[tailCount x count]` row-major, for which BLAS is a fifth faster.
  mutating func addProducts(of vectors: [Double], count: Int, to block: Block) {
    let offset =
      switch block {
      case .modulated: leadCount * (order + 1)
      case .cross: leadCount * (order + 1) + modulatedCount
      case .tail: headCount * (order + 1)
      }
    let n = Int32(tailCount)
    let p = Int32(order)
    unsafe matrix.withUnsafeMutableBufferPointer { matrix in
      guard let start = matrix.baseAddress else { return }
      withLinearAlgebra {
        unsafe cblas_dsyrk(
          CblasColMajor, CblasLower, CblasTrans, n, Int32(count), 1, vectors, Int32(count), 1, start + offset, p)
      }
    }
  }

  /// The cross block from the three sums: Σ qzzᵀ = ½(Σ (q + 1)²zzᵀ − Σ q²zzᵀ − Σ zzᵀ).
  mutating func separateCross() {
    let (modulated, tail) = (leadCount * (order + 1), headCount * (order + 1))
    let cross = modulated + modulatedCount
    for column in 0..<modulatedCount {
      for row in column..<modulatedCount {
        let place = column * order + row
        let value = (matrix[cross + place] - matrix[modulated + place] - matrix[tail + place]) / 2
        matrix[cross + place] = value
        matrix[cross + row * order + column] = value
      }
    }
  }

  /// The mean of the diagonal over a range of features.
  func meanDiagonal(_ range: Range<Int>) -> Double {
    range.reduce(0) { $0 + matrix[$1 * (order + 1)] } / Double(range.count)
  }

  /// A += value on the diagonal of a range of features.
  mutating func addRidge(_ value: Double, on range: Range<Int>) {
    for feature in range { matrix[feature * (order + 1)] += value }
  }

  /// A += value·11ᵀ on a range of features.
  mutating func addConstant(_ value: Double, on range: Range<Int>) {
    for column in range {
      for row in column..<range.upperBound { matrix[column * order + row] += value }
    }
  }

  /// A = LLᵀ. Whether A is positive definite to working precision; where not, A is left as it was.
  mutating func factorise() -> Bool {
    diagonal = (0..<order).map { matrix[$0 * (order + 1)] }
    copyTriangle(toUpper: true)
    var p = Int32(order)
    var info: Int32 = 0
    withLinearAlgebra { unsafe dpotrf_("L", &p, &matrix, &p, &info) }
    if info == 0 { return true }
    for feature in 0..<order { matrix[feature * (order + 1)] = diagonal[feature] }
    copyTriangle(toUpper: false)
    return false
  }

  /// One triangle from the other, tile by tile, since a whole column's strides miss every cache.
  private mutating func copyTriangle(toUpper: Bool) {
    let tile = 16
    for left in stride(from: 0, to: order, by: tile) {
      for top in stride(from: left, to: order, by: tile) {
        for column in left..<min(order, left + tile) {
          for row in max(top, column + 1)..<max(min(order, top + tile), max(top, column + 1)) {
            if toUpper {
              matrix[row * order + column] = matrix[column * order + row]
            } else {
              matrix[column * order + row] = matrix[row * order + column]
            }
          }
        }
      }
    }
  }

  /// x = A⁻¹b with one step of refinement; the residual is checked.
  func solve(_ right: [Double]) throws(ShapleyError) -> [Double] {
    var solution = right
    substitute(&solution)
    var correction = residual(of: solution, right: right)
    substitute(&correction)
    for feature in 0..<order { solution[feature] += correction[feature] }
    let error = norm(residual(of: solution, right: right))
    guard error <= 1e-8 * norm(right) || error == 0 else {
      throw ShapleyError(
        .numericalFailure,
        "The regression lost its digits (relative residual \(error / norm(right))): raise the samples a region.")
    }
    return solution
  }

  /// An element of L.
  func factor(_ row: Int, _ column: Int) -> Double { matrix[column * order + row] }

  /// L⁻¹ of a factored system, column-major `[order x order]`, lower triangle: A⁻¹ = L⁻ᵀL⁻¹.
  func invertedFactor() -> [Double] {
    var triangle = [Double](repeating: 0, count: order * order)
    for column in 0..<order {
      for row in column..<order { triangle[column * order + row] = factor(row, column) }
    }
    return FactorBlocks.inverted(triangle, order: order)
  }

  private func substitute(_ right: inout [Double]) {
    var p = Int32(order)
    var columns: Int32 = 1
    var info: Int32 = 0
    withLinearAlgebra { unsafe dpotrs_("L", &p, &columns, matrix, &p, &right, &p, &info) }
    precondition(info == 0)
  }

  /// b − Ax.
  private func residual(of solution: [Double], right: [Double]) -> [Double] {
    let p = Int32(order)
    var result = right
    withLinearAlgebra { unsafe cblas_dsymv(CblasColMajor, CblasUpper, p, -1, matrix, p, solution, 1, 1, &result, 1) }
    for feature in 0..<order {
      result[feature] += (matrix[feature * (order + 1)] - diagonal[feature]) * solution[feature]
    }
    return result
  }

  private func norm(_ vector: [Double]) -> Double {
    vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
