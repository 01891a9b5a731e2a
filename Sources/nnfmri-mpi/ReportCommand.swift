import ArgumentParser
import Files
internal import FoundationEssentials
internal import Glibc
import Lesion
import Reporting
import ScanPlan
import ScanResults
import ScanStore
import Shapley
import UserErrors

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Compute the results of a finished scan again, from the values that it measured.",
    discussion: """
      Needs neither the network nor a forward pass, and uses all ranks that mpirun starts. Without options it writes the same bytes as the scan; with them, the \
      results that the scan would have given. All files of a folder are of one analysis.
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

  @Option(help: ClusterFile.help)
  var clusters: String?

  @Option(
    parsing: .unconditional,
    help:
      "Another value than the scan's, of scans with --keep-scores: logit, logprob, prob, margin, loss, accuracy, kl, js, cosine, or a sum as logit[3] - logit[5]."
  )
  var value: String?

  @Option(help: "Another target, likewise: predicted, label, a class's number; each: a table of all classes.")
  var target: String?

  @Option(help: "The folder for the answer to another value or target.")
  var out: String?

  @Option(help: "Whether the summary has colours: auto, always or never.")
  var color = ColorChoice.auto

  @Option(
    help: ArgumentHelp(
      "Write only these files, separated by commas: \(ScanFiles.Kind.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "kinds"),
    transform: kinds)
  var only = ScanFiles.Kind.standard

  private typealias Change = (inout AnalysisOptions) -> Void

  func validate() throws {
    for (name, share) in [("confidence", confidence), ("fdr", fdr)] {
      if let share { _ = try Check.share(share, name) }
    }
    guard (value == nil && target == nil) == (out == nil) else {
      throw ValidationError("Another --value or --target goes into a folder of its own: give --out with it, and only then.")
    }
    if let out, isSameFile(out, folder) {
      throw ValidationError("--out \(out) is the folder of the scan itself, which stays as it is; choose another.")
    }
    _ = try question()
    if let flips { _ = try Check.within(OptionRange.signFlips, flips, "flips") }
  }

  func run() throws {
    try StoredResults.compute { ranks in
      let scan = try StoredScan(contentsOf: folder)
      let change = try change()
      let made = missingFolders(out ?? folder)
      let hold = try OutputFolder(out ?? folder).hold()
      defer { withExtendedLifetime(hold) {} }
      do {
        try write(scan, ranks, change)
      } catch {
        // Not folders that were made for nothing.
        for folder in made { rmdir(folder) }
        throw error
      }
    }
  }

  /// A folder and those that it lies in, as far as they aren't there, the innermost first.
  private func missingFolders(_ path: String) -> [String] {
    var (missing, path) = ([String](), path)
    while !path.isEmpty, !FileManager.default.fileExists(atPath: path) {
      missing.append(path)
      path = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }
    return missing
  }

  private func write(_ stored: StoredScan, _ ranks: StoredResults.Ranks, _ change: Change) throws {
    var scan = stored
    if let out {
      try OutputFolder(out).check(resumes: false)
      let (asked, chosen) = try question()
      let measurement = scan.measurements.request.measurement
      let value = asked ?? measurement.value
      let classes = target == "each" ? try classTable(stored, value, output: out, ranks, change) : nil
      // With --target each, what the folder is of has the scan's own target.
      scan = try stored.asked(value, chosen ?? measurement.target, output: out)
      try OutputFolder(out).claim(resumes: false)
      if let classes {
        try writeFile(Array(classes.text.utf8), to: out + "/classes.tsv")
        print("Wrote \(out)/classes.tsv: ζ of every region for each of \(classes.count) classes.")
        let result = try scan.result(ranks.runner, withInformation: false, changing: change, spread: ranks.spread)
        try ScanFiles(result).writeSummary(to: out)
        return
      }
    }
    let kinds = out == nil ? try kindsWritten(scan, change) : only
    let result = try scan.result(
      ranks.runner, withInformation: kinds.contains(.json), changing: change, spread: ranks.spread)
    try ScanFiles(result).write(kinds, to: out ?? folder)
    print(ScanSummary(result, verdict: [], style: color.style).text)
  }

  /// The kinds of files that keep the folder's results of one analysis.
  ///
  /// - Throws: `Failure` (`usage`) where those asked for would be of another than the rest.
  private func kindsWritten(_ scan: StoredScan, _ change: Change) throws -> Set<ScanFiles.Kind> {
    guard let difference = scan.difference(changing: change) else { return only }
    guard only.isSuperset(of: ScanFiles.Kind.standard) else {
      throw Failure(
        .usage,
        "the other files in \(folder) are of another analysis (\(difference)): leave out --only to write all, or give the options that they were made by"
      )
    }
    let hasLong = FileManager.default.fileExists(atPath: folder + "/stimuli/regions.tsv")
    return hasLong ? only.union([.long]) : only
  }

  /// What is asked instead of the scan's own question.
  private func question() throws -> (value: ValueFunction?, target: MeasurementOptions.Target?) {
    let asked: ValueFunction?
    do {
      asked = try value.map { text throws(LesionError) in try ValueFunction(parsing: text) }
    } catch {
      throw ValidationError("--value \(error.message).")
    }
    switch target {
    case nil, "each": return (asked, nil)
    case "predicted": return (asked, .predicted)
    case "label": return (asked, .label)
    case .some(let text):
      guard let number = Int(text), number >= 0 else {
        throw ValidationError("--target \(text) is none of predicted, label, each, or a class number.")
      }
      return (asked, .fixed(number))
    }
  }

  /// The text of `classes.tsv`, ζ of every region for every class, and how many these are.
  private func classTable(
    _ scan: StoredScan, _ value: ValueFunction, output out: String, _ ranks: StoredResults.Ranks, _ change: Change
  ) throws -> (text: String, count: Int) {
    let count = try scan.classCount(of: value)
    var text = ClassTable.header
    for number in 0..<count {
      let result = try scan.asked(value, .fixed(number), output: out)
        .result(ranks.runner, withInformation: false, changing: change, spread: ranks.spread)
      text += ClassTable.lines(result, number)
    }
    return (text, count)
  }

  /// What the options change of a scan's own.
  ///
  /// - Throws: `StimuliError` where the file of clusters can't be read.
  private func change() throws -> Change {
    let clusters = try clusters.map(ClusterFile.read)
    return { analysis in
      if let estimator { analysis.estimator = estimator }
      if let index { analysis.index = index }
      if let confidence { analysis.confidence = confidence }
      if let fdr { analysis.falseDiscoveryRate = fdr }
      if let flips { analysis.signFlips = flips }
      if let clusters { analysis.clusters = clusters }
    }
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
