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

  func run() throws {
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
        subject = try ScanSubject(options, writesPhantom: world.isRoot)
      } catch {
        let error = ScanError(error)
        if world.isRoot { complain(error.message) }
        return error.code.rawValue
      }
      // Rank 0 may just have written the phantom that the others are about to read.
      try world.barrier()
      return try Scan.run(
        subject.request, program: NNFMRI.version, world: world, progress: Progress(display.show),
        announce: { ScanSummary.announce($0, ranks: world.size).forEach(say) },
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
