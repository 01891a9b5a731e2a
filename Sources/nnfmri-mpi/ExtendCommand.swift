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
import UserErrors

struct ExtendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extend",
    abstract: "Add stimuli or layers to a finished scan, without measuring anything twice.",
    discussion: """
      The result, in a folder of its own, is that of a scan that had asked for all of it, to the byte. Needs the network and the \
      stimuli, which are found where the scan found them. Start it with mpirun to use many processes.
      """)

  @Argument(help: "The folder of a scan.")
  var folder: String

  @Option(help: "How many stimuli are used, the scan's among them.")
  var stimuli: Int?

  @Option(help: "Layers to add, named as for scan; they have to come after those that were scanned.")
  var layers: String?

  @Option(help: "Refused: of more passes, other coalitions are drawn.")
  var samples: String?

  @OptionGroup var subject: SubjectOptions

  @Option(help: ArgumentHelp("The file of the classes' names, where the scan was given one.", valueName: "file"))
  var classNames: String?

  @Option(help: ArgumentHelp("Megabytes that each rank may hold for itself, where the scan was told.", valueName: "mb"))
  var memory: Int?

  @Option(help: "What is shown while it runs: auto, bar, lines, json or none.")
  var progress = ProgressDisplay.Style.auto

  @Option(help: "Whether the closing summary has colours: auto, always or never.")
  var color = ColorChoice.auto

  @Flag(help: "Go on with an extension in the output folder that ended early, if there is one.")
  var resume = false

  @Option(help: "The folder of results; the scan's own stays as it is.")
  var out: String

  func validate() throws {
    if let samples {
      throw ValidationError(
        "--samples \(samples): a design spreads its coalitions over all of its passes, so of more passes none are those that were measured; scan anew with --samples, or extend by --stimuli."
      )
    }
    guard stimuli != nil || layers != nil else {
      throw ValidationError("Nothing is asked for: give --stimuli, --layers, or both.")
    }
    guard !isSameFile(out, folder) else {
      throw ValidationError("--out \(out) is the folder of the scan itself, which stays as it is; choose another.")
    }
    if let stimuli { _ = try Check.atLeast(1, stimuli, "stimuli") }
    if let memory { _ = try Check.atLeast(1, memory, "memory") }
  }

  func run() throws {
    StopRequest.listen()
    let (options, display, style) = (self, ProgressDisplay(progress), color.style)
    let code = try withEnvironment(onFailure: ScanCommand.abort) { world -> Int in
      let agreed = try ScanCommand.agree(onCode: 0, world)
      guard agreed == 0 else { return agreed }
      var request: ScanRequest?
      var code = 0
      do {
        let scan = try StoredScan(contentsOf: options.folder)
        request = try options.request(scan)
        if world.isRoot, let difference = scan.difference(changing: { _ in }) {
          say(
            """
            The extension is analysed by the scan's own options (\(difference)): the results in \(options.folder) were made by others since. \
            nnfmri-mpi report with these makes those in \(options.out) alike.
            """)
        }
      } catch {
        if world.isRoot { complain(Failure(error).message) }
        code = Failure(error).exitStatus.rawValue
      }
      let verdict = try ScanCommand.agree(onCode: code, world)
      guard verdict == 0, let request else { return verdict }
      return try Scan.run(
        request, program: NNFMRI.program, world: world, progress: Progress(display.show),
        listener: ScanCommand.listener(request, ranks: world.size, style: style) { _ in [] })
    }
    if code != 0 { throw ExitCode(Int32(code)) }
  }

  /// The scan's own request, with what is added to it.
  ///
  /// - Throws: `Failure` where the folder holds no finished scan, or its files aren't where it found them.
  private func request(_ scan: StoredScan) throws -> ScanRequest {
    var request = scan.measurements.request
    request.subject.model = try Scan.place(subject.model, request.subject.model, "--model", of: folder)
    request.subject.data = try Scan.place(subject.data, request.subject.data, "--data", of: folder)
    request.subject.labels = subject.labels
    request.subject.classNames = classNames
    request.resources.memoryBudget = memory.map { $0 << 20 }
    if let stimuli { request.measurement.stimulusLimit = stimuli }
    if let layers {
      request.measurement.layers = LayerSelection(
        items: request.measurement.layers.items + LayerSelection(parsing: layers).items)
    }
    request.run = RunOptions(output: out)
    request.run.resumes = resume
    request.run.extended = folder
    return request
  }
}
