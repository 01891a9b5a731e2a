import ArgumentParser
import Distribution
import Files
internal import Glibc
import MPI
import Reporting
import Scan
import ScanPlan
import UserErrors

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare ζ with Grad-CAM, integrated gradients and others on a finished scan's layers, regions and stimuli.",
    discussion: """
      Makes a map of every stimulus by every method and tries it: how fast the answer goes when the first regions of the map are \
      lesioned (deletion) and comes back when they alone are intact (insertion), how often it changes, how far the map is a long \
      ζ run's, whether it notices that the weights were shuffled, what it costs. Needs the network and the stimuli, which are found where the scan \
      found them. Start it with mpirun to use many processes.
      """)

  @Argument(help: "The folder of a scan.")
  var folder: String

  @OptionGroup var subject: SubjectOptions

  @Option(help: "Numbers and ranges of the scan's layers, as in 0,4-6. (default: all)")
  var layers: String?

  @Option(help: "How many of the scan's stimuli: the first ones.")
  var stimuli = 16

  @Option(help: ArgumentHelp("K of the long ζ run that maps are held against, in passes a region.", valueName: "k"))
  var reference = 32

  @Option(help: "What is shown while it runs: auto, bar, lines, json or none.")
  var progress = ProgressDisplay.Style.auto

  @Option(help: "The folder of the files that are written. (default: the scan's)")
  var out: String?

  func validate() throws {
    guard stimuli > 1 else { throw ValidationError("--stimuli \(stimuli) is below 2, and intervals need two.") }
    guard (1...4096).contains(reference) else { throw ValidationError("--reference \(reference) is not between 1 and 4096.") }
    _ = try layerNumbers()
  }

  func run() throws {
    var request = ComparisonRequest(folder: folder, stimuli: stimuli, referenceSamples: reference)
    (request.model, request.data, request.labels) = (subject.model, subject.data, subject.labels)
    request.layers = try layerNumbers()
    let (asked, out, output, display) = (request, out, out ?? folder, ProgressDisplay(progress))
    let code = try withEnvironment(onFailure: ScanCommand.abort) { world in
      // What can't be written is refused before anything is measured.
      let code = try ScanCommand.onRoot(world) { if let out { try makeFolder(out) } }
      guard code == 0 else { return code }
      return try Scan.compare(
        asked, world: world, progress: Progress(display.show),
        listener: Scan.ComparisonListener(
          note: say,
          report: { result in
            let report = ComparisonReport(result, ranks: world.size)
            try report.write(to: output)
            print(report.text)
            print("\nResults: \(output)/ (comparison.json, comparison.tsv, comparison_times.json)")
          },
          fail: { complain($0.message) }))
    }
    if code != 0 { throw ExitCode(Int32(code)) }
  }

  /// - Throws: `ValidationError` with what is no number or range.
  private func layerNumbers() throws -> [Int]? {
    guard let layers else { return nil }
    var numbers: [Int] = []
    for part in layers.split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      switch (ends.count, ends.first ?? nil, ends.last ?? nil) {
      case (1, let number?, _): numbers.append(number)
      case (2, let first?, let last?) where first <= last && last - first < 10_000: numbers += first...last
      default: throw ValidationError("--layers \(layers): \(part) is no number or range, as in 0,4-6.")
      }
    }
    guard !numbers.isEmpty else { throw ValidationError("--layers names no layer; give numbers and ranges, as in 0,4-6.") }
    return Array(Set(numbers)).sorted()
  }
}
