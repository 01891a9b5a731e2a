import ArgumentParser
import Distribution
internal import Glibc
import Monitoring
import Networks
import Stimuli
import UserErrors

struct MonitorJudgeCommand: ParsableCommand {
  /// What ends the command with a failure of its own.
  enum FailOn: String, ExpressibleByArgument, CaseIterable {
    case never, alarm, outlier
  }

  static let configuration = CommandConfiguration(
    commandName: "judge", abstract: "Judge stimuli, and the stream of them, by a reference: a line of JSON each.",
    discussion: """
      p is the probability that a normal stimulus looks as strange: by the layers' Mahalanobis distance, by neighbours, by \
      bands of the layers' smallest and largest activity, by how unsure the answer is, and by all of these. The drift test watches the whole stream and may be looked at any time: it alarms \
      falsely with a probability of at most --drift-alarms in all.
      """)

  @Argument(help: "The file of the reference.")
  var reference: String

  @Option(help: "Stimuli, as for scan; or - for .npy arrays, one after another, on standard input.")
  var data: String?

  @Option(
    help: ArgumentHelp("Judge what is put into the folder, in the order of names, until a signal comes.", valueName: "folder"))
  var watch: String?

  @Option(help: "The network, where it is no longer where the reference found it.")
  var model: String?

  @Option(help: "A file for the lines of JSON. (default: standard output)")
  var out: String?

  @Option(
    help: "A file for counts and times in Prometheus' text format, anew every five seconds, as its node exporter collects them.")
  var metrics: String?

  @Option(help: "The share of normal stimuli that may be called outliers.")
  var outliers = 0.01

  @Option(help: "The probability that the drift test alarms falsely, over the whole stream.")
  var driftAlarms = 0.01

  @Option(
    help:
      "What ends with exit code 1: never; alarm, of the drift test, an answer that isn't finite or a failed self-test; outlier, of any stimulus."
  )
  var failOn = FailOn.never

  @Option(help: "Stimuli in one forward pass.")
  var batch = 1

  @Flag(help: "At the start and every minute, run stored stimuli whose layers must do what they did, to the bit.")
  var selfTest = false

  @Flag(help: "Tell the z of all layers, and the scores that p-values are made of.")
  var full = false

  func validate() throws {
    guard (data == nil) != (watch == nil) else { throw ValidationError("Give stimuli with --data, or a folder with --watch.") }
    _ = try Check.share(outliers, "outliers")
    _ = try Check.share(driftAlarms, "drift-alarms")
    _ = try Check.atLeast(1, batch, "batch")
  }

  func run() throws {
    try MonitorRun.reportingFailures {
      let reference = try MonitorReference(contentsOf: reference)
      let opened = try MonitoredModel(reference, model: model)
      if let note = opened.note { say(note) }
      let session = try MonitorSession(
        opened, judge: Judge(reference, outlierRate: outliers, driftRate: driftAlarms), out: out,
        batch: opened.takesBatches ? batch : 1, isFull: full, selfTests: selfTest, metricsFile: metrics)
      if let watch {
        StopRequest.listen()
        let folder = try WatchedFolder(watch)
        try folder.forEachFile(
          { path in
            do {
              try session.judge(try opened.stimuli(contentsOf: path), of: path)
            } catch {
              // One bad file doesn't end the watch; a reader that has gone does.
              guard Failure(error).exitStatus != .cannotWrite else { throw error }
              complain(Failure(error).message)
            }
          },
          rest: {
            try session.testIfDue()
            try session.writeMetrics(isLast: false)
          })
      } else if data == "-" {
        try session.judgeStandardInput()
      } else if let data {
        try session.judge(try opened.stimuli(contentsOf: data), of: data)
      }
      try session.writeMetrics(isLast: true)
      say(session.summary)
      switch failOn {
      case .never: break
      case .alarm where session.hasAlarm: throw ExitCode(MonitorRun.alarmCode)
      case .outlier where session.hasAlarm || session.outliers > 0: throw ExitCode(MonitorRun.alarmCode)
      case .alarm, .outlier: break
      }
    }
  }
}
