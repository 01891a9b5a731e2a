import Monitoring

/// What is told of the stream of all stimuli that a server has judged. Copies share their content.
struct StreamTrace: Sendable {
  /// A stimulus on the live page's trace.
  struct Point: Encodable, Sendable {
    let stimulus: Int
    /// The combined p-value.
    let p: Double
    let outlier: Bool
    let finite: Bool
    /// log₁₀ of the drift test's capital.
    let evidence: Double
  }

  /// Points that are kept for those who follow.
  private static let pointLimit = 512
  /// Windows of NN-EEG, likewise.
  private static let windowLimit = 64

  private(set) var metrics: MonitorMetrics
  private(set) var count = 0
  private(set) var outliers = 0
  private(set) var broken = 0
  private(set) var failedSelfTests = 0
  /// How often anything has been taken in.
  private(set) var changes = 0
  /// The stimulus at which the drift test alarmed, and that since which things have probably changed.
  private(set) var drift: (alarm: Int, since: Int)?
  /// log₁₀ of the drift test's capital; JSON has no infinity.
  private(set) var evidence = 0.0
  /// Workers whose last self-test didn't come out.
  private var unsound: Set<Int> = []
  /// Whether the last self-tests came out.
  var isSelfTestPassed: Bool { unsound.isEmpty }
  private(set) var points: [Point] = []
  private(set) var windows: [StreamRhythm.Window] = []
  private(set) var last: (observation: WatchedNetwork.Observation, verdict: Verdict)?

  init(_ reference: MonitorReference, model: String) { metrics = MonitorMetrics(reference, model: model) }

  /// Takes in the next stimulus. - Parameter drift: the test that has seen it.
  mutating func take(_ observation: WatchedNetwork.Observation, _ verdict: Verdict, drift: DriftTest, seconds: Double) {
    metrics.take(verdict, drift: drift, seconds: seconds)
    self.drift = drift.alarm.map { (alarm: $0, since: drift.changePoint) }
    evidence = VerdictLine.rounded(drift.logCapital / 2.302585092994046) ?? 0
    if points.count == Self.pointLimit { points.removeFirst() }
    points.append(
      Point(
        stimulus: count, p: verdict.pValues[.combined] ?? 1, outlier: verdict.isOutlier, finite: verdict.isFinite,
        evidence: evidence))
    if let window = verdict.window { windows = windows.suffix(Self.windowLimit - 1) + [window] }
    last = (observation, verdict)
    count += 1
    outliers += verdict.isOutlier ? 1 : 0
    broken += verdict.isFinite ? 0 : 1
    changes += 1
  }

  /// - Parameter worker: whose network was tested.
  mutating func takeSelfTest(worker: Int, passed: Bool) {
    metrics.takeSelfTest(passed: passed)
    failedSelfTests += passed ? 0 : 1
    if passed { unsound.remove(worker) } else { unsound.insert(worker) }
    changes += 1
  }

  /// Whether the drift test has alarmed, something wasn't finite, or a self-test failed.
  var hasAlarm: Bool { drift != nil || broken > 0 || failedSelfTests > 0 }
}
