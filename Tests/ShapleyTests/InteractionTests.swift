import Grids
import Statistics
import Testing

@testable import Shapley

@Suite struct InteractionTests {
  private func pairs(_ regions: Int) -> RegionPairs { RegionPairs(of: Array(0..<regions)) }

  private func exact(_ game: TableGame, _ pairs: RegionPairs, _ index: ValueIndex) -> [Double] {
    switch index {
    case .shapley: ExactSolver.faithfulShapley(players: game.playerCount, values: game.table, pairs: pairs)
    case .banzhaf: ExactSolver.banzhafInteraction(players: game.playerCount, values: game.table, pairs: pairs)
    }
  }

  private func table(of game: InteractionGame) -> TableGame {
    TableGame(
      playerCount: game.playerCount,
      table: game.values(of: (0..<1 << game.playerCount).map { Coalition(of: game.playerCount, mask: UInt64($0)) }))
  }

  /// Weighted least squares on all terms of up to two players by Gauss's elimination: the definition of faithfulness.
  private func bestApproximation(_ game: TableGame, weight: (Int) -> Double) -> [Double] {
    let n = game.playerCount
    let all = pairs(n)
    let order = 1 + n + all.count
    var system = [[Double]](repeating: [Double](repeating: 0, count: order + 1), count: order)
    for (mask, value) in game.table.enumerated() {
      let bits = (0..<n).map { mask >> $0 & 1 == 1 ? 1.0 : 0 }
      let row = [1] + bits + all.places.map { bits[$0.first] * bits[$0.second] } + [value]
      let weight = weight(mask.nonzeroBitCount)
      for i in 0..<order { for j in 0...order { system[i][j] += weight * row[i] * row[j] } }
    }
    for pivot in 0..<order {
      let best = (pivot..<order).max { abs(system[$0][pivot]) < abs(system[$1][pivot]) }!
      system.swapAt(pivot, best)
      for row in 0..<order where row != pivot {
        let factor = system[row][pivot] / system[pivot][pivot]
        for column in pivot...order { system[row][column] -= factor * system[pivot][column] }
      }
    }
    return (1 + n..<order).map { system[$0][order] / system[$0][$0] }
  }

  @Test func theExactIndexIsThatOfTheBestApproximation() {
    for players in [3, 5, 7] {
      let game = TableGame.network(players: players, hidden: 6, seed: 20 + UInt64(players))
      let n = Double(players)
      var binomials = [1.0]
      for size in 1...players { binomials.append(binomials[size - 1] * (n - Double(size) + 1) / Double(size)) }
      let faithful = bestApproximation(game) { size in
        let s = Double(size)
        // ∅ and G are matched exactly: by a weight that drowns the others.
        return size == 0 || size == players ? 1e7 : (n - 1) / (binomials[size] * s * (n - s))
      }
      #expect(largestDifference(exact(game, pairs(players), .shapley), faithful) < 1e-4)
      let uniform = bestApproximation(game) { _ in 1 }
      #expect(largestDifference(exact(game, pairs(players), .banzhaf), uniform) < 1e-9)
    }
  }

  @Test func aProductIsItsOwnInteraction() {
    let game = table(
      of: InteractionGame(
        playerCount: 5, constant: 3, terms: [.init(amount: 2, players: [0, 1]), .init(amount: 6, players: [1, 2, 3])]))
    let all = pairs(5)
    for (pair, value) in exact(game, all, .shapley).enumerated() {
      let members = all.regions(of: pair)
      let expected =
        members == (0, 1) ? 2.0 : [members.first, members.second].allSatisfy([1, 2, 3].contains) ? 3 : 0
      #expect(abs(value - expected) < 1e-12)
    }
  }

  /// In the limit the regression on the chosen regions' signs alone gives the interactions of the whole game.
  @Test(arguments: [6, 8, 9], ValueIndex.allCases)
  func allComplementPairsGiveTheExactInteractions(players: Int, index: ValueIndex) throws {
    let game = TableGame.network(players: players, hidden: 6, seed: 6)
    let design = try Design(estimator: .regression, players: players, budget: 4096, index: index, seed: 1)
    try #require(design.rowCount >= 1 << players)
    let chosen = RegionPairs(of: Array((0..<players).reversed().prefix(design.mostInteractingRegions)))
    try #require(chosen.count >= 3)
    let values = game.values(of: design.coalitions(in: 0..<design.rowCount)).map { Float($0) }
    let estimate = try #require(design.interactions(values: values, pairs: chosen))
    #expect(largestDifference(estimate.interaction, exact(game, chosen, index)) < 1e-5)
    #expect(estimate.standardError.allSatisfy { $0 < 1e-5 })
    let enumerated = try Design(estimator: .exact, players: players, budget: 1 << players, index: index, seed: 1)
    let all = game.values(of: enumerated.coalitions(in: 0..<enumerated.rowCount)).map { Float($0) }
    let exactly = try #require(enumerated.interactions(values: all, pairs: chosen))
    #expect(largestDifference(exactly.interaction, exact(game, chosen, index)) < 1e-5)
    #expect(exactly.standardError.allSatisfy { $0 == 0 } && exactly.degreesOfFreedom == .infinity)
  }

