import Grids
import Random
import Shapley

/// v(S) = Σ_u o_u·max(0, b_u + Σ_{g ∈ S} w_ug): interactions of every order, for timings where only the numbers of regions and
/// values matter.
struct RectifierGame {
  let playerCount: Int
  private let weights: [[Double]]
  private let biases: [Double]
  private let outputs: [Double]

  init(players: Int, units: Int = 8) {
    playerCount = players
    var random = CounterRandom(seed: 0, domain: 0x500, index: UInt64(players))
    weights = (0..<units).map { _ in (0..<players).map { _ in 2 * random.nextUnit() - 1 } }
    biases = (0..<units).map { _ in 2 * random.nextUnit() - 1 }
    outputs = (0..<units).map { _ in 2 * random.nextUnit() - 1 }
  }

  func value(of coalition: Coalition) -> Double {
    weights.indices.reduce(0) { sum, unit in
      let input = coalition.intactPlayers.reduce(biases[unit]) { $0 + weights[unit][$1] }
      return sum + outputs[unit] * max(0, input)
    }
  }
}
