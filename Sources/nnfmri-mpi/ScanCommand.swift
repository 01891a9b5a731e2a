import ArgumentParser
internal import Glibc
import MPI
import Reporting
import Scan

struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan", abstract: "Scan a network and rank its critical regions (the default command).")

  @OptionGroup var options: ScanOptions

  @Option(help: "What is shown while it runs: auto, bar, lines, json or none.")
  var progress = ProgressDisplay.Style.auto

  @Flag(help: "Go on with the scan in the output folder that ended early, if there is one, on any number of ranks.")
  var resume = false

  @Option(
    help: ArgumentHelp("End with a checkpoint before this time is over: 8h, 90m, 30s; inside a Slurm job its own limit counts too.", valueName: "time"))
  var maxTime: TimeSpan?

  @Option(help: ArgumentHelp("Time between checkpoints, which bounds what a killed scan loses.", valueName: "time"))
  var checkpointInterval = TimeSpan(seconds: 60)

  func run() throws {
    StopRequest.listen()
    let options = options
    let display = ProgressDisplay(progress)
    let code = try withEnvironment(onFailure: Self.abort) { world -> Int in
      if let tasks = Launcher.slurmTasks, tasks > 1, world.size == 1 {
        if Launcher.isFirstProcess {
          complain(
            "Slurm started \(tasks) tasks that don't know of each other; start them with 'srun --mpi=pmi2', or with mpirun.")
        }
        return Int(EX_USAGE)
      }
      let subject: ScanSubject
      do {
        subject = try ScanSubject(options, resumes: resume, writesPhantom: world.isRoot)
      } catch {
        let error = ScanError(error)
        if world.isRoot { complain(error.message) }
        return error.code.rawValue
      }
      // Rank 0 may just have written the phantom that the others are about to read.
      try world.barrier()
      var request = subject.request
      request.resumes = resume
      request.timeLimit = [maxTime?.seconds, world.isRoot ? Launcher.slurmSecondsLeft : nil].compactMap(\.self).min()
      request.checkpointInterval = checkpointInterval.seconds
      return try Scan.run(
        request, program: NNFMRI.version, world: world, progress: Progress(display.show),
        announce: { ScanSummary.announce($0, ranks: world.size).forEach(say) },
        note: say,
        report: { result in
          try ScanFiles(result).write(to: subject.request.output)
          print(ScanSummary(result, verdict: subject.verdict(on: result)).text)
        },
        fail: { complain($0.message) })
    }
    if code != 0 { throw ExitCode(Int32(code)) }
  }

  /// The last words of a rank that can't go on.
  private static func abort(_ error: any Error, _ world: Communicator) -> Int32 {
    complain("rank \(world.rank): \(ScanError(error).message)")
    return Int32(ScanError(error).code.rawValue)
  }
}
