import ArgumentParser
import ScanPlan
import Stimuli

/// The file that `--clusters` names.
enum ClusterFile {
  static let help: ArgumentHelp = """
    A file that says which stimuli are repeated measures of one subject, picture or text: a name a line and stimulus of the data, or an \
    .npy file of whole numbers. Stimuli of one name are alike; errors across stimuli take clusters for independent.
    """

  /// - Throws: `StimuliError`.
  static func read(_ path: String) throws -> StimulusClusters { StimulusClusters(names: try readClusters(path)) }
}
