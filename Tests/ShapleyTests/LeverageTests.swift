import Grids
import Testing

@testable import Shapley

/// Leverage SHAP against the textbook's least squares, solved here without pairs, centring or factors.
@Suite struct LeverageTests {
  /// φ that minimises Σ w(S)·(v(S) − v(∅) − Σ_{g ∈ S} φ_g)² over the measured coalitions with Σφ = v(G) − v(∅), w the
  /// Shapley kernel over how often a size was measured: KernelSHAP's problem with its constraint, from its normal
  /// equations with a multiplier.
  private func kernelSHAP(_ design: Design, _ game: some Game) throws -> [Double] {
    let n = design.playerCount
    let coalitions = design.coalitions(in: 0..<design.rowCount)
    let values = try game.values(of: coalitions)
    var measured = [Double](repeating: 0, count: n + 1)
    for coalition in coalitions.dropFirst(2) { measured[coalition.count] += 1 }
    var system = [[Double]](repeating: [Double](repeating: 0, count: n + 2), count: n + 1)
    for (coalition, value) in zip(coalitions, values).dropFirst(2) {
      let size = coalition.count
      let weight = 1 / (Double(size * (n - size)) * measured[size])
      for row in 0..<n where coalition[row] {
        for column in 0..<n where coalition[column] { system[row][column] += weight }
        system[row][n + 1] += weight * (value - values[1])
      }
    }
    for player in 0..<n { (system[player][n], system[n][player]) = (1, 1) }
    system[n][n + 1] = values[0] - values[1]
    return Array(solve(system).prefix(n))
  }

  /// Gauss–Jordan elimination with pivots.
  private func solve(_ augmented: [[Double]]) -> [Double] {
    var rows = augmented
    for column in rows.indices {
      let pivot = rows.indices.dropFirst(column).max { abs(rows[$0][column]) < abs(rows[$1][column]) }!
      rows.swapAt(column, pivot)
      for row in rows.indices where row != column {
        let factor = rows[row][column] / rows[column][column]
        for place in column..<rows[row].count { rows[row][place] -= factor * rows[column][place] }
      }
    }
    return rows.indices.map { rows[$0].last! / rows[$0][$0] }
  }

  @Test(arguments: [(10, 200), (10, 700), (12, 100), (33, 400), (70, 1400)])
  func itIsTheTextbooksLeastSquares(players: Int, budget: Int) throws {
    let game = InteractionGame.random(players: players, orders: [players, 60, 60], curve: 7, seed: 3)
    let design = try Design(estimator: .leverage, players: players, budget: budget, seed: 5)
    let estimate = try design.estimate(of: game, by: .leverage)
    #expect(largestDifference(estimate.zeta, try kernelSHAP(design, game)) < 1e-9)
  }

  @Test func itLeavesWhatTheRegressionTakesUp() throws {
    // A game of sizes alone has nothing to tell of regions: only the regression sees that there is nothing left over.
    let game = InteractionGame(playerCount: 40, terms: [], curve: 10)
    let design = try Design(.complementPairs, players: 40, budget: 640, seed: 1)
    let (plain, modulated) = (try design.estimate(of: game, by: .leverage), try design.estimate(of: game, by: .regression))
    #expect(largestDifference(modulated.zeta, game.shapley) < 0.1 * largestDifference(plain.zeta, game.shapley))
  }

  @Test func banzhafIsRefusedWithWhatKnowsIt() {
    let error = #expect(throws: ShapleyError.self) {
      try Design(estimator: .leverage, players: 9, budget: 1000, index: .banzhaf, seed: 1)
    }
    #expect(error?.code == .unsuitableEstimator && error?.message.contains("regression") == true)
  }
}
