import ArgumentParser
import Distribution
import Files
internal import Glibc
import MPI
import ModelGraph
import Reporting
import Scan
import ScanPlan
import ScanResults
import ScanStore
import Statistics
import UserErrors

struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan", abstract: "Scan a network and rank its critical regions (the default command).")

  @OptionGroup var options: ScanOptions

  @Option(help: "What is shown while it runs: auto, bar, lines, json or none.")
  var progress = ProgressDisplay.Style.auto

  @Option(help: "Whether the closing summary has colours: auto, always or never.")
  var color = ColorChoice.auto

  @Flag(help: "Go on with the scan in the output folder that ended early, if there is one, on any number of ranks.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Measure only a share of the scan, i of n, with no need of the others; 'nnfmri-mpi merge' joins them.",
      valueName: "i/n"))
  var part: ScanPart?

  @Option(
    help: ArgumentHelp(
      "End with a checkpoint before this time is over: 8h, 90m, 30s; inside a Slurm job its own limit counts too.",
      valueName: "time"))
  var maxTime: TimeSpan?

  @Option(help: ArgumentHelp("Time between checkpoints, which bounds what a killed scan loses.", valueName: "time"))
  var checkpointInterval = TimeSpan(seconds: 60)

  @Option(
    help: ArgumentHelp(
      "End with what is measured where a rank has not been heard of for so long, as of a machine that is lost; longer than a forward pass.",
      valueName: "time"))
  var lostAfter = TimeSpan(seconds: 1800)

  func validate() throws {
    guard part != nil else { return }
    if options.paths.mediator != nil {
      throw ValidationError(
        "--part and --mediator exclude each other: measure parts of two scans, one of them with --freeze, and contrast what they merge to."
      )
    }
    let rounds = "what a layer still needs follows from all its series"
    for (isGiven, option, reason) in [
      (options.stream.stream != nil, "--stream", "a stream is recorded whole"),
      (options.tolerance != nil, "--tolerance", rounds),
      (options.allocate == "decisions", "--allocate decisions", rounds),
    ] where isGiven {
      throw ValidationError("--part and \(option) exclude each other: \(reason).")
    }
  }

  func run() throws {
    StopRequest.listen()
    let start = monotonicSeconds()
    let options = options
    let display = ProgressDisplay(progress)
    let exitCode = try withEnvironment(onFailure: Self.abort) { world -> Int in
      let agreed = try Self.agree(onCode: 0, world)
      guard agreed == 0 else { return agreed }
      if let tasks = Launcher.slurmTasks, tasks > 1, world.size == 1 {
        if Launcher.isFirstProcess {
          complain(
            "Slurm started \(tasks) tasks that don't know of each other; start them with 'srun --mpi=pmi2', or with mpirun.")
        }
        return Int(EX_USAGE)
      }
      // Rank 0 writes the phantom that the others are about to read, so they have to know whether it could.
      let (subject, code) = try Self.onEveryRank(world) {
        try ScanSubject(options, resumes: resume, writesPhantom: world.isRoot)
      }
      guard let subject else { return code }
      return try scan(subject, start: start, world, display)
    }
    if exitCode != 0 { throw ExitCode(Int32(exitCode)) }
  }

  /// Makes one scan after the other, and compares the effects where a mediator is named.
  ///
  /// - Returns: the exit code, the same on all ranks: 0, or that of the first scan that failed.
  private func scan(_ subject: ScanSubject, start: Double, _ world: Communicator, _ display: ProgressDisplay) throws -> Int {
    let parts = subject.parts(options)
    let folder = subject.request.run.output
    if parts.count > 1 {
      // What would be refused of the last is refused before the first is measured.
      let code = try Self.onRoot(world) {
        for (_, request) in parts { try OutputFolder(request.run.output).check(resumes: resume) }
        if options.paths.mediator != nil, !resume { MediatedEffect.remove(from: folder) }
      }
      guard code == 0 else { return code }
    }
    if world.isRoot, let processors = Launcher.processorsAllowed, let threads = parts.first?.request.measurement.threads,
      threads > processors
    {
      say(
        "--threads \(threads), and a rank may use \(processors) processors; give each its own with 'mpirun -bind-to core:\(threads)'."
      )
    }
    for (place, (title, asked)) in parts.enumerated() {
      var request = asked
      if options.paths.mediator != nil {
        request.run.leastStimuli = GroupContrast.leastGroup
        if place > 0 { request.measurement.layers = try Self.layers(ofScanIn: parts[0].request.run.output, world) }
      }
      request.run.folderOfAll = parts.count > 1 ? folder : nil
      request.run.resumes = resume
      request.run.part = part
      request.run.deadline = [
        maxTime.map { start + $0.seconds }, world.isRoot ? Launcher.slurmSecondsLeft.map { monotonicSeconds() + $0 } : nil,
      ].compactMap(\.self).min()
      request.run.checkpointInterval = checkpointInterval.seconds
      request.run.patience = lostAfter.seconds
      if parts.count > 1, world.isRoot { say("\(title), into \(request.run.output):") }
      let code = try Scan.run(
        request, program: NNFMRI.program, world: world, progress: Progress(display.show),
        listener: Self.listener(request, ranks: world.size, style: color.style, verdict: subject.verdict))
      guard code == 0 else { return code }
    }
    guard parts.count > 1 else { return 0 }
    return try Self.onRoot(world) {
      if let mediator = options.paths.mediator { try MediatedEffect.report(through: mediator, in: folder) }
      OutputFolder(folder).removeStop()
    }
  }

  /// The layers that a finished scan has measured. Of a mediator the total effect is measured where the direct one was.
  ///
  /// - Throws: what reading the scan throws, on rank 0.
  private static func layers(ofScanIn folder: String, _ world: Communicator) throws -> LayerSelection {
    var names: [UInt8] = []
    if world.isRoot {
      let layers = try Measurements(contentsOf: OutputFolder(folder).acquisition).plan.layers
      names = Array(layers.map(\.tensor).joined(separator: "\0").utf8)
    }
    let agreed = String(decoding: try world.broadcast(names), as: UTF8.self)
    return LayerSelection(items: agreed.split(separator: "\0").map { .named(String($0)) })
  }

  /// What rank 0 does for all.
  ///
  /// - Returns: 0, or the exit code of its failure, which it tells; the same on all ranks.
  static func onRoot(_ world: Communicator, _ body: () throws -> Void) throws -> Int {
    var code = 0
    if world.isRoot {
      do {
        try body()
      } catch {
        complain(Failure(error).message)
        code = Failure(error).exitStatus.rawValue
      }
    }
    return try agree(onCode: code, world)
  }

  /// What every rank does for itself.
  ///
  /// - Returns: what came of it where all ranks could; else `nil` and the exit code of the first failure, which rank 0 tells.
  static func onEveryRank<Result>(_ world: Communicator, _ body: () throws -> Result) throws -> (result: Result?, code: Int) {
    var result: Result?
    var refusal = FailureMessage.none
    do { result = try body() } catch { refusal = FailureMessage(Failure(error)) }
    var code = 0
    let refusals = try world.gather(refusal.message).map { try FailureMessage(message: $0) }
    if let odd = refusals.firstIndex(where: { $0.status != 0 }) {
      code = refusals[odd].status
      let isCommon = refusals.allSatisfy { $0.status != 0 }
      complain((isCommon ? "" : "rank \(odd): ") + refusals[odd].failure.message)
    }
    code = try Int(world.broadcast([UInt8(code)])[0])
    return (code == 0 ? result : nil, code)
  }

  /// What a scan tells the person who started it.
  ///
  /// - Parameter verdict: lines on how a result compares with the truth, where that is known.
  static func listener(
    _ request: ScanRequest, ranks: Int, style: TerminalStyle, verdict: @escaping (ScanResult) -> [String]
  ) -> Scan.Listener {
    Scan.Listener(
      announce: { ScanSummary.announce($0, request, ranks: ranks).forEach(say) },
      note: say,
      report: { result in
        try ScanFiles(result).write(to: request.run.output)
        print(ScanSummary(result, verdict: verdict(result), style: style).text)
      },
      fail: { complain($0.message) })
  }

  /// What ranks tell each other before anything else: whether all could read their arguments and can go on.
  ///
  /// - Parameter code: this rank's exit code, 0 if it may go on.
  /// - Returns: 0 if all may; else the first code that isn't.
  static func agree(onCode code: Int, _ world: Communicator) throws(MPIError) -> Int {
    let codes = try world.gather(Int64(code))
    let odd = codes.firstIndex { $0 != 0 }
    if let odd, odd != Communicator.root {
      complain("rank \(odd) was started with arguments that it can't read; start all ranks with the same command.")
    }
    let verdict = try world.broadcast([UInt8(odd.map { codes[$0] } ?? 0)])
    return Int(verdict[0])
  }

  /// The same, for a rank that can't go on and whose others may.
  static func agree(onCode code: Int) throws(MPIError) -> Int {
    try withEnvironment(onFailure: abort) { try agree(onCode: code, $0) }
  }

  /// The last words of a rank that can't go on.
  static func abort(_ error: any Error, _ world: Communicator) -> Int32 {
    complain("rank \(world.rank): \(Failure(error).message)")
    return Int32(Failure(error).exitStatus.rawValue)
  }
}
