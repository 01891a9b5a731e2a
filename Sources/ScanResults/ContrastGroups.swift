internal import FoundationEssentials
import ScanPlan
package import UserErrors

/// How a scan's stimuli are divided into groups.
package enum ContrastGroups: Sendable, Hashable {
  /// By label.
  case labels
  /// By whether the prediction is the label: `wrong` and `correct`.
  case correct
  /// By a text file: a name a line and stimulus of the scan, in order; `-` leaves a stimulus out.
  case file(String)

  package init(_ text: String) {
    switch text {
    case "labels": self = .labels
    case "correct": self = .correct
    default: self = .file(text)
    }
  }

  /// The groups of a scan, by name; numbers in order of their value.
  ///
  /// - Throws: `Failure` (`badInput`, `missingInput`) if there are no labels, or the file doesn't fit.
  package func groups(of result: ScanResult) throws(Failure) -> [ScanContrast.Group] {
    let names: [String]
    switch self {
    case .labels:
      names = try labels(result).map { "\($0)" }
    case .correct:
      let labels = try labels(result)
      guard result.predictions.count == labels.count else {
        throw Failure(.badInput, "--groups correct needs a network that predicts classes, and this one's output isn't any")
      }
      names = zip(labels, result.predictions).map { $0 == $1 ? "correct" : "wrong" }
    case .file(let path):
      names = try read(path, count: result.plan.stimulusCount)
    }
    let stimuli = Dictionary(grouping: names.indices.filter { names[$0] != "-" }) { names[$0] }
    return stimuli.map { ScanContrast.Group(name: $0.key, stimuli: $0.value) }.sorted { a, b in
      guard let x = Int(a.name), let y = Int(b.name) else { return self == .correct ? a.name > b.name : a.name < b.name }
      return x < y
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
      throw Failure(.missingInput, "--groups \(path) is neither labels nor correct nor a file that can be read")
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
