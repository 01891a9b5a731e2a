import Anatomy
import Grids
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// `regions.tsv`: one line a region, all layers, with tab-separated columns.
enum RegionTable {
  private static let columns =
    [
      "layer", "tensor", "region", "i", "j", "k", "units", "zeta", "standard_error", "zeta_low", "zeta_high", "zeta_score",
      "p_value", "q_value", "significant", "critical", "rank", "rank_low", "rank_high", "density", "mean_abs", "variance",
    ] + AnswerReport.columns + ["family_wise_p_value"]

  static func text(_ result: ScanResult) -> String {
    var text = TextFormats.tableLine(columns)
    for layer in result.layers {
      let (statistics, moments) = (layer.statistics, layer.moments)
      let score = LayerScore(layer)
      let units = layer.grid.unitCounts
      for region in 0..<layer.grid.regionCount {
        let cell = layer.grid.cell(of: region)
        let test = statistics.tests[region]
        let ranks = statistics.rankInterval[region]
        let fields: [String] = [
          "layer_\(layer.plan.number)", layer.plan.tensor, layer.grid.name(of: region), "\(cell.i)", "\(cell.j)",
          "\(cell.k)", "\(units[region])", "\(test.mean)", "\(test.standardError)", "\(test.interval.lowerBound)",
          "\(test.interval.upperBound)", score.percent(test.mean).map { "\($0)" } ?? "n/a", "\(test.p)",
          "\(statistics.q[region])", "\(statistics.isSignificant[region])", "\(statistics.isCritical[region])",
          "\(statistics.rank[region])", "\(ranks.lowerBound)", "\(ranks.upperBound)", "\(moments.density(region))",
          "\(moments.meanMagnitude(region))", "\(moments.variance(region))",
        ]
        text +=
          TextFormats.tableLine(
            fields + AnswerReport.fields(region, layer) + [layer.familyWiseP.map { "\($0[region])" } ?? "n/a"])
      }
    }
    return text
  }
}
