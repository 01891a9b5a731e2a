import Foundation
import Phantom
import Reporting
import ScanPlan
import ScanResults
import Shapley

/// How many evaluations a scan that ends early needs for as good decisions (is a region critical?) as one that spends the
/// same number on every layer.
struct EvaluationsSaved {
  /// What the page says before the tables.
  static let introduction = """
    ## Evaluations saved

    Which regions are called critical, compared with the calls that exact ζ of the same stimuli give. Every layer and stimulus gets
    K evaluations a region (even spending, without interim analyses, each K with a design of its own), or K = 64 under a rule that
    may end a layer earlier. The estimator is the regression. *Evaluations spent*: the share of those of K = 64. *Wrong calls*:
    critical regions that were not found, and others that were called critical. *Even spending needs*: the share of evaluations
    with which even spending first has as few wrong calls, interpolated between the K above. That is hindsight, since who spends
    evenly has to know K. Layers have 32 regions, whose ζ scatter about the bound: *unequal layers* are 60 networks of four, in
    which interactions have 0.03, 0.1, 0.3 and 1 of the weight of single regions; *unequal stimuli* are 60 layers, in which they
    have that weight under every fourth stimulus; *phantoms* are sequences of order 2 and 3, 40 each, whose critical regions stand
    clear of the bound. *Glyphs* are all layers of the built-in trained network with a grid of 4x4x4; the calls of another scan
    with K = 256 stand for the truth, and fewer samples are the first rows of the design.
    """

  private static let samples = [4, 8, 16, 32, 64]
  private static let networks = 60
  private static let phantoms = 40
  private static let rules: [(name: String, rule: StoppingRule)] = [
    ("± 4 %", StoppingRule(tolerance: 4, allocation: .even, confidence: 0.95)),
    ("± 2 %", StoppingRule(tolerance: 2, allocation: .even, confidence: 0.95)),
    ("decisions", StoppingRule(tolerance: nil, allocation: .decisions, confidence: 0.95)),
    ("± 2 %, decisions", StoppingRule(tolerance: 2, allocation: .decisions, confidence: 0.95)),
  ]

  /// The folder of a network's scans, `scan` with the whole budget and `reference` with more.
  let recorded: String?

  /// What became of some layers under a way to spend evaluations.
  private struct Calls {
    var layers = 0
    var rows = 0
    var allRows = 0
    var critical = 0
    var called = 0
    var right = 0
    var ends: [StoppingRule.Reason: Int] = [:]

    mutating func add(_ layer: DecisionLayer, rows: Int, critical: [Bool]) {
      layers += 1
      self.rows += rows
      allRows += layer.rowCount
      self.critical += layer.truth.count { $0 }
      called += critical.count { $0 }
      right += zip(layer.truth, critical).count { $0 && $1 }
    }

    /// Of all rows.
    var spent: Double { Double(rows) / Double(allRows) }
    /// Regions a layer that are called otherwise than in truth.
    var wrong: Double { Double(critical + called - 2 * right) / Double(layers) }
    var found: Double { Double(right) / Double(max(1, critical)) }
    var falselyCritical: Double { Double(called - right) / Double(max(1, called)) }
  }

  func report() throws -> String {
    var table = MarkdownTable([
      "layers", "stimuli", "rule", "ended by", "evaluations spent", "wrong calls a layer", "found", "critical, falsely",
      "even spending needs",
    ])
    for stimuli in [8, 32] {
      try append("unequal layers", games: unequalLayers(stimuli), to: &table)
    }
    for stimuli in [8, 32] {
      try append("unequal stimuli", games: unequalStimuli(stimuli), to: &table)
    }
    try append("phantoms", games: phantoms(8), to: &table)
    if let recorded {
      let scan = try StoredScan(contentsOf: recorded + "/scan")
      let reference = try StoredScan(contentsOf: recorded + "/reference")
      let shares = Self.samples.map { Double($0) / Double(Self.samples[Self.samples.count - 1]) }
      let layers = try scan.measurements.plan.layers.filter { !$0.design.isWhole }.map {
        try DecisionLayer($0.number, of: scan, shares: shares, reference: reference)
      }
      append("glyphs", layers, to: &table)
    }
    return "\(table)"
  }

