/// How a run goes, and where it leaves what it finds.
package struct RunOptions: Sendable {
  /// The output folder.
  package var output: String
  /// Whether the table of values is written.
  package var keepsAcquisition = true
  /// Go on with a scan that ended early, where the output folder holds one.
  package var resumes = false
  /// The folder that holds those of several scans, of which this is one: a wish to end may be left there too. `nil` for none.
  package var folderOfAll: String?
  /// The fewest stimuli that what comes after the scan can compare.
  package var leastStimuli = 1
  /// The folder of a finished scan whose measurements are taken over; `nil` for none.
  package var extended: String?
  /// The moment, on the monotonic clock, at which the scan has to be over; `nil` for none.
  package var deadline: Double?
  /// The share of the series that is measured; `nil` is all.
  package var part: ScanPart?
  /// Seconds between two checkpoints.
  package var checkpointInterval = 60.0
  /// Seconds after which a rank that isn't heard of is lost, and the scan ends.
  package var patience = 1800.0

  package init(output: String) {
    self.output = output
  }
}
