/// Counts of a judged stream in Prometheus' text format, for its node exporter's folder of text files.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
package struct MonitorMetrics: Sendable {
  /// Upper ends of the buckets of a pass's time, in seconds.
  private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
  /// The weight of a new stimulus in a layer's running mean: about the last hundred count.
  private static let weight = 0.02

  private let model: String
  private let layers: [String]
  private var stimuli = 0
  private var outliers = 0
  private var notFinite = 0
  private var selfTests = (run: 0, failed: 0)
  private var logEvidence = 0.0
  private var isAlarmed = false
  /// Running means. [layers]
  private var strangeness: [Double]
  private var buckets = [Int](repeating: 0, count: bounds.count)
  private var seconds = 0.0

  package init(_ reference: MonitorReference) {
    model = reference.origin.model.split(separator: "/").last.map(String.init) ?? reference.origin.model
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
    if let bucket = Self.bounds.firstIndex(where: { seconds <= $0 }) { buckets[bucket] += 1 }
    self.seconds += seconds
  }

  /// Takes in a self-test.
  package mutating func takeSelfTest(passed: Bool) {
    selfTests.run += 1
    selfTests.failed += passed ? 0 : 1
  }

  /// The text. Lines end with a line feed, names and values as the format has them.
  package var text: String {
    var lines: [String] = []
    let own = "model=\"\(Self.escaped(model))\""
    func metric(_ name: String, _ type: String, _ help: String, _ samples: [(suffix: String, labels: String, value: String)]) {
      lines.append("# HELP nnfmri_monitor_\(name) \(help)")
      lines.append("# TYPE nnfmri_monitor_\(name) \(type)")
      for sample in samples {
        let labels = sample.labels.isEmpty ? own : own + "," + sample.labels
        lines.append("nnfmri_monitor_\(name)\(sample.suffix){\(labels)} \(sample.value)")
      }
    }
    func count(_ name: String, _ help: String, _ value: Int) { metric(name, "counter", help, [("", "", "\(value)")]) }
    count("stimuli_total", "Stimuli that were judged.", stimuli)
    count("outliers_total", "Stimuli whose combined p-value was at most the stated rate.", outliers)
    count("not_finite_total", "Stimuli for which a layer or the answer wasn't finite.", notFinite)
    count("self_tests_total", "Self-tests that were run.", selfTests.run)
    count("self_tests_failed_total", "Self-tests that didn't come out to the bit.", selfTests.failed)
    metric(
      "drift_log10_evidence", "gauge", "Decimal logarithm of the capital won by betting that something has changed.",
      [("", "", "\(logEvidence)")])
    metric("drift_alarm", "gauge", "1 once the drift test has alarmed.", [("", "", isAlarmed ? "1" : "0")])
    metric(
      "layer_z", "gauge", "Running mean of how far a layer is off, in robust deviations.",
      zip(layers, strangeness).map { ("", "layer=\"\(Self.escaped($0))\"", "\($1)") })
    var sum = 0
    let steps = zip(Self.bounds, buckets).map { bound, bucket in
      sum += bucket
      return (suffix: "_bucket", labels: "le=\"\(bound)\"", value: "\(sum)")
    }
    metric(
      "pass_seconds", "histogram", "Time of a pass and its judgement.",
      steps + [
        ("_bucket", "le=\"+Inf\"", "\(stimuli)"), ("_sum", "", "\(seconds)"), ("_count", "", "\(stimuli)"),
      ])
    return lines.joined(separator: "\n") + "\n"
  }

  private static func escaped(_ label: String) -> String {
    label.flatMap { character -> [Character] in
      switch character {
      case "\\": ["\\", "\\"]
      case "\"": ["\\", "\""]
      case "\n": ["\\", "n"]
      default: [character]
      }
    }.reduce(into: "") { $0.append($1) }
  }
}
