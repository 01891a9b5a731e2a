package import Scan
import Shapley

/// What a scan would take, for a person to read.
package struct PlanSummary: Sendable {
  private let forecast: Forecast

  package init(_ forecast: Forecast) {
    self.forecast = forecast
  }

  package var text: String {
    let plan = forecast.plan
    var layers = TextTable(["layer", "tensor", "regions", "estimator", "evaluations a series", "ms a batch"])
    for (layer, seconds) in zip(plan.layers, forecast.secondsPerBatch) {
      layers.append([
        "\(layer.number)", layer.tensor, "\(layer.regionCount)", layer.estimator.rawValue, "\(layer.rows)",
        Number.fixed(1000 * seconds, 2),
      ])
    }
    var times = TextTable(["ranks", "time"])
    for ranks in [1, 8, 32, 256] {
      times.append(["\(ranks)", Number.duration(forecast.seconds(ranks: ranks))])
    }
    let series = plan.layers.count * plan.stimulusCount
    let notes = plan.notes + plan.refusals.map { "Not scanned: \"\($0.tensor)\", since \($0.reason)." }
    return ([layers.text] + (notes.isEmpty ? [] : [notes.joined(separator: "\n")]) + [
      """
      \(series) series, \(plan.evaluations) evaluations in batches of \(plan.batch); about \
      \(forecast.residentBytes >> 20) MB a rank.
      """,
      times.text,
    ]).joined(separator: "\n\n")
  }
}
