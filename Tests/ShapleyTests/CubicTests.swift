import Grids
import Random
import Testing

@testable import Shapley

@Suite struct CubicTests {
  private static let players = 48

  /// v(S) = Σ of single weights + weights of products of three regions, and noise that no model explains. ζ: a third of a
  /// product for each of its regions; the noise has none on average over its own draws only, so games with noise have no truth.
  private struct Products {
    var singles: [Double]
    var triples: [(members: [Int], weight: Double)]
    var noise = 0.0

    func value(_ coalition: Coalition) -> Double {
      var random = CounterRandom(seed: 9, domain: 0x301, index: coalition.words[0])
      let alone = singles.indices.reduce(noise * (random.nextUnit() - 0.5)) { coalition[$1] ? $0 + singles[$1] : $0 }
      return triples.reduce(alone) { sum, term in term.members.allSatisfy { coalition[$0] } ? sum + term.weight : sum }
    }

    var zeta: [Double] {
      var zeta = singles
      for term in triples { for member in term.members { zeta[member] += term.weight / 3 } }
      return zeta
    }
  }

  private func game(triples members: [[Int]], weight: Double, noise: Double = 0, seed: UInt64) -> Products {
    var random = CounterRandom(seed: seed, domain: 0x300, index: 0)
    let singles = (0..<Self.players).map { $0 < 12 ? 1 + random.nextUnit() : 0.05 * random.nextUnit() }
    return Products(singles: singles, triples: members.map { ($0, weight * (1 + random.nextUnit())) }, noise: noise)
  }

  private static let few = [[0, 1, 2], [3, 4, 5], [0, 4, 7], [1, 5, 6], [2, 3, 7], [8, 9, 11], [0, 8, 10]]

  private func estimate(
    _ game: Products, _ estimator: EstimatorName = .cubic, samples: Int = 16, positions: PlayerPositions? = nil, seed: UInt64
  ) throws -> Estimate {
    let design = try Design(estimator: estimator, players: Self.players, budget: samples * Self.players, seed: seed)
    return try design.estimate(
      values: design.coalitions(in: 0..<design.rowCount).map(game.value), by: estimator, positions: positions)
  }

  private func squaredError(_ estimate: Estimate, _ game: Products) -> Double {
    zip(estimate.zeta, game.zeta).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  /// With few products nothing is left to chance: the model holds the game.
  @Test func gamesOfFewProductsAreExact() throws {
    for seed in 0..<2 as Range<UInt64> {
      let game = game(triples: Self.few, weight: 4, seed: seed)
      let (cubic, regression) = (try estimate(game, seed: seed), try estimate(game, .regression, seed: seed))
      #expect(squaredError(cubic, game) < 1e-8 * squaredError(regression, game))
      #expect(abs(cubic.zeta.reduce(0, +) - cubic.effect) < 1e-9 * abs(cubic.effect))
    }
  }

  /// A product a tenth as large as the others doesn't stand out before they are known.
  @Test func smallProductsBehindLargeOnesAreFound() throws {
    for seed in 0..<2 as Range<UInt64> {
      var game = game(triples: Self.few, weight: 6, seed: seed)
      game.triples.append(([12, 13, 14], 0.6))
      #expect(squaredError(try estimate(game, seed: seed), game) < 1e-6)
    }
  }

  @Test func noiseIsLeftAlone() throws {
    let same = try (0..<8 as Range<UInt64>).count { seed in
      let game = game(triples: [], weight: 0, noise: 1, seed: seed)
      return try estimate(game, seed: seed) == estimate(game, .regression, seed: seed)
    }
    #expect(same >= 7)
  }

  /// Errors count what choosing the products costs: standardised errors have a mean square of about 1.
  @Test func errorsAreHonest() throws {
    var (sum, count) = (0.0, 0.0)
    for seed in 0..<12 as Range<UInt64> {
      let game = game(triples: Self.few + (12..<36).map { [$0, ($0 * 7) % 12, ($0 * 5 + 1) % 12] }, weight: 2, seed: seed)
      let estimate = try estimate(game, samples: 12, seed: seed)
      for (place, truth) in game.zeta.enumerated() {
        let standardised = (estimate.zeta[place] - truth) / estimate.standardError[place]
        sum += standardised * standardised
        count += 1
      }
    }
    #expect((0.5...1.3).contains(sum / count), "\(sum / count)")
  }

  @Test func neighboursAreExpectedToInteract() throws {
    let positions = PlayerPositions(height: 6, width: 8, channels: 1)
    let near = (0..<16).map { 9 + $0 + $0 / 6 * 2 }.filter { $0 + 8 < 48 }.map { [$0, $0 + 1, $0 + 8] }
    var (known, unknown) = (0.0, 0.0)
    for seed in 0..<4 as Range<UInt64> {
      var game = game(triples: near, weight: 1, noise: 0.2, seed: seed)
      game.singles = game.singles.map { _ in 1 }
      known += squaredError(try estimate(game, positions: positions, seed: seed), game)
      unknown += squaredError(try estimate(game, seed: seed), game)
    }
    #expect(known < 0.8 * unknown, "\(known) \(unknown)")
  }

  /// How many priors are tried follows from the positions, not from which regions are strong: folds choose different ones.
  @Test func farRegionsHaveAsManyPriorsAsNearOnes() throws {
    let game = game(triples: Self.few, weight: 4, seed: 1)
    let design = try Design(estimator: .cubic, players: Self.players, budget: 8 * Self.players, seed: 1)
    let values = design.coalitions(in: 0..<design.rowCount).map(game.value)
    let fit = try SizeModulatedFit(design.sharedRegression(), values: values)
    func priors(_ rows: [Int]) -> Int {
      let positions = PlayerPositions(rows: rows, columns: rows.map { _ in 0 })
      return TripleCandidates(fit: fit, residuals: fit.residuals, positions: positions).priorCount
    }
    #expect(priors((0..<Self.players).map { 10 * $0 }) == 2)
    #expect(priors(Array(0..<Self.players)) == 2)
    #expect(priors(Array(repeating: 3, count: Self.players)) == 1)
  }

  @Test func anEstimateRepeatsAndScalesWithTheValues() throws {
    let game = game(triples: Self.few, weight: 4, seed: 5)
    let first = try estimate(game, seed: 1)
    #expect(try estimate(game, seed: 1) == first)
    let scaled = Products(singles: game.singles.map { 4 * $0 }, triples: game.triples.map { ($0.members, 4 * $0.weight) })
    let estimate = try estimate(scaled, seed: 1)
    #expect(zip(estimate.zeta, first.zeta).allSatisfy { abs($0 - 4 * $1) < 1e-5 * abs(first.effect) })
  }

  /// Nothing is left for products where regions add up, and nothing at all where no region matters.
  @Test(arguments: [1.0, 0])
  func gamesWithoutInteractionsAreThoseOfTheRegression(weight: Double) throws {
    let game = Products(singles: (0..<Self.players).map { weight * Double($0) }, triples: [])
    let cubic = try estimate(game, samples: 8, seed: 1)
    #expect(cubic == (try estimate(game, .regression, samples: 8, seed: 1)))
    #expect(squaredError(cubic, game) <= 1e-18 * game.zeta.reduce(0) { $0 + $1 * $1 })
  }
}
