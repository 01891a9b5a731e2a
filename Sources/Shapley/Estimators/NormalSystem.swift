internal import CBLAS

/// A symmetric positive definite system A = Σ xᵢxᵢᵀ + ridge whose features are [q·z | z], built from blocks of vectors z
/// and factored in place.
///
/// The head are the features with the modulation q, the tail those without; the head may be empty. Where every feature
/// of the head is one of the tail times the same number, A consists of three symmetric blocks of a quarter its size.
///
/// With `FactorBlocks` the only user of BLAS and LAPACK here. OpenBLAS is held to one thread, so that equal inputs give
/// equal bits and a rank keeps to its core. Memory: 8p² bytes for p features.
struct NormalSystem {
  /// A quarter of A, as rows and columns.
  enum Block {
    /// Σ (qz)(qz)ᵀ
    case head
    /// Σ (q + 1)²zzᵀ, of which `separateCross` makes Σ qzzᵀ.
    case cross
    /// Σ zzᵀ
    case tail
  }

  let headCount: Int
  let tailCount: Int
  var order: Int { headCount + tailCount }
  /// Column-major `[order x order]`: the factor L in the lower triangle, A itself above the diagonal.
  private var matrix: [Double]
  /// The diagonal of A, which the factor overwrites.
  private var diagonal: [Double] = []

  /// - Parameter headCount: 0 or `tailCount`.
  init(headCount: Int, tailCount: Int) {
    precondition(headCount == 0 || headCount == tailCount)
    openblas_set_num_threads(1)
    self.headCount = headCount
    self.tailCount = tailCount
    matrix = [Double](repeating: 0, count: (headCount + tailCount) * (headCount + tailCount))
  }

  /// The block += Σ zzᵀ over the columns of `vectors`, `[tailCount x count]` row-major, for which BLAS is a fifth faster.
  mutating func addProducts(of vectors: [Double], count: Int, to block: Block) {
    let offset =
      switch block {
      case .head: 0
      case .cross: headCount
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
    let tail = headCount * (order + 1)
    for column in 0..<headCount {
      for row in column..<headCount {
        let place = column * order + row
        let value = (matrix[headCount + place] - matrix[place] - matrix[tail + place]) / 2
        matrix[headCount + place] = value
        matrix[headCount + row * order + column] = value
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
