import Monitoring
import Networks
import Stimuli
import TestSupport
import Testing

@Suite("Metrics")
struct MonitorMetricsTests {
  @Test("have each sample under its type, and a histogram whose buckets grow to its count")
  func format() throws {
    let bench = try MonitorBench()
    let opened = try MonitoredModel(bench.reference, model: nil)
    var judge = try Judge(bench.reference, outlierRate: 0.05, driftRate: 0.01)
    var metrics = MonitorMetrics(bench.reference)
    let feed = try opened.feed(bench.stimuli(count: 7))
    for row in 0..<7 {
      let verdict = try judge.judge(opened.network.observe(feed, rows: [row])[0])
      metrics.take(verdict, drift: judge.drift, seconds: row == 0 ? 99 : 0.002 * Double(row))
    }
    metrics.takeSelfTest(passed: false)
    var current = ""
    var samples: [String: Double] = [:]
    var buckets: [Double] = []
    for line in metrics.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      if line.hasPrefix("# TYPE ") { current = String(line.split(separator: " ")[2]) }
      guard !line.hasPrefix("#") else { continue }
      #expect(line.hasPrefix(current))
      let parts = line.split(separator: " ")
      let value = try #require(parts.last.flatMap { Double($0) })
      samples[String(line.prefix { $0 != "{" }), default: 0] = value
      if line.contains("_bucket{") { buckets.append(value) }
    }
    #expect(samples["nnfmri_monitor_stimuli_total"] == 7)
    #expect(samples["nnfmri_monitor_self_tests_failed_total"] == 1)
    #expect(samples["nnfmri_monitor_pass_seconds_count"] == 7)
    #expect(buckets == buckets.sorted() && buckets.last == 7 && buckets.dropLast().last == 6)
    #expect(metrics.text.hasSuffix("\n"))
  }

  @Test(
    "escape what would end a label, whatever stands behind it",
    arguments: [
      ("a\"b", "a\\\"b"), ("a\"\u{301}b", "a\\\"\u{301}b"), ("a\\\u{338}", "a\\\\\u{338}"), ("a\nb", "a\\nb"),
      ("a\r\nb", "a\r\\nb"),
      ("\n\u{301}", "\\n\u{301}"), ("e\u{301}", "e\u{301}"),
    ])
  func labels(value: String, escaped: String) {
    #expect(Array(PrometheusText.label("layer", value).utf8) == Array("layer=\"\(escaped)\"".utf8))
  }
}
