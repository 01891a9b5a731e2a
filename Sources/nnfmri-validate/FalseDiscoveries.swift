import Reporting
import Shapley

/// Benjamini and Hochberg's rate on layers most of whose regions are null: the mean share of false discoveries, and of the
/// others that are found.
struct FalseDiscoveries {
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
