/// What the user asks of a comparison.
package struct ComparisonRequest: Sendable {
  /// The folder of a finished scan.
  package var folder: String
  /// Where its files are now; `nil` where `scan.json` says.
  package var model: String?
  package var data: String?
  /// The file of labels, where the stimuli bring none.
  package var labels: String?
  /// Numbers of the scan's layers; `nil` is all.
  package var layers: [Int]?
  /// How many of the scan's stimuli, the first ones.
  package var stimuli: Int
  /// K of the reference.
  package var referenceSamples: Int

  package init(folder: String, stimuli: Int, referenceSamples: Int) {
    self.folder = folder
    self.stimuli = stimuli
    self.referenceSamples = referenceSamples
  }
}
