import Monitoring

/// Counts of a server, for Prometheus.
struct ServerMetrics: Sendable {
  private struct Key: Hashable {
    let route: String
    let status: Int
  }

  private var answers: [Key: Int] = [:]
  private var seconds = MetricHistogram.ofSeconds
  private var batches = MetricHistogram([1, 2, 4, 8, 16, 32, 64])

  /// A request was answered. - Parameter route: one of few, since each is a series.
  mutating func take(route: String, status: Int, seconds: Double) {
    answers[Key(route: route, status: status), default: 0] += 1
    if route == "infer", status == 200 { self.seconds.take(seconds) }
  }

  /// A pass was run.
  mutating func take(rows: Int) { batches.take(Double(rows)) }

  func text(model: String, waiting: Int, connections: (open: Int, refused: Int), lostLines: Int) -> String {
    var text = PrometheusText(prefix: "nnfmri_server_", model: model)
    text.metric(
      "requests_total", "counter", "Requests that were answered.",
      answers.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }.map { key, count in
        (
          "", PrometheusText.label("route", key.route) + "," + PrometheusText.label("code", "\(key.status)"), "\(count)"
        )
      })
    text.histogram("request_seconds", "Time from an inference request's head to its answer, of those answered with 200.", seconds)
    text.histogram("batch_stimuli", "Stimuli in a pass.", batches)
    text.gauge("waiting_requests", "Requests that wait for a pass.", Double(waiting))
    text.gauge("connections", "Open connections.", Double(connections.open))
    text.counter("connections_refused_total", "Connections for which there was no room.", connections.refused)
    text.counter("lines_lost_total", "Verdicts' lines that couldn't be written to their file.", lostLines)
    return text.text
  }
}