  @Test(arguments: [(10, 24), (12, 16), (12, 32)], ValueIndex.allCases)
  func intervalsHoldTheInteractionsOfSmallNetworks(size: (players: Int, samples: Int), index: ValueIndex) throws {
    let game = TableGame.network(players: size.players, hidden: 6, seed: 40 + UInt64(size.players))
    let chosen = pairs(6)
    let truth = exact(game, chosen, index)
    var covered = 0
    let repeats = 60
    for seed in 0..<repeats {
      let design = try Design(
        estimator: .regression, players: size.players, budget: size.samples * size.players, index: index,
        seed: 700 + UInt64(seed))
      let values = game.values(of: design.coalitions(in: 0..<design.rowCount)).map { Float($0) }
      let statistics = PairStatistics(pairs: chosen, series: [try #require(design.interactions(values: values, pairs: chosen))])
      covered += zip(statistics.tests, truth).count { $0.interval.contains($1) }
    }
    let share = Double(covered) / Double(repeats * truth.count)
    #expect(share > 0.92 && share < 0.985, "\(share)")
  }

  @Test("Where few coalitions always lesion two regions together, they tell of no interactions, and nothing else fails")
  func interactionsThatCannotBeTold() throws {
    let game = TableGame.network(players: 14, hidden: 6, seed: 6)
    var told: [PairEstimate?] = []
    for stream in 0..<2000 {
      let design = try Design(estimator: .regression, players: 14, budget: 70, seed: 42, stream: UInt64(stream))
      let values = game.values(of: design.coalitions(in: 0..<design.rowCount)).map { Float($0) }
      told.append(design.interactions(values: values, pairs: pairs(design.mostInteractingRegions)))
    }
    let estimates = told.compactMap(\.self)
    #expect(estimates.count < 2000 && estimates.count > 1900, "\(estimates.count)")
    #expect(estimates.allSatisfy { $0.interaction.allSatisfy(\.isFinite) && $0.standardError.allSatisfy(\.isFinite) })
  }

  @Test func plantedPairsAreFoundAmongManyRegions() throws {
    // Regions 0 to 5 matter; (0, 1) help each other and (2, 3) replace each other.
    var game = InteractionGame.random(players: 64, orders: [64, 40, 20], nullPlayers: 6, seed: 5)
    for place in game.terms.indices { game.terms[place].amount *= 0.3 }
    game.terms += (0..<6).map { .init(amount: 3, players: [$0]) }
    game.terms += [.init(amount: 2, players: [0, 1]), .init(amount: -2, players: [2, 3])]
    game.curve = 4
    let chosen = pairs(6)
    let series = try (0..<6).map { stream in
      let design = try Design(estimator: .regression, players: 64, budget: 16 * 64, seed: 3, stream: UInt64(stream))
      let values = game.values(of: design.coalitions(in: 0..<design.rowCount)).map { Float($0) }
      return try #require(design.interactions(values: values, pairs: chosen))
    }
    let statistics = PairStatistics(pairs: chosen, series: series)
    for pair in 0..<chosen.count {
      let members = chosen.regions(of: pair)
      switch (members.first, members.second) {
      case (0, 1): #expect(statistics.q[pair] < 0.05 && abs(statistics.tests[pair].mean - 2) < 0.5)
      case (2, 3): #expect(statistics.q[pair] < 0.05 && abs(statistics.tests[pair].mean + 2) < 0.5)
      default: #expect(abs(statistics.tests[pair].mean) < 0.8)
      }
    }
  }

  @Test(arguments: ValueIndex.allCases)
  func regionsOfAnAdditiveGameDoNotInteract(index: ValueIndex) throws {
    let game = InteractionGame.random(players: 20, orders: [60], seed: 4)
    let design = try Design(estimator: .regression, players: 20, budget: 20 * 20, index: index, seed: 2)
    let values = game.values(of: design.coalitions(in: 0..<design.rowCount)).map { Float($0) }
    let estimate = try #require(design.interactions(values: values, pairs: pairs(5)))
    #expect(estimate.interaction.allSatisfy { abs($0) < 1e-4 })
  }

  @Test func designsThatTellNothingOfInteractionsSayWhy() throws {
    for (estimator, words) in [
      (EstimatorName.naive, "complement pairs"), (.permutation, "complement pairs"), (.affine, "affine"),
    ] {
      let design = try Design(estimator: estimator, players: 12, budget: 400, seed: 1)
      #expect(design.interactionsReason?.contains(words) == true && design.mostInteractingRegions == 0)
    }
    let small = try Design(estimator: .regression, players: 12, budget: 50, seed: 1)
    #expect(small.interactionsReason == nil && small.mostInteractingRegions == 2)
    #expect(try Design(estimator: .regression, players: 256, budget: 4096, seed: 1).mostInteractingRegions == 10)
    #expect(try Design(estimator: .regression, players: 3, budget: 40, seed: 1).mostInteractingRegions == 0)
  }
}
