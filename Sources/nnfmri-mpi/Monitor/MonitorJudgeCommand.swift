import ArgumentParser
import Distribution
import Files
internal import Glibc
import MPI
import Monitoring
import Networks
import Scan
import ScanPlan
import Serving
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
      falsely with a probability of at most --drift-alarms in all. With --serve, what clients send is answered and judged.
      """)

  @Argument(help: "The file of the reference.")
  var reference: String

  @Option(help: "Stimuli, as for scan; or - for .npy arrays, one after another, on standard input.")
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Judge what is put into the folder, in the order of names, until a signal comes. Put files there by renaming: one that is still written is waited for, and refused when it can't be read and hasn't changed for ten seconds.",
      valueName: "folder"))
  var watch: String?

  @OptionGroup(title: "Serving") var serving: ServeOptions

  @Option(help: "The network, where it is no longer where the reference found it.")
  var model: String?

  @Option(
    help: "A file for the lines of JSON. (default: standard output; with --serve none, and lines go behind what the file has)")
  var out: String?

  @Option(
    help: "A file for counts and times in Prometheus' text format, anew every five seconds, as its node exporter collects them.")
  var metrics: String?

  @Option(
    help: "The share of normal stimuli that may be called outliers. (default: 0.01, or the smallest p-value of the reference)")
  var outliers: Double?

  @Option(help: "The probability that the drift test alarms falsely, over the whole stream.")
  var driftAlarms = 0.01

  @Option(
    help:
      "What ends with exit code 1: never; alarm, of the drift test, an answer that isn't finite, a failed self-test or a file that --watch refused; outlier, of any stimulus."
  )
  var failOn = FailOn.never

  @Option(help: "Stimuli in one forward pass. (default: 1, or up to 8 with --serve)")
  var batch: Int?

  @Flag(help: "At the start and every minute, run stored stimuli whose layers must do what they did, to the bit.")
  var selfTest = false

  @Flag(help: "Tell the z of all layers, and the scores that p-values are made of.")
  var full = false

  func validate() throws {
    guard [data, watch, serving.serve].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("Give stimuli with --data, a folder with --watch, or an address with --serve.")
    }
    guard serving.serve == nil || metrics == nil && !full else {
      throw ValidationError("--serve gives metrics at /metrics, and verdicts in short: leave --metrics and --full out.")
    }
    try serving.check()
    _ = try Check.share(outliers ?? OutlierRate.usual, "outliers")
    _ = try Check.share(driftAlarms, "drift-alarms")
    _ = try Check.within(OptionRange.batch, batch ?? 1, "batch")
  }

  func run() throws {
    try MonitorRun.reportingFailures(quiet: !Launcher.isFirstProcess) {
      if let address = serving.serve {
        try serve(address)
        return
      }
      guard !Launcher.isOneOfMany else {
        throw Failure(.usage, "one process judges a stream: start it without mpirun, or let ranks share what --serve is sent")
      }
      let reference = try MonitorReference(contentsOf: reference)
      let rate = try OutlierRate(outliers, of: reference)
      let opened = try MonitoredModel(reference, model: model)
      for note in [opened.note, rate.note].compactMap(\.self) { say(note) }
      if selfTest, opened.selfTestCount == 0 { say(Self.noSelfTest) }
      let stimuli = try data.flatMap { $0 == "-" ? nil : try opened.stimuli(contentsOf: $0) }
      try checkOutputs(opened.files + (stimuli?.files ?? []))
      if let stimuli, try Digest.ofFiles(stimuli.files) == reference.origin.dataDigest {
        say(
          "The reference has learnt from \(reference.origin.stimulusCount) stimuli of these files, which look more normal to it than new ones: their p-values say little, and drift may be called."
        )
      }
      let session = try MonitorSession(
        opened, judge: Judge(reference, outlierRate: rate.value, driftRate: driftAlarms), rate: rate, out: out,
        batch: opened.takesBatches ? batch ?? 1 : 1, isFull: full, selfTests: selfTest, metricsFile: metrics)
      if let watch {
        StopRequest.listen()
        session.watches()
        let folder = try WatchedFolder(watch)
        try folder.forEachFile(
          { path in
            let judged = session.count
            do {
              try session.judge(try opened.stimuli(contentsOf: path), of: path)
              return .judged
            } catch {
              // One bad file doesn't end the watch; a reader that has gone does.
              guard Failure(error).exitStatus != .cannotWrite else { throw error }
              return .failed(Failure(error), isFinal: session.count > judged)
            }
          },
          refuse: session.refuse,
          rest: {
            try session.testIfDue()
            try session.writeMetrics(isLast: false)
          })
      } else if data == "-" {
        try session.judgeStandardInput()
      } else if let data, let stimuli {
        try session.judge(stimuli, of: data)
      }
      try session.writeMetrics(isLast: true)
      say(session.summary)
      try fail(hasAlarm: session.hasAlarm, outliers: session.outliers)
    }
  }

  private static let noSelfTest = "The reference stores no stimuli to test the network by, so --self-test runs none."

  /// - Parameter read: the files that the network and the stimuli are read from.
  /// - Throws: `FileError` (`cannotWrite`) where something would be written over that isn't to be.
  private func checkOutputs(_ read: [String]) throws(FileError) {
    let inputs = InputFiles([reference, data, serving.tokenFile] + read)
    for (path, option) in [(out, "--out"), (metrics, "--metrics")] {
      try inputs.check(path, option: option)
      if let watch, let path, isSameFile(folder(of: path), watch) {
        throw FileError(
          .cannotWrite,
          "\(path) lies in the folder that is watched, and would be taken for stimuli; choose another with \(option)")
      }
    }
    if let out, let metrics, out == metrics || isSameFile(out, metrics) {
      throw FileError(.cannotWrite, "\(out) is given for the lines and for the metrics; choose another file with --metrics")
    }
    if let out {
      try checkReplaced(out, holds: "a monitor's lines", option: "--out") { start in
        let line = String(decoding: start.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return line.hasPrefix("{\"") && (line.contains("\"drift\":") || line.hasPrefix("{\"self_test\":"))
      }
    }
    if let metrics {
      try checkReplaced(metrics, holds: "a monitor's metrics", option: "--metrics") { $0.starts(with: "# HELP nnfmri_".utf8) }
    }
  }

  /// A network that is ready to be served.
  private struct Served {
    let reference: MonitorReference
    let rate: OutlierRate
    let options: ServingOptions
    let runners: [PassRunner]
  }

  private func serve(_ address: String) throws {
    StopRequest.listen()
    // A client that goes away while it is answered is no wish to end.
    signal(SIGPIPE, SIG_IGN)
    guard Launcher.isOneOfMany else {
      try serve(try open(address, threads: serving.workers), wire: nil)
      return
    }
    let code = try withEnvironment(onFailure: ScanCommand.abort) { world in
      let (served, code) = try ScanCommand.onEveryRank(world) {
        try open(address, threads: world.isRoot ? serving.workers : 1)
      }
      guard let served else { return code }
      let mailbox = Mailbox(world)
      guard world.isRoot else { return try served.runners[0].serve(over: mailbox) }
      var last = 0
      do {
        try serve(served, wire: mailbox)
      } catch let code as ExitCode {
        last = Int(code.rawValue)
      } catch let error as MPIError {
        throw error
      } catch let lost as LostRank {
        // Nobody can end in an orderly way with a rank that doesn't answer.
        throw Failure(
          .unavailable,
          "rank \(lost.rank) hasn't answered for \(Int(serving.lostAfter.seconds)) s, and is taken for lost: start the server again, with a longer --lost-after where a pass takes as long"
        )
      } catch {
        complain(Failure(error).message)
        last = Failure(error).exitStatus.rawValue
      }
      try mailbox.dismiss(exitCode: last)
      return last
    }
    if code != 0 { throw ExitCode(Int32(code)) }
  }

  private func open(_ address: String, threads: Int) throws -> Served {
    let reference = try MonitorReference(contentsOf: reference)
    let rate = try OutlierRate(outliers, of: reference)
    if Launcher.isFirstProcess { try checkOutputs([]) }
    var options = try serving.options(address, model: model ?? reference.origin.model, batch: batch, selfTests: selfTest)
    options.lines = out
    let runners = try (0..<threads).map { _ in try PassRunner(reference, model: model, options: options) }
    if Launcher.isFirstProcess { try checkOutputs(runners[0].files) }
    return Served(reference: reference, rate: rate, options: options, runners: runners)
  }

  /// Serves until a signal comes.
  ///
  /// - Parameter wire: to ranks that make passes too; `nil` for none.
  private func serve(_ served: Served, wire: (any Transport)?) throws {
    let judge = try Judge(served.reference, outlierRate: served.rate.value, driftRate: driftAlarms)
    let server = try MonitorServer(served.runners, judge: judge, options: served.options, wire: wire)
    for note in [served.runners[0].note, served.rate.note].compactMap(\.self) { say(note) }
    if selfTest, served.reference.selfTest.count == 0 { say(Self.noSelfTest) }
    let name = served.options.modelName
    say(
      "http://\(server.address)/ shows how \(name) is; POST http://\(server.address)/v2/models/\(name)/infer answers. TERM or Ctrl-C ends."
    )
    if let wire { say("\(wire.size) ranks make its passes.") }
    let (isComplete, summary) = try server.run(until: { StopRequest.isSignalled })
    if !isComplete { say("Some requests that were accepted weren't answered in time.") }
    let drift = summary.drift.map { "Drift: alarm at stimulus \($0.alarm), probably since \($0.since)." } ?? "Drift: none found."
    say(
      MonitorRun.counts(summary.stimuli, outliers: summary.outliers, rate: served.rate) + " \(drift)"
        + (summary.failedSelfTests > 0
          ? " \(summary.failedSelfTests) self-tests failed: weights, code or tables in memory have changed." : ""))
    if let lost = summary.lost {
      throw Failure(.cannotWrite, "\(lost.count) lines of verdicts are missing, since \(lost.reason.message)")
    }
    try fail(hasAlarm: summary.hasAlarm, outliers: summary.outliers)
  }

  /// - Throws: `ExitCode` where `--fail-on` asks for it.
  private func fail(hasAlarm: Bool, outliers: Int) throws {
    switch failOn {
    case .never: break
    case .alarm: if hasAlarm { throw ExitCode(MonitorRun.alarmCode) }
    case .outlier: if hasAlarm || outliers > 0 { throw ExitCode(MonitorRun.alarmCode) }
    }
  }
}
