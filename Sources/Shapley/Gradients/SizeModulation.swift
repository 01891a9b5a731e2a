/// How regions' effects change with the number of others that are intact, as curves in a pair's size.
///
/// In a pair {S, Sᶜ} with t = 2|S|/n − 1 and e = ½Σ_g z_g·ζ_g, the odd part of v is e and mostly u = αt + βt(1 − t²) + γ(1 − t²)e: regions
/// that do the same satisfy the network together, so that all effects are smaller where many are intact. Fitted and taken off,
/// the curves must change nothing of ζ. ζ is the solution of the least squares of odd parts on z by the Shapley value's weights
/// under Σζ = v(G) − v(∅) (Charnes et al. 1988), whose residuals have a part along t, and no other along z. So t may be fitted, and
/// with it t(1 − t²), which has nothing in common with z but along t; (1 − t²)e may be without its part along e, which is known
/// from the distribution of sizes and not to be learnt from a sample. For the Banzhaf index nothing is left along t either.
struct SizeModulation {
  let index: ValueIndex
  /// What t(1 − t²) has along t.
  private let alongSize: Double
  /// What (1 − t²)e has along t and e.
  private let sumAlong: (size: Double, sum: Double)
  private let players: Double

  /// - Parameter zeta: `[regions]`, about. Cost: O(n).
  init(_ zeta: [Double], index: ValueIndex) {
    self.index = index
    let n = zeta.count
    players = Double(n)
    let total = zeta.reduce(0, +)
    let squares = zeta.reduce(0) { $0 + $1 * $1 }
    let binomial = index == .banzhaf ? Self.binomial(n) : []
    var (tt, te, ee, tc, ts, es) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for size in 1..<max(n, 2) {
      let share = Double(size) / players
      let t = 2 * share - 1
      let weight = index == .shapley ? 1 / (share * (1 - share)) : binomial[size]
      // The mean of z_g·z_h among coalitions of this size.
      let common = n > 1 ? (players * t * t - 1) / (players - 1) : 0
      let square = (squares * (1 - common) + total * total * common) / 4
      let bend = 1 - t * t
      tt += weight * t * t
      te += weight * t * t * total / 2
      ee += weight * square
      tc += weight * t * t * bend
      ts += weight * t * t * bend * total / 2
      es += weight * bend * square
    }
    alongSize = tt > 0 ? tc / tt : 0
    let determinant = tt * ee - te * te
    sumAlong =
      determinant > 1e-12 * tt * ee
      ? ((ts * ee - es * te) / determinant, (es * tt - ts * te) / determinant) : (0, ee > 0 ? es / ee : 0)
  }

  /// How many subsets of each size there are, `[n + 1]`, over those of the middle one.
  private static func binomial(_ n: Int) -> [Double] {
    var counts = [Double](repeating: 1, count: n + 1)
    for size in stride(from: n / 2 + 1, through: n, by: 1) {
      counts[size] = counts[size - 1] * Double(n - size + 1) / Double(size)
    }
    for size in stride(from: n / 2 - 1, through: 0, by: -1) {
      counts[size] = counts[size + 1] * Double(size + 1) / Double(n - size)
    }
    return counts
  }

  var curveCount: Int { index == .shapley ? 3 : 2 }

  /// A pair's weight, 1 at most sizes' middle.
  func weight(share: Double) -> Double {
    guard index == .shapley else { return 1 }
    let least = 0.5 / players
    return 1 / (4 * max(share, least) * max(1 - share, least))
  }

  /// The curves of a pair. - Parameter sum: e.
  func curves(size t: Double, sum e: Double) -> [Double] {
    let bend = 1 - t * t
    let modulated = (bend - sumAlong.sum) * e
    return index == .shapley ? [t, t * bend, modulated] : [t * (bend - alongSize), modulated - sumAlong.size * t]
  }
}
