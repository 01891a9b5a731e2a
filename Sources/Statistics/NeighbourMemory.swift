/// Points that were seen, and how far others are from them.
package struct NeighbourMemory: Sendable {
  package let dimensions: Int
  /// Which neighbour's distance counts, from 1.
  package let rank: Int
  package let count: Int
  /// Each point, filled up with zeros to whole vectors. [points x ⌈dimensions/8⌉]
  private let rows: [SIMD8<Float>]
  /// Half the squared length of each point. [points]
  private let halfSquares: [Float]

  /// - Parameter points: [points x dimensions]
  /// - Precondition: at least `rank` points.
  package init(points: [Float], dimensions: Int, rank: Int) {
    precondition(dimensions > 0 && points.count.isMultiple(of: dimensions) && rank > 0)
    precondition(points.count / dimensions >= rank, "fewer points than neighbours")
    self.dimensions = dimensions
    self.rank = rank
    count = points.count / dimensions
    let rows = (0..<count).flatMap { point in
      stride(from: 0, to: dimensions, by: 8).map { first in
        var vector = SIMD8<Float>.zero
        for lane in 0..<min(8, dimensions - first) { vector[lane] = points[point * dimensions + first + lane] }
        return vector
      }
    }
    self.rows = rows
    let width = rows.count / count
    halfSquares = (0..<count).map { point in
      rows[point * width..<(point + 1) * width].reduce(0) { $0 + ($1 * $1).sum() } / 2
    }
  }

  /// [points x dimensions]
  package var points: [Float] {
    let width = rows.count / count
    return (0..<count).flatMap { point in (0..<dimensions).map { rows[point * width + $0 / 8][$0 % 8] } }
  }

  /// The distance to the neighbour of the rank; infinite where the point isn't finite.
  ///
  /// ‖x − y‖² = ‖x‖² − 2(xᵀy − ‖y‖²/2). The products are summed in the same order on every machine, and by loops of this file, which for
  /// so few points are faster than a library's. Cost: points x dimensions.
  package func distance(_ point: [Double]) -> Double {
    precondition(point.count == dimensions)
    let width = rows.count / count
    var query = [SIMD8<Float>](repeating: .zero, count: width)
    var square = 0.0
    for place in point.indices {
      let value = Float(point[place])
      query[place / 8][place % 8] = value
      square += Double(value) * Double(value)
    }
    guard square.isFinite else { return .infinity }
    // The few nearest, largest product first.
    var nearest = [Float](repeating: -.infinity, count: rank)
    for point in 0..<count {
      let product =
        rows.withUnsafeBufferPointer { rows in
          query.withUnsafeBufferPointer { query in
            Self.product(rows.baseAddress! + point * width, query.baseAddress!, count: width)
          }
        } - halfSquares[point]
      guard product > nearest[rank - 1] else { continue }
      var place = rank - 1
      while place > 0, product > nearest[place - 1] {
        nearest[place] = nearest[place - 1]
        place -= 1
      }
      nearest[place] = product
    }
    return max(0, square - 2 * Double(nearest[rank - 1])).squareRoot()
  }

  private static func product(_ x: UnsafePointer<SIMD8<Float>>, _ y: UnsafePointer<SIMD8<Float>>, count: Int) -> Float {
    // Two sums, so that one needn't wait for the other.
    var sums = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    for place in stride(from: 0, to: count - 1, by: 2) {
      sums.0 += x[place] * y[place]
      sums.1 += x[place + 1] * y[place + 1]
    }
    if !count.isMultiple(of: 2) { sums.0 += x[count - 1] * y[count - 1] }
    return (sums.0 + sums.1).sum()
  }
}
