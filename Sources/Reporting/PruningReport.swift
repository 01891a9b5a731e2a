import Grids
import ScanPlan
import ScanResults

/// What taking channels out of a layer did to answers about stimuli that weren't scanned.
struct PruningReport {
  private let trial: PruningTrial
  private let layer: PruningTrial.Layer
  private let regions: Int

  /// `nil` where nothing was tried.
  init?(_ number: Int, _ result: ScanResult) {
    guard let trial = result.pruning, let layer = trial.layers.first(where: { $0.layer == number }) else { return nil }
    (self.trial, self.layer) = (trial, layer)
    regions = result.layers[number].grid.regionCount
  }

  private var sizes: [Int] { Set(layer.removals.map(\.regions.count)).sorted() }
  private var measure: String { trial.intactCorrect == nil ? "answers kept" : "accuracy" }

  /// 0 to 1: answers that are right, or kept where labels are unknown; the mean over sets of one kind, with the least and the largest.
  private func shares(_ criterion: PruningTrial.Criterion, _ size: Int) -> (mean: Double, low: Double, high: Double) {
    let shares = layer.removals.filter { $0.criterion == criterion && $0.regions.count == size }.map {
      Double(trial.intactCorrect == nil ? $0.kept : $0.correct) / Double(max(1, trial.places.count))
    }
    return (shares.reduce(0, +) / Double(max(1, shares.count)), shares.min() ?? 0, shares.max() ?? 0)
  }

  private func percent(_ share: Double) -> String { Number.fixed(100 * share, 0) }

  /// What a person reads in the terminal.
  var line: String {
    let intact = trial.intactCorrect.map { " (\(percent(Double($0) / Double(max(1, trial.places.count)))) intact)" } ?? ""
    let parts = sizes.map { size in
      let random = shares(.random, size)
      return """
        \(size): \(percent(shares(.absolute, size).mean)) by mean |ζ|, \(percent(shares(.signed, size).mean)) by ζ, \
        \(percent(shares(.density, size).mean)) by density, \(percent(random.low))-\(percent(random.high)) at random
        """
    }
    return """
      Taking channels out of \(regions), \(measure) in % on \(trial.places.count) stimuli that weren't scanned\(intact): \
      \(parts.joined(separator: "; ")).
      """
  }

  /// What the template of a layer wants.
  var context: [String: Any] {
    [
      "measure": measure, "stimuli": trial.places.count,
      "intact": trial.intactCorrect.map { percent(Double($0) / Double(max(1, trial.places.count))) + " %" } ?? "100 %",
      "rows": sizes.map { size in
        let random = shares(.random, size)
        return [
          "size": "\(size) of \(regions)", "absolute": percent(shares(.absolute, size).mean),
          "signed": percent(shares(.signed, size).mean), "density": percent(shares(.density, size).mean),
          "random": "\(percent(random.mean)) (\(percent(random.low))–\(percent(random.high)))",
        ]
      },
    ]
  }

  var content: JSONValue {
    [
      "stimuli": .int(trial.places.count), "intact_correct": JSONValue(trial.intactCorrect),
      "removals": .array(
        layer.removals.map {
          [
            "criterion": .string($0.criterion.rawValue), "channels": JSONValue($0.regions),
            "correct": trial.intactCorrect == nil ? .null : .int($0.correct), "kept": .int($0.kept),
          ]
        }),
    ]
  }
}
