import Files
import Temporal

/// Counts of a judged stream, for Prometheus.
package struct MonitorMetrics: Sendable {
  /// The weight of a new stimulus in a layer's running mean: about the last hundred count.
  private static let weight = 0.02

  private let model: String
  private let layers: [String]
  private var stimuli = 0
  private var outliers = 0
  private var notFinite = 0
  private var selfTests = (run: 0, failed: 0)
  /// `nil` where no folder is watched.
  private var refusedFiles: Int?
  private var logEvidence = 0.0
  private var isAlarmed = false
  /// Running means. [layers]
  private var strangeness: [Double]
  private var seconds = MetricHistogram.ofSeconds
  /// What layers did in the last window of NN-EEG. [layers]
  private var rhythms: [RhythmReference.Window] = []

  /// - Parameter model: what the model is called; `nil` is its file's name.
  package init(_ reference: MonitorReference, model: String? = nil) {
    self.model = model ?? fileName(of: reference.origin.model)
    layers = reference.layers.map(\.layer.tensor)
    strangeness = layers.map { _ in 0 }
  }

  /// Takes in a judged stimulus. - Parameter seconds: that its pass and judgement took.
  package mutating func take(_ verdict: Verdict, drift: DriftTest, seconds: Double) {
    stimuli += 1
    outliers += verdict.isOutlier ? 1 : 0
    notFinite += verdict.isFinite ? 0 : 1
    logEvidence = drift.logCapital / 2.302585092994046
    isAlarmed = drift.alarm != nil
    for layer in strangeness.indices where verdict.strangeness[layer].isFinite {
      strangeness[layer] += Self.weight * (verdict.strangeness[layer] - strangeness[layer])
    }
    self.seconds.take(seconds)
    if let window = verdict.window { rhythms = window.layers }
  }

  /// Takes in a self-test.
  package mutating func takeSelfTest(passed: Bool) {
    selfTests.run += 1
    selfTests.failed += passed ? 0 : 1
  }

  /// Files of a folder are judged.
  package mutating func watches() { refusedFiles = 0 }

  /// Takes in a file that wasn't judged.
  package mutating func takeRefusedFile() { refusedFiles = (refusedFiles ?? 0) + 1 }

  /// The text.
  package var text: String {
    var text = PrometheusText(prefix: "nnfmri_monitor_", model: model)
    text.counter("stimuli_total", "Stimuli that were judged.", stimuli)
    text.counter(
      "outliers_total", "Stimuli whose combined p-value was at most the stated rate, or that weren't finite.", outliers)
    text.counter("not_finite_total", "Stimuli for which a layer or what was looked at of the answer wasn't finite.", notFinite)
    text.counter("self_tests_total", "Self-tests that were run.", selfTests.run)
    text.counter("self_tests_failed_total", "Self-tests that didn't come out to the bit.", selfTests.failed)
    if let refusedFiles {
      text.counter("files_refused_total", "Files of the watched folder that couldn't be judged.", refusedFiles)
    }
    text.gauge(
      "drift_log10_evidence", "Decimal logarithm of the capital won by betting that something has changed.", logEvidence)
    text.gauge("drift_alarm", "1 once the drift test has alarmed.", isAlarmed ? 1 : 0)
    text.metric(
      "layer_z", "gauge", "Running mean of how far a layer is off, in robust deviations.",
      zip(layers, strangeness).map { ("", PrometheusText.label("layer", $0), "\($1)") })
    let named = Array(zip(layers, rhythms))
    text.metric(
      "band_share", "gauge", "Share of a layer's power in a band, in the last window of NN-EEG.",
      named.flatMap { layer, rhythm in
        FrequencyBand.allCases.compactMap { band in
          rhythm.bands.share(band).map {
            (
              "", [PrometheusText.label("layer", layer), PrometheusText.label("band", band.rawValue)].joined(separator: ","),
              "\($0)"
            )
          }
        }
      })
    text.metric(
      "layer_state", "gauge", "1 for the state of a layer in the last window of NN-EEG.",
      named.flatMap { layer, rhythm in
        NetworkState.allCases.map { state in
          (
            "", [PrometheusText.label("layer", layer), PrometheusText.label("state", state.rawValue)].joined(separator: ","),
            rhythm.state == state ? "1" : "0"
          )
        }
      })
    text.histogram("pass_seconds", "Time of a pass and its judgement.", seconds)
    return text.text
  }
}
