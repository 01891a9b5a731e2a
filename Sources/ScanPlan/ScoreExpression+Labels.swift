package import Lesion
package import UserErrors

extension ScoreExpression {
  /// The classes that `label` names, by stimulus.
  ///
  /// - Parameter places: of the stimuli in their files.
  /// - Throws: `Failure` (`badInput`) where a stimulus has no label.
  package static func classes(ofLabels labels: [Int], places: [Int]) throws(Failure) -> [Int] {
    if let unlabelled = labels.firstIndex(where: { $0 < 0 }) {
      throw Failure(
        .badInput,
        "--value names the label, and stimulus \(places[unlabelled]) has none (\(labels[unlabelled])); scan without such, by --select"
      )
    }
    return labels
  }
}
