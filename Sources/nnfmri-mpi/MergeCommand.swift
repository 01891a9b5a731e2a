import ArgumentParser
import Reporting
import ScanPlan
import ScanResults
import ScanStore
import UserErrors

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Join the parts of a scan into what a single run would have given.",
    discussion: """
      Parts are measured by scans with --part i/n, each into a folder of its own, on machines that need not know of each \
      other. Joining them needs neither the network nor the stimuli, and gives what a single run measured, to the byte. Lesions \
      of what was found (lesions.json) and answers are a single run's alone.
      """)

  @Argument(help: "The folders of all parts, in any order.")
  var folders: [String]

  @Option(help: "The folder of results.")
  var out = "nnfmri-scan"

  @Flag(name: .customLong("acquisition"), inversion: .prefixedNo, help: "Keep the table of measured values.")
  var keepsAcquisition = true

  @Option(help: "Whether the summary has colours: auto, always or never.")
  var color = ColorChoice.auto

  func run() throws {
    try StoredResults.compute { ranks in
      let merge = try PartMerge(folders)
      let hold = try OutputFolder(out).hold()
      defer { withExtendedLifetime(hold) {} }
      let result = try merge.result(
        ranks.runner, in: out, keepsAcquisition: keepsAcquisition, spread: ranks.spread, note: say)
      try ScanFiles(result).write(to: out)
      print(ScanSummary(result, verdict: [], style: color.style).text)
    }
  }
}
