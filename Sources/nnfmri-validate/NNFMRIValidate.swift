import ArgumentParser

/// Measures the promises of the statistics on games whose ζ are known, and prints Docs/validation.md.
@main
struct NNFMRIValidate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nnfmri-validate",
    abstract: "Measure estimators, intervals and detection on games with known ζ, as a Markdown page.")

  /// A section of the page.
  private enum Section: String, CaseIterable, ExpressibleByArgument {
    case intervals, ends, savings, pairs, discoveries, detection, streams
  }

  @Argument(help: "The sections to print; by default the whole page.")
  private var sections: [Section] = Section.allCases

  @Option(help: "The folder of scanned movies that Scripts/validate makes; without it the section streams is left out.")
  var movies: String?

  @Option(
    help: "The folder of a network's two scans that Scripts/validate makes; without it the section savings is of games only.")
  var network: String?

  @Option(help: "Streams in that folder without a truth, separated by commas.")
  var others = "shuffled,noise"

  func run() throws {
    if sections == Section.allCases {
      print(
        """
        # Validation

        What estimators, intervals and detection keep of their promises, on games whose ζ are known exactly. Written by
        `Scripts/validate`, the last section by `Scripts/benchmark-estimators`; seeds are part of the program, so the numbers
        repeat wherever it runs. Values are rounded to single precision, as measured ones are. How the games are made stands
        in `Sources/nnfmri-validate`.
        """)
    }
    for section in sections where section != .streams || movies != nil {
      print("\n" + (try text(section)))
    }
  }

  private func text(_ section: Section) throws -> String {
    switch section {
    case .streams:
      let others = others.split(separator: ",").map(String.init)
      return try page(MovieReport.introduction, MovieReport(folder: movies ?? "", others: others).report())
    case .intervals: return try page(IntervalCoverage.introduction, IntervalCoverage().report())
    case .ends: return try page(StoppedIntervals.introduction, StoppedIntervals().report())
    case .savings: return try page(EvaluationsSaved.introduction, EvaluationsSaved(recorded: network).report())
    case .pairs: return try page(PairCoverage.introduction, PairCoverage().report())
    case .discoveries: return try page(FalseDiscoveries.introduction, FalseDiscoveries().report())
    case .detection: return try page(PhantomDetection.introduction, PhantomDetection().report())
    }
  }

  private func page(_ introduction: String, _ tables: String) -> String { introduction + "\n\n" + tables }
}
