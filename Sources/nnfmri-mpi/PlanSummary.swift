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
    var layers = TextTable(["layer", "tensor", "regions", "estimator", "passes a series", "map reliability", "ms a batch"])
    for (layer, (estimator, seconds)) in zip(plan.layers, zip(forecast.estimators, forecast.secondsPerBatch)) {
      layers.append([
        "\(layer.number)", layer.tensor, "\(layer.regionCount)", estimator.name.rawValue, "\(layer.rows)",
        forecast.mapReliability[layer.number].map { Number.fixed($0, 2) } ?? "",
        Number.fixed(1000 * seconds, 2),
      ])
    }
    var times = TextTable(["ranks", "time"])
    for ranks in [1, 8, 32, 256] {
      times.append([
        "\(ranks)",
        Number.duration(
          forecast.seconds(ranks: ranks) + forecast.recordingSeconds(ranks: ranks) + (forecast.tracts?.seconds(ranks: ranks) ?? 0)
        ),
      ])
    }
    let series = plan.layers.count * plan.stimulusCount
    let notes = plan.notes + ScanPlan.Refusal.sentences(plan.refusals)
    return
      ([layers.text] + (notes.isEmpty ? [] : [notes.joined(separator: "\n")]) + [
        """
        \(series) series, \(plan.evaluations) passes; about \
        \(forecast.residentBytes >> 20) MB a rank, \(forecast.coordinatorBytes >> 20) MB the one that coordinates.\(recording)\(tracts)
        Timed on \(forecast.device ?? "the processor"); to be had here with --provider: \(forecast.providers.joined(separator: ", ")).
        """,
        times.text,
        "Probing gradients, looking at answers under lesions and measuring information come on top: a fifth to a half, more in small networks.",
      ] + expectations).joined(separator: "\n\n")
  }

  /// What recording a stream takes; empty for a scan without time.
  private var recording: String {
    guard let count = forecast.plan.streamCount else { return "" }
    return """

      A stream of \(count) stimuli: \(count) forward passes to record it, \(Number.duration(forecast.recordingSeconds(ranks: 1))) on one \
      rank; \(forecast.plan.stimulusCount) of them are scanned, \(Number.duration(forecast.seconds(ranks: 1))).
      """
  }

  /// What tracing and lesions of pathways take; empty where the wiring isn't traced.
  private var tracts: String {
    guard let tracts = forecast.tracts, tracts.stimuli > 0 else { return "" }
    return """

      Of that time on one rank, connections and lesions of pathways of \(tracts.stimuli) \(tracts.stimuli == 1 ? "stimulus" : "stimuli") \
      take \(Number.duration(tracts.seconds(ranks: 1))), the measurement \(Number.duration(forecast.seconds(ranks: 1))).
      """
  }

  /// What more stimuli would buy; empty where nothing is known of it.
  private var expectations: [String] {
    guard !forecast.expectations.isEmpty else { return [] }
    var table = TextTable(["layer"] + forecast.expectations.map { "\($0.stimuli) stimuli" })
    for layer in forecast.plan.layers {
      let cells = forecast.expectations.map { expectation in
        expectation.layers[layer.number].map { "±\(Number.significant($0.halfWidth)), \($0.criticalCount)" } ?? "n/a"
      }
      table.append(["\(layer.number)"] + cells)
    }
    let without = forecast.plan.layers.contains { layer in forecast.expectations.contains { $0.layers[layer.number] == nil } }
    table.append(["time"] + forecast.expectations.map { Number.duration(forecast.seconds(ranks: 1, of: $0)) })
    return [
      """
      To expect, from a pilot: the mean half width of a mean ζ's interval in units of v, critical regions, and the time of \
      the measurement on one rank.\(without ? " Only layers that gradients measure have a pilot." : "")
      """,
      table.text,
    ]
  }
}
