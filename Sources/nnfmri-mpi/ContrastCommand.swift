import ArgumentParser
import Reporting
import ScanPlan
import ScanResults
import UserErrors

struct ContrastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contrast", abstract: "Compare ζ and density between groups of a finished scan's stimuli.",
    discussion: """
      Which regions matter more, or less, for errors than for correct answers, for class A than for class B? Computed \
      from what the scan measured, without a forward pass. With more than two groups, each is compared with all others.
      """)

  @Argument(help: "The folder of a scan.")
  var folder: String

  @Option(help: "labels, correct (errors against correct answers), or a text file with a group's name a line and stimulus.")
  var groups = "labels"

  @Option(help: ArgumentHelp("Compare these two groups only.", valueName: "a,b"))
  var only: String?

  @Option(help: "Permutations for family-wise p-values, where there are too many to try all.")
  var permutations = 5000

  func validate() throws {
    guard permutations > 0 else { throw ValidationError("--permutations \(permutations) is below 1.") }
    if let only, only.split(separator: ",").count != 2 {
      throw ValidationError("--only \(only) is not the names of two groups, separated by a comma.")
    }
  }

  func run() throws {
    do {
      let result = try StoredScan(contentsOf: folder).result()
      let division = ContrastGroups(groups)
      let found = try division.groups(of: result)
      let contrasts = try pairs(found).map { try ScanContrast(result, $0.0, $0.1, permutations: permutations) }
      let report = ContrastReport(contrasts)
      try report.write(to: folder, name: "contrast")
      print(report.text)
      print("\nResults: \(folder)/ (contrast.json, contrast.tsv)")
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
        guard let group = groups.first(where: { $0.name == name }) else {
          let known = groups.map(\.name).joined(separator: ", ")
          throw Failure(.usage, "--only \(only): there is no group \(name); there are \(known)")
        }
        chosen.append(group)
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
