internal import CBLAS
import Grids
import Statistics

/// The coalitions of a regression's pairs, each chosen to tell regions apart that the pairs before it don't.
///
/// The variance of the regression's slopes is smallest where G = Σ w χ̃χ̃ᵀ and G_q = Σ w q χ̃χ̃ᵀ over the pairs are as near as
/// can be to a multiple of the identity and to 0. Independent draws are off by chance, which costs a factor of about
/// 1/(1 − n/P) and more with P pairs. Here a pair starts as a uniform draw of its size, and then single regions are
/// exchanged, the best two at a time, while that lowers χᵀ(G + q̂G_q)χ, at most `largestExchangeCount` times; q̂ is q over
/// its standard deviation. Where pairs are few they are gone through again, each against all others, until about eight
/// a region have been looked at. The rule knows no region by its number, and every series renumbers the regions at random, so
/// each pair by itself is still uniform among those of its size.
///
/// A function of (plan, seed) alone. Every sum is over integers below 2⁵³, so any machine finds the same pairs. Pairs of
/// strata that are drawn without replacement are taken as they come.
///
/// Memory: 16n² bytes while it is made, n/8 a pair after. Cost: 8n² multiply-adds a pair, limited by memory; 0.1 ms at
/// 256 regions.
struct BalancedPairs: Sendable {
  /// Above this many regions pairs are independent draws: the matrix would leave the caches.
  static let largestPlayerCount = 512
  private static let largestExchangeCount = 16
  private static let visitsPerPlayer = 8
  private static let largestRoundCount = 4

  /// `[pairs]`: S, before the series renumbers the regions.
  let coalitions: [Coalition]

  /// - Parameter draw: the coalition that a pair starts from, and whether it may be changed.
  init(players: Int, count: Int, draw: (Int) -> (coalition: Coalition, isFree: Bool)) {
    openblas_set_num_threads(1)
    var balance = Balance(players: players)
    let draws = (0..<count).map(draw)
    var coalitions = draws.map(\.coalition)
    let rounds = max(1, min(Self.largestRoundCount, Self.visitsPerPlayer * players / max(1, count)))
    for round in 0..<rounds {
      for pair in 0..<count {
        if round > 0 && !draws[pair].isFree { continue }
        if round > 0 { balance.add(coalitions[pair], sign: -1) }
        if draws[pair].isFree { balance.improve(&coalitions[pair], exchanges: Self.largestExchangeCount) }
        balance.add(coalitions[pair], sign: 1)
      }
    }
    self.coalitions = coalitions
  }
}

/// G and G_q of the pairs so far, in integers.
private struct Balance {
  private let n: Int
  /// Column-major `[2n x n]`: a column of G over a column of G_q.
  private var matrix: [Double]

  init(players: Int) {
    n = players
    matrix = [Double](repeating: 0, count: 2 * n * n)
  }

  /// n·χ̃/2: n − s for an intact region, −s for a lesioned one.
  private func centredSigns(_ coalition: Coalition) -> [Double] {
    let size = coalition.count
    var signs = [Double](repeating: Double(-size), count: n)
    for player in coalition.intactPlayers { signs[player] = Double(n - size) }
    return signs
  }

  /// A quarter of q's standard deviation is the unit: q over it, as an integer from −4 to 9.
  private func modulation(size: Int) -> Double {
    let imbalance = Double(2 * size - n) / Double(n)
    let deviation = 0.298  // √(4/45), of u² for u uniform on −1...1.
    return (4 * (imbalance * imbalance - Double(n - 2) / Double(3 * n)) / deviation).rounded()
  }

  /// - Parameter sign: 1, or −1 to take a pair out again.
  mutating func add(_ coalition: Coalition, sign: Double) {
    let size = coalition.count
    let weight = (Double(4 * n * n) / Double(size * (n - size))).rounded()
    let modulation = modulation(size: size)
    let signs = centredSigns(coalition)
    let weighted = signs.map { weight * $0 } + signs.map { weight * modulation * $0 }
    let rows = Int32(2 * n)
    withLinearAlgebra { unsafe cblas_dger(CblasColMajor, rows, Int32(n), sign, weighted, 1, signs, 1, &matrix, rows) }
  }

  /// Exchanges an intact region and a lesioned one while that lowers χᵀMχ, M = G + q̂G_q.
  func improve(_ coalition: inout Coalition, exchanges: Int) {
    let modulation = modulation(size: coalition.count)
    var signs = [Double](repeating: -1, count: n)
    for player in coalition.intactPlayers { signs[player] = 1 }
    var stacked = [Double](repeating: 0, count: 2 * n)
    let rows = Int32(2 * n)
    withLinearAlgebra {
      unsafe cblas_dgemv(CblasColMajor, CblasNoTrans, rows, Int32(n), 1, matrix, rows, signs, 1, 0, &stacked, 1)
    }
    // 16Mχ and 16M's diagonal.
    var slopes = (0..<n).map { 16 * stacked[$0] + modulation * stacked[n + $0] }
    let diagonal = (0..<n).map { entry($0, $0, modulation) }
    for _ in 0..<min(exchanges, coalition.count, n - coalition.count) {
      var (leaving, joining) = (-1, -1)
      var (most, least) = (-Double.infinity, Double.infinity)
      for player in 0..<n {
        if signs[player] > 0 {
          let gain = slopes[player] - diagonal[player]
          if gain > most { (most, leaving) = (gain, player) }
        } else {
          let cost = slopes[player] + diagonal[player]
          if cost < least { (least, joining) = (cost, player) }
        }
      }
      // χᵀMχ changes by four times this.
      guard least - most - 2 * entry(leaving, joining, modulation) < 0 else { return }
      coalition.remove(leaving)
      coalition.insert(joining)
      signs[leaving] = -1
      signs[joining] = 1
      for (player, sign) in [(leaving, -2.0), (joining, 2.0)] {
        for other in 0..<n { slopes[other] += sign * entry(other, player, modulation) }
      }
    }
  }

  /// 16M_gh.
  @inline(__always)
  private func entry(_ row: Int, _ column: Int, _ modulation: Double) -> Double {
    16 * matrix[2 * n * column + row] + modulation * matrix[2 * n * column + n + row]
  }
}
