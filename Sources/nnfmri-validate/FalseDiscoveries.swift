import Reporting
import Shapley

/// Benjamini and Hochberg's rate on layers most of whose regions are null: the mean share of false discoveries, and of the
/// others that are found.
struct FalseDiscoveries {
  /// What the page says before the tables.
  static let introduction = """
    ## False discoveries

    200 layers of 100 regions, 80 of them null, q < 0.05; seeds 0 to 199. With one series the errors are the design's,
    and nulls have a ζ of exactly 0; with more, they come from the spread across series, and nulls are 0 on average
    only. The expected share of false discoveries is at most 0.05·80/100 = 0.04 if p-values are exact.
    """

  private static let layers = 200
  private static let regions = 100
  private static let nulls = 80

  func report() throws -> String {
    var table = MarkdownTable(["estimator", "series", "K", "false discoveries", "others found"])
    for estimator in [EstimatorName.naive, .permutation, .regression] {
      for (series, samples) in [(1, 16), (1, 32), (8, 8), (8, 16), (16, 16)] {
        var (wrong, found) = (0.0, 0.0)
        for layer in 0..<Self.layers {
          let isSignificant = try significance(layer: layer, estimator, series: series, samples: samples)
          let falseCount = isSignificant[..<Self.nulls].count { $0 }
          let trueCount = isSignificant[Self.nulls...].count { $0 }
          wrong += Double(falseCount) / Double(max(1, falseCount + trueCount)) / Double(Self.layers)
          found += Double(trueCount) / Double(Self.regions - Self.nulls) / Double(Self.layers)
        }
        table.append([
          estimator.rawValue, "\(series)", "\(samples)", Number.fixed(wrong, 3), Number.fixed(found, 3),
        ])
      }
    }
    return "\(table)"
  }

  private func significance(
    layer: Int, _ estimator: EstimatorName, series: Int, samples: Int
  ) throws -> [Bool] {
    let memory = DesignMemory()
    return LayerStatistics(
      series: try (0..<series).map { stimulus in
        let game = ReferenceGame.noisyLayer(
          regions: Self.regions, nulls: Self.nulls, layer: layer, stimulus: stimulus, isVaried: series > 1)
        return try Design(
          estimator: estimator, players: Self.regions, budget: samples * Self.regions, seed: UInt64(layer),
          stream: UInt64(stimulus), memory: memory
        ).estimate(of: game)
      }
    ).isSignificant
  }
}
