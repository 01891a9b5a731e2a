import ArgumentParser
import Reporting
import ScanPlan
import ScanResults
import Shapley
import UserErrors

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Compute the results of a finished scan again, from the values that it measured.",
    discussion: """
      Needs neither the network nor a forward pass, and uses all ranks that mpirun starts. Without options it writes the same bytes again; with them, the \
      results that the scan would have given.
      """)

  @Argument(help: "The folder of a scan.")
  var folder: String

  @Option(help: "Another estimator that the measured design fits.")
  var estimator: EstimatorName?

  @Option(help: "shapley or banzhaf, where all layers were measured whole: enumerated, or affine.")
  var index: ValueIndex?

  @Option(help: "The confidence of intervals.")
  var confidence: Double?

  @Option(help: "The false discovery rate at which a region is significant.")
  var fdr: Double?

  @Option(help: "Sign flips for family-wise p-values; 0 computes none.")
  var flips: Int?

  @Option(help: "Whether the summary has colours: auto, always or never.")
  var color = ColorChoice.auto

  @Option(
    help: ArgumentHelp(
      "Write only these files, separated by commas: \(ScanFiles.Kind.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "kinds"),
    transform: kinds)
  var only = ScanFiles.Kind.standard

  func validate() throws {
    for (name, share) in [("confidence", confidence), ("fdr", fdr)] {
      if let share, !(share > 0 && share < 1) { throw ValidationError("--\(name) \(share) is not between 0 and 1.") }
    }
    if let flips, flips < 0 { throw ValidationError("--flips \(flips) is below 0.") }
  }

  func run() throws {
    try StoredResults.compute { ranks in
      let result = try StoredScan(contentsOf: folder).result(ranks.runner, changing: change, spread: ranks.spread)
      try ScanFiles(result).write(only, to: folder)
      print(ScanSummary(result, verdict: [], style: color.style).text)
    }
  }

  private func change(_ analysis: inout AnalysisOptions) {
    if let estimator { analysis.estimator = estimator }
    if let index { analysis.index = index }
    if let confidence { analysis.confidence = confidence }
    if let fdr { analysis.falseDiscoveryRate = fdr }
    if let flips { analysis.signFlips = flips }
  }
}

/// - Throws: `ValidationError` that names what isn't a kind of file.
private func kinds(_ text: String) throws -> Set<ScanFiles.Kind> {
  Set(
    try text.split(separator: ",").map { name in
      guard let kind = ScanFiles.Kind(rawValue: String(name)) else {
        let names = ScanFiles.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--only \(text): \(name) is none of \(names).")
      }
      return kind
    })
}

extension EstimatorName: ExpressibleByArgument {}
extension ValueIndex: ExpressibleByArgument {}
