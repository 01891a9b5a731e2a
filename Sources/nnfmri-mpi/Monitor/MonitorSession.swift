import Arrays
import Files
internal import Glibc
import Monitoring
import Networks
import Stimuli
import UserErrors

/// A stream of stimuli that is judged one after another, and its lines.
final class MonitorSession {
  /// Seconds between two writes of metrics.
  private static let metricsInterval = 5.0
  /// Notes on stimuli that are told: a folder may be watched for months, and each file have its own.
  private static let mostNotes = 20

  private let opened: MonitoredModel
  private var judge: Judge
  private let rate: OutlierRate
  private let batch: Int
  private let isFull: Bool
  private var metrics: MonitorMetrics
  /// Where metrics are written; `nil` for none.
  private let metricsFile: String?
  private var nextMetrics = 0.0
  private let output: LineFile
  private(set) var count = 0
  private(set) var outliers = 0
  private var broken = 0
  /// Notes on stimuli that were told.
  private var told: Set<String> = []
  private var failedSelfTests = 0
  private var refusedFiles = 0
  /// Seconds between self-tests.
  private static let selfTestInterval = 60.0
  private let selfTests: Bool
  private var nextSelfTest = 0.0

  /// - Parameter out: the file of the lines; `nil` is standard output.
  /// - Throws: `FileError` (`cannotWrite`).
  init(
    _ opened: MonitoredModel, judge: Judge, rate: OutlierRate, out: String?, batch: Int, isFull: Bool, selfTests: Bool,
    metricsFile: String?
  ) throws {
    self.rate = rate
    (self.opened, self.judge, self.batch, self.isFull) = (opened, judge, batch, isFull)
    (self.selfTests, self.metricsFile) = (selfTests, metricsFile)
    metrics = MonitorMetrics(judge.reference)
    output = try LineFile(out)
  }

  /// Whether the drift test has alarmed, the network gave something that isn't finite, a self-test failed, or a file was refused.
  var hasAlarm: Bool { judge.drift.alarm != nil || broken > 0 || failedSelfTests > 0 || refusedFiles > 0 }

  /// Counts refused files from here on.
  func watches() { metrics.watches() }

  /// Tells of a file of a watched folder that isn't judged.
  func refuse(_ failure: Failure) {
    complain(failure.message)
    refusedFiles += 1
    metrics.takeRefusedFile()
  }

  /// Runs the self-test where it is asked for and its time has come.
  func testIfDue() throws {
    guard selfTests, monotonicSeconds() >= nextSelfTest else { return }
    nextSelfTest = monotonicSeconds() + Self.selfTestInterval
    let failed = try opened.failedSelfTests()
    failedSelfTests += failed.isEmpty ? 0 : 1
    metrics.takeSelfTest(passed: failed.isEmpty)
    try output.write("{\"self_test\":{\"failed\":\(failed),\"passed\":\(failed.isEmpty),\"stimuli\":\(opened.selfTestCount)}}")
  }

  /// Judges stimuli, in order.
  func judge(_ stimuli: StimulusSet, of source: String) throws {
    let feed = try opened.feed(stimuli)
    for note in feed.stimuli.notes where told.count < Self.mostNotes && told.insert(note).inserted { say(note) }
    for first in stride(from: 0, to: feed.stimuli.count, by: batch) {
      try testIfDue()
      let rows = Array(first..<min(first + batch, feed.stimuli.count))
      let start = monotonicSeconds()
      let observations = try opened.network.observe(feed, rows: rows)
      let passSeconds = (monotonicSeconds() - start) / Double(rows.count)
      for observation in observations {
        let start = monotonicSeconds()
        let verdict = judge.judge(observation)
        metrics.take(verdict, drift: judge.drift, seconds: passSeconds + monotonicSeconds() - start)
        let line = VerdictLine(verdict, source: source, stimulus: count, by: judge, isFull: isFull)
        try output.write(line.text)
        count += 1
        outliers += verdict.isOutlier ? 1 : 0
        broken += verdict.isFinite ? 0 : 1
      }
      try writeMetrics(isLast: false)
    }
  }

  /// Judges arrays of standard input until it ends.
  ///
  /// - Throws: `FileError` (`badInput`) where it isn't `.npy` arrays.
  func judgeStandardInput() throws {
    var number = 0
    let reader = NPYStream(descriptor: STDIN_FILENO, place: "standard input")
    while let array = try reader.next() {
      try judge(try opened.stimuli(array, description: "standard input, array \(number)"), of: "-")
      number += 1
    }
  }

  /// Writes the metrics, where they are asked for and their time has come.
  func writeMetrics(isLast: Bool) throws {
    guard let metricsFile, isLast || monotonicSeconds() >= nextMetrics else { return }
    nextMetrics = monotonicSeconds() + Self.metricsInterval
    try replaceFile(Array(metrics.text.utf8), at: metricsFile, option: "--metrics")
  }

  /// What was found, in a few sentences.
  var summary: String {
    let drift = judge.drift
    let alarm =
      drift.alarm.map {
        "Drift: alarm at stimulus \($0), probably since \(drift.changePoint)."
      }
      ?? "Drift: none found (evidence \(MonitorRun.short(exp(drift.logCapital))) of \(MonitorRun.short(1 / drift.falseAlarms)))."
    return
      MonitorRun.counts(count, outliers: outliers, rate: rate) + " \(alarm)"
      + (broken > 0 ? " \(broken) answers or layers weren't finite." : "")
      + (refusedFiles > 0 ? " \(refusedFiles) files were refused." : "")
      + (failedSelfTests > 0 ? " \(failedSelfTests) self-tests failed: weights, code or tables in memory have changed." : "")
  }
}
