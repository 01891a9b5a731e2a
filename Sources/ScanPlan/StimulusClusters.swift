import Files
import Statistics
package import UserErrors

/// Which stimuli are repeated measures of one thing, as trials of a patient, crops of a picture or phrasings of a question are: those of
/// one cluster are alike, and clusters are taken for independent.
package struct StimulusClusters: Sendable, Codable, Hashable {
  /// Of each stimulus of the data; clusters are numbered by their first stimuli.
  private let numbers: [Int]

  /// - Parameter names: of each stimulus of the data, in order; those of one name belong together.
  package init(names: [String]) {
    var known: [String: Int] = [:]
    numbers = names.map { name in
      let number = known[name] ?? known.count
      known[name] = number
      return number
    }
  }

  /// The clusters that stimuli are in.
  ///
  /// - Parameter places: of the stimuli, in the data.
  package func numbers(ofStimuli places: [Int]) -> [Int] { places.map { numbers[$0] } }

  /// - Throws: `Failure` (`badInput`) unless there are as many names as stimuli of the data.
  package func check(dataCount count: Int) throws(Failure) {
    guard numbers.count == count else {
      throw Failure(
        .badInput, "--clusters names the clusters of \(numbers.count) stimuli, and the data has \(count): give one name for each")
    }
  }

  /// - Throws: `Failure` (`badInput`) unless there is a name for each stimulus of the data, and the plan's stimuli are in enough clusters
  ///   to tell errors from.
  package func check(for plan: ScanPlan) throws(Failure) {
    guard plan.streamCount == nil else {
      throw Failure(
        .usage, "--clusters: a stream's stretches, as long as a window, are its clusters: choose their length by --window")
    }
    guard let count = plan.dataCount else {
      throw Failure(
        .usage,
        "--clusters: the scan is of an earlier version, which didn't note how many stimuli the data has: scan again with --clusters"
      )
    }
    try check(dataCount: count)
    let clusters = Set(numbers(ofStimuli: plan.stimulusPlaces)).count
    guard clusters >= Clusters.least else {
      throw Failure(
        .badInput,
        "--clusters: the \(plan.stimulusCount) stimuli that are scanned are in \(clusters == 1 ? "one cluster" : "\(clusters) clusters"), and errors across them need \(Clusters.least): scan stimuli of more clusters"
      )
    }
  }
}

extension StimulusClusters: CustomStringConvertible {
  /// Tells other clusters apart.
  package var description: String {
    let digest = Digest.hexadecimal(of: Array(numbers.map(String.init).joined(separator: "\n").utf8)).prefix(12)
    return "\(Set(numbers).count) of \(numbers.count) stimuli (\(digest))"
  }
}
