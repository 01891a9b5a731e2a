internal import CBLAS

/// Points that were seen, and how far others are from them.
package struct NeighbourMemory: Sendable {
  /// [points x dimensions]
  package let points: [Float]
  package let dimensions: Int
  /// Which neighbour's distance counts, from 1.
  package let rank: Int
  /// Half the squared length of each point. [points]
  private let halfSquares: [Float]

  /// - Precondition: at least `rank` points.
  package init(points: [Float], dimensions: Int, rank: Int) {
    precondition(dimensions > 0 && points.count.isMultiple(of: dimensions) && rank > 0)
    precondition(points.count / dimensions >= rank, "fewer points than neighbours")
    self.points = points
    self.dimensions = dimensions
    self.rank = rank
    halfSquares = (0..<points.count / dimensions).map { point in
      points[point * dimensions..<(point + 1) * dimensions].reduce(0) { $0 + $1 * $1 } / 2
    }
  }

  package var count: Int { halfSquares.count }

  /// The distance to the neighbour of the rank; infinite where the point isn't finite.
  ///
  /// ‖x − y‖² = ‖x‖² − 2(xᵀy − ‖y‖²/2), with all products at once. cblas_sgemv. Cost: points x dimensions.
  package func distance(_ point: [Float]) -> Double {
    precondition(point.count == dimensions)
    let square = point.reduce(0) { $0 + Double($1) * Double($1) }
    guard square.isFinite else { return .infinity }
    var products = halfSquares
    withLinearAlgebra {
      unsafe cblas_sgemv(
        CblasRowMajor, CblasNoTrans, Int32(count), Int32(dimensions), 1, points, Int32(dimensions), point, 1, -1, &products, 1)
    }
    // The few nearest, largest product first.
    var nearest: [Float] = []
    for product in products {
      guard nearest.count < rank || product > nearest[nearest.count - 1] else { continue }
      let place = nearest.firstIndex { product > $0 } ?? nearest.count
      nearest.insert(product, at: place)
      if nearest.count > rank { nearest.removeLast() }
    }
    return max(0, square - 2 * Double(nearest[nearest.count - 1])).squareRoot()
  }
}
