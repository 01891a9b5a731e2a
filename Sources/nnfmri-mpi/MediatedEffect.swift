import Lesion
import Reporting
import ScanPlan
import ScanResults

/// What goes through a tensor: the total effect minus the direct one, of two finished scans.
enum MediatedEffect {
  static let (total, direct) = ("total", "direct")

  /// Writes `mediated.json`, `mediated.tsv` and `mediated.html` beside the folders of the two, and prints the differences.
  ///
  /// - Throws: `Failure` where they have too few stimuli in common, or a file can't be written.
  static func report(through mediator: String, in folder: String) throws {
    let (whole, around) = (
      try StoredScan(contentsOf: "\(folder)/\(total)").result(), try StoredScan(contentsOf: "\(folder)/\(direct)").result()
    )
    let contrast = try ScanContrast(
      whole, around, names: (total, direct), permutations: ContrastCommand.standardPermutations)
    let report = ContrastReport([contrast], unit: whole.request.measurement.value.name)
    try report.write(to: folder, name: "mediated")
    print("\nMediated effect, through \(mediator):\n\(report.text)")
    print("\nResults: \(folder)/ (mediated.html to look at; mediated.json, mediated.tsv; \(total)/, \(direct)/)")
  }
}
