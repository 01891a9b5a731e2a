internal import Files
package import Shapley

/// What the user asks of a scan, before the model and the stimuli have been looked at: the options of the command, by
/// what they decide.
package struct ScanRequest: Sendable {
  /// What is scanned.
  package var subject: Subject
  /// What decides the measured values: the only options that are part of a scan's identity.
  package var measurement = MeasurementOptions()
  /// What is made of the values; may differ from run to run.
  package var analysis = AnalysisOptions()
  /// What a rank may use.
  package var resources = ResourceOptions()
  /// How a run goes, and where it leaves what it finds.
  package var run: RunOptions

  package init(model: String, data: String, output: String) {
    subject = Subject(model: model, data: data)
    run = RunOptions(output: output)
  }

  /// The files that are scanned.
  package struct Subject: Sendable {
    /// The ONNX file.
    package var model: String
    /// The file or folder of stimuli.
    package var data: String
    /// A file of labels, where the stimuli bring none.
    package var labels: String?
    /// A file with the names of the classes.
    package var classNames: String?
  }

  /// When a layer has been measured enough.
  package var stoppingRule: StoppingRule { measurement.stoppingRule }

  /// The options that decide measured values, by name: the measurement's, and which stimuli are clusters where that decides when layers have
  /// been measured enough.
  package var decisiveOptions: [String: String] {
    var options = measurement.byName
    if stoppingRule.isAdaptive, let clusters = analysis.clusters { options["clusters"] = "\(clusters)" }
    return options
  }

  /// SHA-256 of the options that all ranks must share.
  package var digest: String {
    Digest.hexadecimal(of: Array((measurement.entries + analysis.entries).map { "\($0.name)=\($0.text)\n" }.joined().utf8))
  }
}
