import Grids
import Phantom
import Reporting
import Shapley
import Statistics

/// How often 95 % intervals hold the true interactions of pairs, and how far estimates are off.
struct PairCoverage {
  /// What the page says before the tables.
  static let introduction = """
    ## Interactions

    The share of 95 % first-level intervals that hold the true interaction of a pair, among the six regions with the
    largest ζ, and the mean of Σ(Î − I)²/ΣI². The regression, 200 designs a cell (50 for 256 regions, seeds from 0 on).
    A dash: the budget would enumerate the game.
    """

  private static let samples = [16, 32, 64]
  private static let repeats = 200
  private static let regions = 6

  /// A game, its pairs of regions and their true interactions.
  private struct Case {
    let game: ReferenceGame
    let pairs: RegionPairs
    let truth: [Double]
  }

  func report() throws -> String {
    var table = MarkdownTable(
      ["game", "n", "pairs"] + Self.samples.map { "K = \($0)" } + Self.samples.map { "error, K = \($0)" })
    for item in cases {
      var (shares, errors): ([String], [String]) = ([], [])
      for samples in Self.samples {
        guard item.game.playerCount > 20 || samples * item.game.playerCount < 1 << item.game.playerCount else {
          shares.append("–")
          errors.append("–")
          continue
        }
        let cell = try measure(item, samples: samples)
        shares.append(Number.fixed(cell.coverage, 3))
        errors.append(Number.significant(cell.error))
      }
      table.append([item.game.name, "\(item.game.playerCount)", "\(item.pairs.count)"] + shares + errors)
    }
    return "\(table)"
  }

  private var cases: [Case] {
    let networks = [10, 12, 14].map { regions -> Case in
      let game = ReferenceGame.network(regions: regions, hidden: 6, seed: UInt64(regions))
      let pairs = RegionPairs(of: Array(Ranking.order(game.shapley).prefix(Self.regions)))
      let table = game.values(of: (0..<1 << regions).map { Coalition(of: regions, mask: UInt64($0)) })
      return Case(
        game: game, pairs: pairs,
        truth: ExactSolver.faithfulShapley(players: regions, values: table, pairs: pairs))
    }
    let phantoms = [AnalyticPhantom.Shape.sequence, .conv].map { shape -> Case in
      let phantom = AnalyticPhantom(shape: shape, order: 3, seed: 5)
      let game = ReferenceGame.phantom(phantom, stimulus: 0)
      let pairs = RegionPairs(of: Array(Ranking.order(game.shapley).prefix(Self.regions)))
      let activity = phantom.activity(stimulus: 0)
      // The faithful interaction of a product of t regions is 6/(t(t + 1)) of it for each of its pairs.
      let truth = (0..<pairs.count).map { pair in
        let (first, second) = pairs.regions(of: pair)
        return phantom.polynomial.terms.reduce(0.0) { sum, term in
          guard term.regions.contains(first), term.regions.contains(second) else { return sum }
          let size = Double(term.regions.count)
          return sum + 6 / (size * (size + 1)) * term.regions.reduce(Double(term.weight)) { $0 * activity[$1] }
        }
      }
      return Case(game: game, pairs: pairs, truth: truth)
    }
    return networks + phantoms
  }

  private func measure(_ item: Case, samples: Int) throws -> (coverage: Double, error: Double) {
    let size = item.truth.reduce(0) { $0 + $1 * $1 }
    let repeats = item.game.playerCount > 100 ? Self.repeats / 4 : Self.repeats
    var (covered, error) = (0, 0.0)
    for seed in 0..<repeats {
      let design = try Design(
        estimator: .regression, players: item.game.playerCount, budget: samples * item.game.playerCount,
        seed: UInt64(seed))
      let values = item.game.values(of: design.coalitions(in: 0..<design.rowCount)).map { Float($0) }
      guard let estimate = design.interactions(values: values, pairs: item.pairs) else {
        preconditionFailure("\(samples) samples a region don't tell the pairs apart")
      }
      let statistics = PairStatistics(pairs: item.pairs, series: [estimate])
      for (test, truth) in zip(statistics.tests, item.truth) {
        covered += test.interval.contains(truth) ? 1 : 0
        error += (test.mean - truth) * (test.mean - truth) / size
      }
    }
    return (Double(covered) / Double(repeats * item.pairs.count), error / Double(repeats))
  }
}
