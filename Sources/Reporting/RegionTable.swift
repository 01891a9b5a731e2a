import Anatomy
import Scan

/// `regions.tsv`: one line a region, all layers, with tab-separated columns.
enum RegionTable {
  private static let columns = [
    "layer", "tensor", "region", "i", "j", "k", "units", "zeta", "standard_error", "zeta_low", "zeta_high", "zeta_score",
    "p_value", "q_value", "significant", "critical", "rank", "rank_low", "rank_high", "density", "mean_abs", "variance",
  ]

  static func text(_ result: ScanResult) -> String {
    var text = columns.joined(separator: "\t") + "\n"
    for layer in result.layers {
      let (effects, moments) = (layer.effects, layer.moments)
      let units = layer.grid.unitCounts
      for region in 0..<layer.grid.regionCount {
        let cell = layer.grid.cell(of: region)
        let fields: [String] = [
          "layer_\(layer.plan.number)", layer.plan.tensor, layer.grid.name(of: region), "\(cell.i)", "\(cell.j)",
          "\(cell.k)", "\(units[region])", "\(effects.zeta[region])", "\(effects.standardError[region])",
          "\(effects.interval[region].lowerBound)", "\(effects.interval[region].upperBound)",
          effects.score(effects.zeta[region]).map { "\($0)" } ?? "n/a", "\(effects.pValue[region])",
          "\(effects.qValue[region])", "\(effects.isSignificant[region])", "\(effects.isCritical[region])",
          "\(effects.rank[region])", "\(effects.rankInterval[region].lowerBound)",
          "\(effects.rankInterval[region].upperBound)", "\(moments.density(region))",
          "\(moments.meanMagnitude(region))", "\(moments.variance(region))",
        ]
        text += fields.joined(separator: "\t") + "\n"
      }
    }
    return text
  }
}
