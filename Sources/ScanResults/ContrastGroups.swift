internal import FoundationEssentials
import Lesion
import ScanPlan
import Statistics
package import UserErrors

/// How a scan's stimuli are divided into groups.
package enum ContrastGroups: Sendable, Hashable {
  /// By the class that the intact network predicts.
  case predicted
  /// By label.
  case labels
  /// By whether the prediction is the label: `wrong` and `correct`.
  case correct
  /// By a text file: a name a line and stimulus of the scan, in order; `-` leaves a stimulus out.
  case file(String)

  package init(_ text: String) {
    switch text {
    case "predicted": self = .predicted
    case "labels": self = .labels
    case "correct": self = .correct
    default: self = .file(text)
    }
  }

  /// The groups of a scan: of classes in order of their numbers, others by name, or numbers by their value. Stimuli without a label, −1,
  /// are in none by labels.
  ///
  /// - Throws: `Failure` (`badInput`, `missingInput`) if there are no labels, or the file doesn't fit.
  package func groups(of result: ScanResult) throws(Failure) -> [ScanContrast.Group] {
    let names: [String]
    switch self {
    case .predicted:
      guard !result.predictions.isEmpty else {
        throw Failure(.badInput, "--groups predicted needs a network that predicts classes, and this one's output isn't any")
      }
      return Self.groups(byClass: result.predictions, result)
    case .labels:
      return Self.groups(byClass: try labels(result), result)
    case .correct:
      let labels = try labels(result)
      guard result.predictions.count == labels.count else {
        throw Failure(.badInput, "--groups correct needs a network that predicts classes, and this one's output isn't any")
      }
      names = zip(labels, result.predictions).map { $0 < 0 ? "-" : $0 == $1 ? "correct" : "wrong" }
    case .file(let path):
      names = try read(path, count: result.plan.stimulusCount)
    }
    let order = result.classNames ?? []
    let stimuli = Dictionary(grouping: names.indices.filter { names[$0] != "-" }) { names[$0] }
    return stimuli.map { name, members in ScanContrast.Group(name: name, stimuli: members) }.sorted { a, b in
      if let x = order.firstIndex(of: a.name), let y = order.firstIndex(of: b.name) { return x < y }
      guard let x = Int(a.name), let y = Int(b.name) else { return self == .correct ? a.name > b.name : a.name < b.name }
      return x < y
    }
  }

  /// The groups that are large enough to be compared, and what a reader should know of stimuli that are in none of them.
  ///
  /// - Throws: `Failure` (`badInput`) where of more than two groups fewer than two are large enough. Two are left as they are.
  package func comparable(
    _ groups: [ScanContrast.Group], of result: ScanResult
  ) throws(Failure) -> (groups: [ScanContrast.Group], notes: [String]) {
    var notes: [String] = []
    let unlabelled = [.labels, .correct].contains(self) ? result.labels?.count { $0 < 0 } ?? 0 : 0
    if unlabelled > 0 {
      let are = unlabelled == 1 ? "1 stimulus without a label (-1) is" : "\(unlabelled) stimuli without a label (-1) are"
      notes.append("\(are) left out.")
    }
    let least = GroupContrast.leastGroup
    let units = IndependentUnits(result.plan, result.request)
    let small = groups.filter { units.count(of: $0.stimuli) < least }
    guard groups.count > 2, !small.isEmpty else { return (groups, notes) }
    let list = small.map { "\($0.label) (\(units.count(of: $0.stimuli)))" }.joined(separator: ", ")
    guard groups.count - small.count > 1 else {
      throw Failure(
        .badInput,
        "a contrast needs two groups of at least \(least) \(units.name), and \(list) have fewer; scan more stimuli, or choose other groups"
      )
    }
    notes.append("Left out, since a group needs at least \(least) \(units.name): \(list).")
    return (groups.filter { units.count(of: $0.stimuli) >= least }, notes)
  }

  /// Groups by class, in order of its number, which tells classes of one name apart.
  private static func groups(byClass classes: [Int], _ result: ScanResult) -> [ScanContrast.Group] {
    let known = result.classNames ?? []
    return Dictionary(grouping: classes.indices.filter { classes[$0] >= 0 }) { classes[$0] }
      .sorted { $0.key < $1.key }
      .map { number, members in
        // The name of a class that has none is its number.
        var name = known.indices.contains(number) ? known[number] : "\(number)"
        var label = result.className(number)
        if known.count(where: { $0 == name }) > 1 {
          name += " (\(number))"
          label = name
        }
        return ScanContrast.Group(name: name, label: label, stimuli: members, number: number)
      }
  }

  private func labels(_ result: ScanResult) throws(Failure) -> [Int] {
    guard let labels = result.labels else {
      throw Failure(
        .badInput, "the scan's stimuli have no labels; scan with --labels FILE, or give the groups in a file")
    }
    return labels
  }

  private func read(_ path: String, count: Int) throws(Failure) -> [String] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(.missingInput, "--groups \(path) is none of predicted, labels, correct, and no file that can be read")
    }
    var lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map {
      String($0.filter { $0 != "\r" })
    }
    if lines.last == "" { lines.removeLast() }
    guard lines.count == count, lines.allSatisfy({ !$0.isEmpty }) else {
      throw Failure(
        .badInput,
        "\(path) has \(lines.count) lines, some of which may be empty, and the scan has \(count) stimuli; give one name for each, - for none"
      )
    }
    return lines
  }
}
