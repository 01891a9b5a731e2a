/// Samples in Prometheus' text format. Lines end with a line feed, names and values as the format has them.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
package struct PrometheusText {
  package private(set) var text = ""
  private let prefix: String
  private let own: String

  /// - Parameters:
  ///   - prefix: what all names begin with.
  ///   - model: a label of all samples.
  package init(prefix: String, model: String) {
    self.prefix = prefix
    own = Self.label("model", model)
  }

  /// - Parameter samples: labels beside the own one, made by `label`, and values.
  package mutating func metric(
    _ name: String, _ type: String, _ help: String, _ samples: [(suffix: String, labels: String, value: String)]
  ) {
    text += "# HELP \(prefix)\(name) \(help)\n# TYPE \(prefix)\(name) \(type)\n"
    for sample in samples {
      let labels = sample.labels.isEmpty ? own : own + "," + sample.labels
      text += "\(prefix)\(name)\(sample.suffix){\(labels)} \(sample.value)\n"
    }
  }

  package mutating func counter(_ name: String, _ help: String, _ value: Int) {
    metric(name, "counter", help, [("", "", "\(value)")])
  }

  package mutating func gauge(_ name: String, _ help: String, _ value: Double) {
    metric(name, "gauge", help, [("", "", "\(value)")])
  }

  package mutating func histogram(_ name: String, _ help: String, _ histogram: MetricHistogram) {
    var sum = 0
    let steps = zip(histogram.bounds, histogram.buckets).map { bound, bucket in
      sum += bucket
      return (suffix: "_bucket", labels: Self.label("le", "\(bound)"), value: "\(sum)")
    }
    metric(
      name, "histogram", help,
      steps + [
        ("_bucket", "le=\"+Inf\"", "\(histogram.count)"), ("_sum", "", "\(histogram.sum)"), ("_count", "", "\(histogram.count)"),
      ])
  }

  /// A label, in which scalars are escaped, since a quote before a combining mark, or a line feed after a carriage return, is no character of
  /// its own. A carriage return stands as it is: the format has no escape for it.
  package static func label(_ name: String, _ value: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\", "\"": escaped.append(contentsOf: ["\\", scalar])
      case "\n": escaped.append(contentsOf: ["\\", "n"])
      default: escaped.append(scalar)
      }
    }
    return "\(name)=\"\(String(escaped))\""
  }
}

/// How many values were at most each of some bounds.
package struct MetricHistogram: Sendable {
  /// Upper ends, ascending.
  package let bounds: [Double]
  /// Values above the bound before and up to this one. [bounds]
  package private(set) var buckets: [Int]
  package private(set) var count = 0
  package private(set) var sum = 0.0

  package init(_ bounds: [Double]) {
    self.bounds = bounds
    buckets = bounds.map { _ in 0 }
  }

  /// Of times in seconds, from a millisecond to some seconds.
  package static var ofSeconds: MetricHistogram {
    MetricHistogram([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])
  }

  package mutating func take(_ value: Double) {
    if let bucket = bounds.firstIndex(where: { value <= $0 }) { buckets[bucket] += 1 }
    count += 1
    sum += value
  }
}
