import ArgumentParser
import Files
import Lesion
import Reporting
import ScanPlan
import ScanResults
import UserErrors

struct ContrastCommand: SingleProcessCommand {
  static let standardPermutations = 5000

  static let configuration = CommandConfiguration(
    commandName: "contrast", abstract: "Compare ζ and density between groups of a finished scan's stimuli, or between two scans.",
    discussion: """
      Which regions matter more, or less, for errors than for correct answers, for class A than for class B, for one network, \
      lesion or set of stimuli than for another? Computed from what the scans measured, without a forward pass. With more than \
      two groups, each is compared with all others. Two scans of the same stimuli are compared stimulus by stimulus.
      """)

  @Argument(help: "The folder of a scan.")
  var folder: String

  @Argument(help: "The folder of another scan, to compare with: in the layers that both have with the same regions.")
  var other: String?

  @Option(
    help:
      "predicted, labels, correct (errors against correct answers), or a text file with a group's name a line and stimulus; of more than two, those of fewer than three stimuli, clusters or stretches of a stream are left out. (default: labels)"
  )
  var groups: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Compare these two groups only.", valueName: "a,b"))
  var only: String?

  @Option(help: "The folder for contrast.html, contrast.json and contrast.tsv. (default: the scan's)")
  var out: String?

  @Option(help: ClusterFile.help)
  var clusters: String?

  @Option(help: "Permutations for family-wise p-values, where there are too many to try all.")
  var permutations = ContrastCommand.standardPermutations

  func validate() throws {
    if let other, groups != nil || only != nil {
      throw ValidationError(
        "--groups and --only divide one scan's stimuli, and \(other) is a second scan: leave one of them out.")
    }
    _ = try Check.within(OptionRange.permutations, permutations, "permutations")
    if let only, only.split(separator: ",").count != 2 {
      throw ValidationError("--only \(only) is not the names of two groups, separated by a comma.")
    }
  }

  func run() throws {
    do {
      let clusters = try clusters.map(ClusterFile.read)
      func opened(_ folder: String) throws -> ScanResult {
        try StoredScan(contentsOf: folder).result(withInformation: false) { analysis in
          if let clusters { analysis.clusters = clusters }
        }
      }
      let result = try opened(folder)
      let contrasts: [ScanContrast]
      if let other {
        let second = try opened(other)
        contrasts = [try ScanContrast(result, second, names: (folder, other), permutations: permutations)]
      } else {
        let division = ContrastGroups(groups ?? "labels")
        var (groups, notes) = (try division.groups(of: result), [String]())
        if only == nil { (groups, notes) = try division.comparable(groups, of: result) }
        contrasts = try pairs(groups).map {
          try ScanContrast(result, $0.0, $0.1, notes: notes, permutations: permutations)
        }
      }
      let report = ContrastReport(contrasts, unit: result.request.measurement.value.name)
      let output = out ?? folder
      try makeFolder(output)
      try report.write(to: output, name: "contrast")
      print(report.text)
      print("\nResults: \(output)/ (contrast.html to look at; contrast.json, contrast.tsv)")
    } catch {
      let error = Failure(error)
      complain(error.message)
      throw ExitCode(Int32(error.exitStatus.rawValue))
    }
  }

  private typealias Pair = (ScanContrast.Group, ScanContrast.Group)

  private func pairs(_ groups: [ScanContrast.Group]) throws(Failure) -> [Pair] {
    if let only {
      let names = only.split(separator: ",").map(String.init)
      var chosen: [ScanContrast.Group] = []
      for name in names {
        let group = groups.first { $0.name == name } ?? groups.first { $0.number == Int(name) && $0.number != nil }
        guard let group else {
          let known = groups.map(\.name).joined(separator: ", ")
          throw Failure(.usage, "--only \(only): there is no group \(name); there are \(known)")
        }
        chosen.append(group)
      }
      guard chosen[0] != chosen[1] else {
        throw Failure(.usage, "--only \(only) names one group twice; a contrast needs two")
      }
      return [(chosen[0], chosen[1])]
    }
    guard groups.count > 1 else {
      throw Failure(
        .badInput,
        "all stimuli are in \(groups.first.map { "the group \($0.name)" } ?? "no group"), and a contrast needs two; scan others, or choose other groups"
      )
    }
    if groups.count == 2 { return [(groups[0], groups[1])] }
    return groups.map { group in
      let others = groups.filter { $0 != group }.flatMap(\.stimuli).sorted()
      return (group, ScanContrast.Group(name: "others", stimuli: others))
    }
  }
}
