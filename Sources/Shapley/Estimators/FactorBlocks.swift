internal import CBLAS
import Statistics

/// The factor of a normal system for many right sides at once, in single precision: errors need no more digits.
///
/// L = [L₁ 0; L₂₁ L₂], head and tail. L₁ and L₂ are inverted, so that a substitution is products of matrices, which run
/// at twice the speed of triangular solves. Memory: 4(h² + ht + t²) bytes.
struct FactorBlocks {
  private let headCount: Int
  private let tailCount: Int
  /// Column-major `[head x head]`, lower triangle: L₁⁻¹.
  private let headInverse: [Float]
  /// Column-major `[tail x head]`: L₂₁.
  private let cross: [Float]
  /// Column-major `[tail x tail]`, lower triangle: L₂⁻¹.
  private let tailInverse: [Float]

  /// - Parameter system: factored.
  init(_ system: NormalSystem) {
    headCount = system.headCount
    tailCount = system.tailCount
    headInverse = FactorBlocks.invertedTriangle(of: system, from: 0, count: headCount)
    tailInverse = FactorBlocks.invertedTriangle(of: system, from: headCount, count: tailCount)
    var cross = [Float](repeating: 0, count: headCount * tailCount)
    for column in 0..<headCount {
      for row in 0..<tailCount { cross[column * tailCount + row] = Float(system.factor(headCount + row, column)) }
    }
    self.cross = cross
  }

  private static func invertedTriangle(of system: NormalSystem, from start: Int, count: Int) -> [Float] {
    var triangle = [Double](repeating: 0, count: count * count)
    for column in 0..<count {
      for row in column..<count { triangle[column * count + row] = system.factor(start + row, start + column) }
    }
    return inverted(triangle, order: count).map { Float($0) }
  }

  /// The inverse of a lower triangle, column-major `[order x order]`.
  ///
  /// In double precision: OpenBLAS 0.3.21's strtri ends the process by a misaligned load on processors that it takes for a Prescott,
  /// from 133 rows on where they are no multiple of four.
  static func inverted(_ triangle: [Double], order: Int) -> [Double] {
    guard order > 0 else { return [] }
    var inverse = triangle
    var (n, info) = (Int32(order), Int32(0))
    withLinearAlgebra { unsafe dtrtri_("L", "N", &n, &inverse, &n, &info) }
    precondition(info == 0)
    return inverse
  }

  /// For each column x = [head | tail], in place: z = L⁻¹x. Its squared norm is xᵀA⁻¹x.
  ///
  /// - Parameters:
  ///   - head: `[headCount x count]`, column-major.
  ///   - tail: `[tailCount x count]`, column-major.
  func whiten(head: inout [Float], tail: inout [Float], count: Int) {
    if headCount > 0 {
      multiply(headInverse, order: headCount, CblasNoTrans, &head, count: count)
      let t = Int32(tailCount)
      let h = Int32(headCount)
      withLinearAlgebra {
        unsafe cblas_sgemm(
          CblasColMajor, CblasNoTrans, CblasNoTrans, t, Int32(count), h, -1, cross, t, head, h, 1, &tail, t)
      }
    }
    multiply(tailInverse, order: tailCount, CblasNoTrans, &tail, count: count)
  }

  /// For the tail of each whitened column, in place: the tail of A⁻¹x.
  func unwhiten(tail: inout [Float], count: Int) {
    multiply(tailInverse, order: tailCount, CblasTrans, &tail, count: count)
  }

  /// `target` += the `count` numbers of `numbers` from `start` on.
  static func add(_ numbers: [Float], from start: Int, count: Int, to target: inout [Float]) {
    unsafe numbers.withUnsafeBufferPointer { numbers in
      guard let first = numbers.baseAddress else { return }
      unsafe cblas_saxpy(Int32(count), 1, first + start, 1, &target, 1)
    }
  }

  /// The squared norm of a column of `[rows x columns]`.
  static func squaredNorm(_ vectors: [Float], rows: Int, column: Int) -> Double {
    if rows == 0 { return 0 }
    return unsafe vectors.withUnsafeBufferPointer { vectors in
      guard let start = vectors.baseAddress else { return 0 }
      let first = unsafe start + column * rows
      return unsafe cblas_dsdot(Int32(rows), first, 1, first, 1)
    }
  }

  private func multiply(
    _ triangle: [Float], order: Int, _ transpose: CBLAS_TRANSPOSE, _ columns: inout [Float], count: Int
  ) {
    let n = Int32(order)
    withLinearAlgebra {
      unsafe cblas_strmm(
        CblasColMajor, CblasLeft, CblasLower, transpose, CblasNonUnit, n, Int32(count), 1, triangle, n, &columns, n)
    }
  }
}
