internal import CBLAS

/// A symmetric positive definite system A = Σ xᵢxᵢᵀ + ridge, built from blocks of feature vectors and factored in place.
///
/// The only user of BLAS and LAPACK here. OpenBLAS is held to one thread, so that equal inputs give equal bits and a rank
/// keeps to its core. Memory: 8p² bytes for p features.
struct NormalSystem {
  let order: Int
  /// Column-major `[order x order]`: the factor L in the lower triangle, A itself above the diagonal.
  private var matrix: [Double]
  /// The diagonal of A, which the factor overwrites.
  private var diagonal: [Double] = []

  init(order: Int) {
    openblas_set_num_threads(1)
    self.order = order
    matrix = [Double](repeating: 0, count: order * order)
  }

  /// A += Σ xxᵀ over the columns of `features`, `[order x count]` column-major.
  mutating func addProducts(of features: [Double], count: Int) {
    let p = Int32(order)
    unsafe cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, p, Int32(count), 1, features, p, 1, &matrix, p)
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
    for column in 0..<order {
      for row in column + 1..<max(order, column + 1) { matrix[row * order + column] = matrix[column * order + row] }
    }
    var p = Int32(order)
    var info: Int32 = 0
    unsafe dpotrf_("L", &p, &matrix, &p, &info)
    if info == 0 { return true }
    for column in 0..<order {
      matrix[column * (order + 1)] = diagonal[column]
      for row in column + 1..<max(order, column + 1) { matrix[column * order + row] = matrix[row * order + column] }
    }
    return false
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

  /// For each column x of `features`, in place: z = L⁻¹x, whose squared norm is xᵀA⁻¹x.
  func whiten(_ features: inout [Double], count: Int) {
    let p = Int32(order)
    unsafe cblas_dtrsm(
      CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, p, Int32(count), 1, matrix, p, &features, p)
  }

  /// For each whitened column, in place: its last `tail` entries become those of A⁻¹x. The others are left as they are.
  func unwhitenTail(_ tail: Int, _ features: inout [Double], count: Int) {
    let p = Int32(order)
    let head = order - tail
    unsafe matrix.withUnsafeBufferPointer { matrix in
      unsafe features.withUnsafeMutableBufferPointer { features in
        guard let factor = matrix.baseAddress, let columns = features.baseAddress else { return }
        unsafe cblas_dtrsm(
          CblasColMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, Int32(tail), Int32(count), 1,
          factor + head * (order + 1), p, columns + head, p)
      }
    }
  }

  private func substitute(_ right: inout [Double]) {
    var p = Int32(order)
    var columns: Int32 = 1
    var info: Int32 = 0
    unsafe dpotrs_("L", &p, &columns, matrix, &p, &right, &p, &info)
    precondition(info == 0)
  }

  /// b − Ax.
  private func residual(of solution: [Double], right: [Double]) -> [Double] {
    let p = Int32(order)
    var result = right
    unsafe cblas_dsymv(CblasColMajor, CblasUpper, p, -1, matrix, p, solution, 1, 1, &result, 1)
    for feature in 0..<order {
      result[feature] += (matrix[feature * (order + 1)] - diagonal[feature]) * solution[feature]
    }
    return result
  }

  private func norm(_ vector: [Double]) -> Double {
    vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
