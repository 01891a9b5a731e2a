import Grids
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// `stimuli/regions.tsv`: one line a stimulus and region, for tools that want tables in long form.
enum StimulusTable {
  private static let columns = [
    "layer", "tensor", "stimulus", "place", "target", "label", "region", "i", "j", "k", "zeta", "standard_error", "zeta_low",
    "zeta_high", "p_value", "q_value", "significant", "critical", "rank_low", "rank_high",
  ]

  static func text(_ result: ScanResult) -> String {
    var text = TextFormats.tableLine(columns)
    for layer in result.layers {
      for stimulus in layer.series.indices {
        guard let map = layer.map(of: stimulus, result.request.analysis) else { continue }
        let ranks = map.rankIntervals
        let stem = [
          "layer_\(layer.plan.number)", layer.plan.tensor, "\(stimulus)", "\(result.plan.stimulusPlaces[stimulus])",
          "\(result.targets[stimulus])", result.knownLabels?[stimulus].map { "\($0)" } ?? "n/a",
        ]
        for (region, test) in map.tests.enumerated() {
          let cell = layer.grid.cell(of: region)
          let fields: [String] = [
            layer.grid.name(of: region), "\(cell.i)", "\(cell.j)", "\(cell.k)", "\(test.mean)", "\(test.standardError)",
            "\(test.interval.lowerBound)", "\(test.interval.upperBound)", "\(test.p)", "\(map.q[region])",
            "\(map.isSignificant[region])", "\(map.isCritical[region])", "\(ranks[region].lowerBound)",
            "\(ranks[region].upperBound)",
          ]
          text += TextFormats.tableLine(stem + fields)
        }
      }
    }
    return text
  }
}
