import Files
import Monitoring

/// The stream of all stimuli that a server has judged, and what is told of it.
struct StreamState: Sendable {
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

  private(set) var judge: Judge
  private(set) var metrics: MonitorMetrics
  private(set) var count = 0
  private(set) var outliers = 0
  private(set) var broken = 0
  private(set) var failedSelfTests = 0
  /// Lines that couldn't be written, and why the first of them couldn't.
  private(set) var lost: (count: Int, reason: FileError)?
  private let file: LineFile?
  /// Workers whose last self-test didn't come out.
  private var unsound: Set<Int> = []
  /// Whether the last self-tests came out.
  var isSelfTestPassed: Bool { unsound.isEmpty }
  private(set) var points: [Point] = []
  private(set) var windows: [StreamRhythm.Window] = []
  private(set) var last: (observation: WatchedNetwork.Observation, verdict: Verdict)?

  /// - Parameter file: where verdicts' lines go.
  init(_ judge: Judge, model: String, file: LineFile?) {
    self.judge = judge
    self.file = file
    metrics = MonitorMetrics(judge.reference, model: model)
  }

  /// Judges the next stimulus. - Returns: the verdict, and its line of JSON.
  mutating func take(_ observation: WatchedNetwork.Observation, source: String, seconds: Double) -> (
    verdict: Verdict, line: String
  ) {
    let verdict = judge.judge(observation)
    let line = VerdictLine(verdict, source: source, stimulus: count, by: judge, isFull: false).text
    write(line)
    metrics.take(verdict, drift: judge.drift, seconds: seconds)
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
    return (verdict, line)
  }

  /// A disk that is full is no reason to stop answering.
  private mutating func write(_ line: String) {
    do {
      try file?.write(line)
    } catch {
      lost = (count: (lost?.count ?? 0) + 1, reason: lost?.reason ?? error)
    }
  }

  /// - Parameter worker: whose network was tested.
  mutating func takeSelfTest(worker: Int, passed: Bool) {
    metrics.takeSelfTest(passed: passed)
    failedSelfTests += passed ? 0 : 1
    if passed { unsound.remove(worker) } else { unsound.insert(worker) }
  }

  /// log₁₀ of the drift test's capital; JSON has no infinity.
  var evidence: Double { VerdictLine.rounded(judge.drift.logCapital / 2.302585092994046) ?? 0 }

  /// Whether the drift test has alarmed, something wasn't finite, or a self-test failed.
  var hasAlarm: Bool { judge.drift.alarm != nil || broken > 0 || failedSelfTests > 0 }
}
