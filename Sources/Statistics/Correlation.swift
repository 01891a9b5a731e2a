/// How two lists of numbers go together.
package enum Correlation {
  /// Pearson's, from -1 to 1; `nil` for fewer than two pairs, and where either list is constant or has a number that isn't finite.
  package static func pearson(_ x: [Double], _ y: [Double]) -> Double? {
    precondition(x.count == y.count)
    let count = Double(x.count)
    let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
      xy += (a - meanX) * (b - meanY)
    }
    let scale = (xx * yy).squareRoot()
    return scale > 0 && scale.isFinite ? min(max(xy / scale, -1), 1) : nil
  }
}
