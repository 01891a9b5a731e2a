import Grids
import ScanPlan
package import ScanResults
import Shapley
import Statistics

/// `classes.tsv`: what every region is worth for each class, a line a class, layer and region.
package enum ClassTable {
  package static let header = TextFormats.tableLine([
    "class", "name", "layer", "tensor", "region", "zeta", "standard_error", "p_value", "q_value", "critical",
  ])

  /// The lines of a class. - Parameter result: of the scan with that class for its target.
  package static func lines(_ result: ScanResult, _ number: Int) -> String {
    var text = ""
    for layer in result.layers {
      for region in 0..<layer.grid.regionCount {
        let test = layer.statistics.tests[region]
        let fields = [
          "\(number)", result.className(number), "layer_\(layer.plan.number)", layer.plan.tensor, layer.grid.name(of: region),
          "\(test.mean)", "\(test.standardError)", "\(test.p)", "\(layer.statistics.q[region])",
          "\(layer.statistics.isCritical[region])",
        ]
        text += TextFormats.tableLine(fields)
      }
    }
    return text
  }
}
