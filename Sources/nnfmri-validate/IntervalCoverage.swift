import Phantom
import Reporting
import Shapley
import Statistics

/// How often 95 % intervals hold the true ζ, and how far estimates are off: Σ(ζ̂ − ζ)²/Σζ² as a mean over designs.
struct IntervalCoverage {
  /// What the page says before the tables.
  static let introduction = """
    ## Intervals

    The share of 95 % first-level intervals that hold the true ζ (at least 4,000 intervals a cell; the bar is 0.93 to
    0.97 from K = 16 on), and the mean of Σ(ζ̂ − ζ)²/Σζ². Seeds 0, 1, 2, ... of the designs. Games: *rectifiers*, a random
    network with one hidden layer, ζ from all coalitions; *products*, random products of regions and a term in the number
    of intact regions, ζ in closed form; *phantom*, one stimulus of an analytic phantom, where most regions are null.
    A dash: the budget would enumerate the game, or is below the estimator's least. Null regions aren't counted under naive
    and permutation, since all their draws are alike and their intervals can only hold the truth. *exact*: the error is that of
    rounding the values, of which intervals say nothing; those cells aren't counted.
    """

  /// The bar for the share of intervals that hold the truth.
  static let bar = 0.93...0.97
  private static let samples = [8, 16, 32]
  /// From this many samples a region on, the bar is to be met.
  private static let leastSamples = 16
  /// Intervals a cell of the table, at least.
  private static let intervals = 4000
  /// Below this an error is that of rounding the values, of which an interval says nothing.
  private static let exactError = 1e-10

  private var games: [ReferenceGame] {
    [
      .network(regions: 10, hidden: 6, seed: 1), .network(regions: 12, hidden: 6, seed: 2),
      .products(regions: 32, counts: [32, 60, 60], curve: 5, seed: 3),
      .products(regions: 64, counts: [64, 200, 200, 200], curve: 30, seed: 4),
      .phantom(AnalyticPhantom(shape: .sequence, order: 3, seed: 5), stimulus: 0),
      .phantom(AnalyticPhantom(shape: .conv, order: 3, seed: 6), stimulus: 0),
    ]
  }

  func report() throws -> String {
    var table = MarkdownTable(
      ["game", "n", "index", "estimator"] + Self.samples.map { "K = \($0)" } + Self.samples.map { "error, K = \($0)" })
    var (cells, high) = (0, 0)
    var low: [String] = []
    for game in games {
      for index in ValueIndex.allCases {
        for estimator in [EstimatorName.naive, .permutation, .leverage, .regression, .cubic]
        where estimator.indices.contains(index) {
          var (shares, errors): ([String], [String]) = ([], [])
          for samples in Self.samples {
            guard let cell = try measure(game, index, estimator, samples: samples) else {
              shares.append("–")
              errors.append("–")
              continue
            }
            let isExact = cell.error < Self.exactError
            shares.append(isExact ? "exact" : Number.fixed(cell.coverage, 3))
            errors.append(Number.significant(cell.error))
            if samples >= Self.leastSamples && !isExact {
              cells += 1
              if cell.coverage < Self.bar.lowerBound {
                low.append("\(estimator.rawValue) on \(game.name), \(index.rawValue), K = \(samples)")
              }
              high += cell.coverage > Self.bar.upperBound ? 1 : 0
            }
          }
          table.append([game.name, "\(game.playerCount)", index.rawValue, estimator.rawValue] + shares + errors)
        }
      }
    }
    return """
      \(table)

      Of the \(cells) cells with K ≥ \(Self.leastSamples), \(cells - low.count - high) lie within \
      \(Self.bar.lowerBound) to \(Self.bar.upperBound), \(high) above and \(low.count) below\
      \(low.isEmpty ? "" : ": " + low.joined(separator: "; ")).
      """
  }

  /// Nil where the budget enumerates the game or is too small for the estimator.
  private func measure(
    _ game: ReferenceGame, _ index: ValueIndex, _ estimator: EstimatorName, samples: Int
  ) throws -> (coverage: Double, error: Double)? {
    let budget = samples * game.playerCount
    let least = Design.minimumRowCount(estimator.design, players: game.playerCount, index: index)
    guard budget >= least, game.playerCount > 20 || budget < 1 << game.playerCount else { return nil }
    let truth = game.zeta(index)
    let size = truth.reduce(0) { $0 + $1 * $1 }
    // All draws of a null region are alike under the sampling estimators, so its interval can only hold the truth.
    let isCounted = truth.map { $0 != 0 || estimator.design == .complementPairs }
    let counted = isCounted.count { $0 }
    let repeats = max(16, Self.intervals / counted)
    var (covered, error) = (0, 0.0)
    for seed in 0..<repeats {
      let design = try Design(
        estimator: estimator, players: game.playerCount, budget: budget, index: index, seed: UInt64(seed))
      let tests = LayerStatistics(series: [try design.estimate(of: game, by: estimator)]).tests
      for (region, (test, truth)) in zip(tests, truth).enumerated() {
        // Values are rounded to single precision, and so is a ζ without an error.
        let rounding = 1e-6 * size.squareRoot()
        let isCovered = test.interval.lowerBound - rounding <= truth && truth <= test.interval.upperBound + rounding
        covered += isCounted[region] && isCovered ? 1 : 0
        error += (test.mean - truth) * (test.mean - truth) / size
      }
    }
    return (Double(covered) / Double(repeats * counted), error / Double(repeats))
  }
}
