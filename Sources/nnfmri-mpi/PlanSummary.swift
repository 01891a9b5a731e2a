import Reporting
import Scan
import ScanPlan
import Shapley

/// What a scan would take, for a person to read.
struct PlanSummary: Sendable {
  private let forecast: Forecast

  init(_ forecast: Forecast) {
    self.forecast = forecast
  }

  var text: String {
    let plan = forecast.plan
    var layers = TextTable(["layer", "tensor", "regions", "estimator", "passes a series", "ms a batch"])
    for (layer, (estimator, seconds)) in zip(plan.layers, zip(forecast.estimators, forecast.secondsPerBatch)) {
      layers.append([
        "\(layer.number)", layer.tensor, "\(layer.regionCount)", estimator.name.rawValue, "\(layer.rows)",
        Number.fixed(1000 * seconds, 2),
      ])
    }
    var times = TextTable(["ranks", "time"])
    for ranks in [1, 8, 32, 256] {
      times.append(["\(ranks)", Number.duration(forecast.seconds(ranks: ranks))])
    }
    let series = plan.layers.count * plan.stimulusCount
    let notes = plan.notes + plan.refusals.map { "Not scanned: \"\($0.tensor)\", since \($0.reason)." }
    return
      ([layers.text] + (notes.isEmpty ? [] : [notes.joined(separator: "\n")]) + [
        """
        \(series) series, \(plan.evaluations) passes; about \
        \(forecast.residentBytes >> 20) MB a rank.
        """,
        times.text,
      ]).joined(separator: "\n\n")
  }
}
