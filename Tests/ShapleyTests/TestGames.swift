import Grids
import Random
import TestSupport

@testable import Shapley

/// A constant, interaction terms a·∏_{i∈T} x_i, and a curve in the number of intact players: Shapley values in closed form.
struct InteractionGame: Game {
  struct Term {
    var amount: Double
    var players: [Int]
  }

  let playerCount: Int
  var constant = 0.0
  var terms: [Term]
  /// Scale of a term that depends on the share of intact players alone.
  var curve = 0.0

  func values(of coalitions: [Coalition]) -> [Double] {
    coalitions.map { coalition in
      var value = constant + curveValue(coalition.count)
      for term in terms where term.players.allSatisfy({ coalition[$0] }) { value += term.amount }
      return value
    }
  }

  /// A term's amount is shared evenly among its players (Shapley).
  var shapley: [Double] {
    let share = (curveValue(playerCount) - curveValue(0)) / Double(playerCount)
    return sums(start: share) { $0.amount / Double($0.players.count) }
  }

  /// A term joins a player with probability 2^{1−|T|} (Banzhaf); games without a curve.
  var banzhaf: [Double] {
    precondition(curve == 0)
    return sums(start: 0) { $0.amount / Double(1 << ($0.players.count - 1)) }
  }

  private func sums(start: Double, share: (Term) -> Double) -> [Double] {
    var result = [Double](repeating: start, count: playerCount)
    for term in terms { for player in term.players { result[player] += share(term) } }
    return result
  }

  private func curveValue(_ size: Int) -> Double {
    let share = Double(size) / Double(playerCount)
    return curve * share * share * share
  }

  /// `orders[k]` random terms of k + 1 players with normal amounts; the first `nullPlayers` take part in none.
  static func random(
    players: Int, orders: [Int], curve: Double = 0, nullPlayers: Int = 0, seed: UInt64
  ) -> InteractionGame {
    var random = CounterRandom(seed: seed, domain: 1000, index: 0)
    var terms: [Term] = []
    for (order, count) in orders.enumerated() {
      for _ in 0..<count {
        var members: Set<Int> = []
        while members.count <= order { members.insert(nullPlayers + random.next(below: players - nullPlayers)) }
        terms.append(Term(amount: random.nextNormal(), players: members.sorted()))
      }
    }
    return InteractionGame(playerCount: players, constant: 1, terms: terms, curve: curve)
  }
}

/// A game given by its table: the value of the coalition whose bits are the index.
struct TableGame: Game {
  let playerCount: Int
  let table: [Double]

  func values(of coalitions: [Coalition]) -> [Double] {
    coalitions.map { table[Int($0.words[0])] }
  }

  /// The output of a random network with one hidden layer of rectifiers: interactions of every order.
  static func network(players: Int, hidden: Int, seed: UInt64) -> TableGame {
    var random = CounterRandom(seed: seed, domain: 1001, index: 0)
    let weights = (0..<hidden).map { _ in (0..<players).map { _ in random.nextNormal() } }
    let biases = (0..<hidden).map { _ in random.nextNormal() }
    let outputs = (0..<hidden).map { _ in random.nextNormal() }
    return TableGame(
      playerCount: players,
      table: (0..<1 << players).map { mask in
        (0..<hidden).reduce(0.0) { sum, unit in
          let input = (0..<players).reduce(biases[unit]) { mask >> $1 & 1 == 1 ? $0 + weights[unit][$1] : $0 }
          return sum + outputs[unit] * max(0, input)
        }
      })
  }
}

extension Design {
  func estimate(of game: some Game, by estimator: EstimatorName? = nil) throws -> Estimate {
    try estimate(values: game.values(of: coalitions(in: 0..<rowCount)), by: estimator)
  }
}

func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// Every estimator with every index that it has.
let estimatorsAndIndices: [(EstimatorName, ValueIndex)] = [
  (.naive, .shapley), (.naive, .banzhaf), (.permutation, .shapley), (.regression, .shapley), (.regression, .banzhaf),
  (.leverage, .shapley), (.exact, .shapley), (.exact, .banzhaf), (.affine, .shapley), (.affine, .banzhaf),
]
let samplingEstimatorsAndIndices = estimatorsAndIndices.filter { $0.0 != .exact && $0.0 != .affine }
