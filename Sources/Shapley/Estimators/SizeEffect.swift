internal import Glibc

/// h(s): what the odd part of a game owes to the number of intact regions alone, beyond the straight line from ∅ to G.
///
/// Odd about n/2, zero at 0 and n. A local-linear smooth of the level means (a plain kernel mean is biased at the ends,
/// where the regression's weights are largest), Gaussian with bandwidth n/32 sizes, at least half a size; each size
/// counts by its pairs, and 0 and n, where h is known, like an average size.
struct SizeEffect {
  private let playerCount: Int
  /// `[n + 1]`: pairs with a coalition of that size.
  private let counts: [Double]
  /// `[distance]`: the Gaussian's weight of a size at that distance.
  private let kernel: [Double]

  init(playerCount: Int, sizes: [Int]) {
    self.playerCount = playerCount
    var counts = [Double](repeating: 0, count: playerCount + 1)
    for size in sizes {
      counts[size] += 1
      counts[playerCount - size] += 1
    }
    let mean = Double(2 * sizes.count) / Double(playerCount - 1)
    counts[0] = mean
    counts[playerCount] = mean
    self.counts = counts
    let bandwidth = max(Double(playerCount) / 32, 0.5)
    kernel = (0...Int((6 * bandwidth).rounded(.up))).map { exp(-0.5 * Double($0 * $0) / (bandwidth * bandwidth)) }
  }

  /// The smooth of the residuals of pairs: `[n + 1]`, by size. Linear in the residuals.
  func fit(sizes: [Int], residuals: [Double]) -> [Double] {
    let n = playerCount
    var means = [Double](repeating: 0, count: n + 1)
    for (size, residual) in zip(sizes, residuals) {
      means[size] += residual
      means[n - size] -= residual
    }
    for size in 1..<n { means[size] = counts[size] > 0 ? means[size] / counts[size] : 0 }
    means[0] = 0
    means[n] = 0
    let smooth = (0...n).map { $0 == 0 || $0 == n ? 0 : localLine(means, at: $0) }
    return (0...n).map { (smooth[$0] - smooth[n - $0]) / 2 }
  }

  /// How much of its own residual a pair of that size keeps in h, `[n + 1]`: the smoother's leverage.
  func leverages() -> [Double] {
    (0...playerCount).map { size in
      guard size > 0 && size < playerCount && counts[size] > 0 else { return 0 }
      var impulse = [Double](repeating: 0, count: playerCount + 1)
      impulse[size] += 1
      impulse[playerCount - size] -= 1
      return localLine(impulse, at: size) / counts[size]
    }
  }

  /// The value at `size` of the line fitted around it.
  private func localLine(_ means: [Double], at size: Int) -> Double {
    let reach = kernel.count - 1
    var (s0, s1, s2, t0, t1) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for other in max(0, size - reach)...min(playerCount, size + reach) {
      let distance = Double(other - size)
      let weight = counts[other] * kernel[abs(other - size)]
      s0 += weight
      s1 += weight * distance
      s2 += weight * distance * distance
      t0 += weight * means[other]
      t1 += weight * distance * means[other]
    }
    let determinant = s0 * s2 - s1 * s1
    guard determinant > 1e-12 * s0 * s0 else { return s0 > 0 ? t0 / s0 : 0 }
    return (s2 * t0 - s1 * t1) / determinant
  }
}
