import Lesion
import Reporting
import ScanPlan
import ScanResults
import Shapley

/// What goes through a tensor: the total effect minus the direct one, of two finished scans.
enum MediatedEffect {
  static let (total, direct) = ("total", "direct")
  private static let name = "mediated"

  /// Removes what an earlier comparison left, which isn't of the effects that are about to be measured.
  static func remove(from folder: String) { ContrastReport.remove(from: folder, name: name) }

  /// Writes `mediated.json`, `mediated.tsv` and `mediated.html` beside the folders of the two, and prints the differences.
  ///
  /// - Throws: `Failure` where they have too few stimuli in common, or a file can't be written.
  static func report(through mediator: String, in folder: String) throws {
    let (whole, around) = (
      try StoredScan(contentsOf: "\(folder)/\(total)").result(withInformation: false),
      try StoredScan(contentsOf: "\(folder)/\(direct)").result(withInformation: false)
    )
    let contrast = try ScanContrast(
      whole, around, names: (total, direct), permutations: ContrastCommand.standardPermutations)
    let report = ContrastReport([contrast], unit: whole.request.measurement.value.name)
    try report.write(to: folder, name: name)
    print("\nMediated effect, through \(named(mediator, around.plan.frozenPart?.tensor ?? mediator)):")
    for layer in whole.layers {
      guard let other = around.layers.first(where: { $0.plan.tensor == layer.plan.tensor }) else { continue }
      print(sentence(layer, other))
    }
    print(report.text)
    print("\nResults: \(folder)/ (mediated.html to look at; mediated.json, mediated.tsv; \(total)/, \(direct)/)")
  }

  /// A mediator as the user gave it, with the tensor's name where that was a number.
  private static func named(_ mediator: String, _ tensor: String) -> String {
    guard mediator != tensor, !mediator.hasPrefix(tensor + "=") else { return mediator }
    return tensor + (mediator.lastIndex(of: "=").map { String(mediator[$0...]) } ?? "")
  }

  /// What all of a layer does: the mean over the stimuli that both scans have measured.
  private static func sentence(_ layer: ScanResult.Layer, _ other: ScanResult.Layer) -> String {
    let effects = zip(layer.series, other.series).compactMap { whole, around in
      whole.flatMap { whole in around.map { (whole.effect, $0.effect) } }
    }
    let count = Double(max(effects.count, 1))
    let (whole, around) = (effects.reduce(0) { $0 + $1.0 } / count, effects.reduce(0) { $0 + $1.1 } / count)
    return
      "layer_\(layer.plan.number)  \(layer.plan.tensor)  effect \(Number.significant(whole)): \(Number.significant(around)) direct and \(Number.significant(whole - around)) mediated"
  }
}
