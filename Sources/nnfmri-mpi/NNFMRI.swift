import ArgumentParser
import CBuild
import Files
internal import Glibc
import ScanPlan

/// The root command: configuration and subcommands only.
@main
struct NNFMRI: ParsableCommand {
  static let version = "0.1.0"
  static let program = ProgramVersion(number: version, commit: unsafe String(cString: nnfmri_commit()))

  static let configuration = CommandConfiguration(
    commandName: "nnfmri-mpi",
    abstract: "Finds the regions of a neural network that its answers depend on, with error bars.",
    discussion: """
      Lesions random coalitions of regions of hidden layers, runs the rest of the network, and estimates every \
      region's Shapley value. Start it with mpirun to use many processes; any number of them gives the same result. \
      Without arguments it scans a built-in phantom into nnfmri-phantom/.
      """,
    version: program.description,
    subcommands: [
      ScanCommand.self, LayersCommand.self, PlanCommand.self, MergeCommand.self, ExtendCommand.self, ReportCommand.self,
      ContrastCommand.self, CompareCommand.self, PhantomCommand.self, AdjointCommand.self, MonitorCommand.self,
    ],
    defaultSubcommand: ScanCommand.self)

  static func main() {
    returnLargeBlocksWhenFreed()
    // A file that outgrew its limit ends no command: writing it fails, and that is told.
    signal(SIGXFSZ, SIG_IGN)
    var needsOneProcess = false
    do {
      try Launcher.checkArguments()
      var command = try parseAsRoot()
      needsOneProcess = command is any SingleProcessCommand
      if needsOneProcess, !Launcher.isFirstProcess { return }
      try command.run()
    } catch {
      let code = exitCode(for: error).rawValue
      // Under mpirun every process reads the same arguments, and one complaint is enough.
      if Launcher.isFirstProcess, code == 0 || !Launcher.isOneOfMany { exit(withError: error) }
      if Launcher.isFirstProcess, !(error is ExitCode) { writeToStandardError(fullMessage(for: error) + "\n") }
      // Ranks that were given other arguments may be waiting for this one.
      if code == EX_USAGE, !(error is ExitCode), Launcher.isOneOfMany, !needsOneProcess {
        _ = try? ScanCommand.agree(onCode: Int(code))
      }
      Glibc.exit(code)
    }
  }
}

/// A command whose work one process does: of those that a launcher starts, the first does it and the others end at once.
protocol SingleProcessCommand: ParsableCommand {}