  /// Networks of four layers of 32 regions, whose interactions have 0.03, 0.1, 0.3 and 1 of the regions' weights.
  private func unequalLayers(_ stimuli: Int) -> [[ReferenceGame]] {
    (0..<Self.networks).flatMap { network in
      [0.03, 0.1, 0.3, 1].enumerated().map { place, weight in
        (0..<stimuli).map {
          .noisyLayer(
            regions: 32, nulls: 16, layer: 4 * network + place, stimulus: $0, isVaried: true, interactions: weight)
        }
      }
    }
  }

  /// Layers of 32 regions, whose interactions have 0.03, 0.1, 0.3 and 1 of the regions' weights in each of four stimuli.
  private func unequalStimuli(_ stimuli: Int) -> [[ReferenceGame]] {
    (0..<Self.networks).map { layer in
      (0..<stimuli).map {
        .noisyLayer(
          regions: 32, nulls: 16, layer: layer, stimulus: $0, isVaried: true, interactions: [0.03, 0.1, 0.3, 1][$0 % 4])
      }
    }
  }

  private func phantoms(_ stimuli: Int) -> [[ReferenceGame]] {
    (0..<Self.phantoms).flatMap { seed in
      [2, 3].map { order in
        let phantom = AnalyticPhantom(shape: .sequence, order: order, seed: UInt64(seed))
        return (0..<stimuli).map { ReferenceGame.phantom(phantom, stimulus: $0) }
      }
    }
  }

  private func append(_ name: String, games: [[ReferenceGame]], to table: inout MarkdownTable) throws {
    let layers = try games.enumerated().map { seed, games in
      try DecisionLayer(games: games, samples: Self.samples, seed: UInt64(seed))
    }
    append(name, layers, to: &table)
  }

  private func append(_ name: String, _ layers: [DecisionLayer], to table: inout MarkdownTable) {
    func append(_ rule: String, _ calls: Calls, needed: String) {
      let ends = calls.ends.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
      table.append([
        name, "\(layers[0].stimuli)", rule, ends.map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", "),
        Number.fixed(calls.spent, 3), Number.fixed(calls.wrong, 3), Number.fixed(calls.found, 3),
        Number.fixed(calls.falselyCritical, 3), needed,
      ])
    }
    let even = Self.samples.indices.map { place in
      layers.reduce(into: Calls()) { calls, layer in
        let (rows, critical) = layer.even(place)
        calls.add(layer, rows: rows, critical: critical)
      }
    }
    for (samples, calls) in zip(Self.samples, even) { append("even, K = \(samples)", calls, needed: "") }
    for (name, rule) in Self.rules {
      var calls = Calls()
      for layer in layers {
        let (rows, critical, reason) = layer.stopped(by: rule)
        calls.add(layer, rows: rows, critical: critical)
        calls.ends[reason, default: 0] += 1
      }
      append(name, calls, needed: needed(even, for: calls.wrong))
    }
  }

  /// The share of evaluations with which even spending first has as few wrong calls, by interpolation in the logarithm of
  /// evaluations.
  private func needed(_ even: [Calls], for wrong: Double) -> String {
    guard let place = even.firstIndex(where: { $0.wrong <= wrong }) else { return "more than 1" }
    let later = even[place]
    if place == 0 { return "\(Number.fixed(later.spent, 3)) or less" }
    let earlier = even[place - 1]
    let way = (earlier.wrong - wrong) / (earlier.wrong - later.wrong)
    return Number.fixed(earlier.spent * pow(later.spent / earlier.spent, way), 3)
  }
}
