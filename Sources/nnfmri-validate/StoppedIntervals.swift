import Reporting
import Shapley
import Statistics

/// How often 95 % intervals hold the true ζ where a layer ended early, and what ending early saves.
struct StoppedIntervals {
  /// What the page says before the tables.
  static let introduction = """
    ## Intervals of layers that ended early

    The regression at K = 64 with 400 repeats a row and interim analyses at 4, 16 and 64 evaluations a region. Widths are chosen
    so that about half of the runs are narrow enough at the first, or at the second analysis. *Held*: the share of intervals,
    corrected for the analyses, that hold the true ζ where the rule ended the layer. *Without correction*: the same share of the
    uncorrected intervals. *At the worst analysis*: the share of regions whose corrected intervals held at every analysis up to
    the end, which is what the correction promises for 95 % of them, under any rule. The layer of 8 stimuli draws new stimuli in
    each repeat, and its intervals are about the mean over all stimuli. *Evaluations saved*: the share of all rows of the designs
    that were not measured.
    """

  private static let samples = 64
  private static let repeats = 400

  /// A layer that is measured over and over: one stimulus whose ζ are known, or several whose mean ζ are.
  private struct Layer {
    let name: String
    let regions: Int
    /// `[regions]`: what the intervals are about.
    let truth: [Double]
    /// The games of a repeat, one a stimulus.
    let games: (_ seed: Int) -> [ReferenceGame]
  }

  private var layers: [Layer] {
    let network = ReferenceGame.network(regions: 12, hidden: 6, seed: 2)
    let products = ReferenceGame.products(regions: 32, counts: [32, 60, 60], curve: 5, seed: 3)
    let mean = ReferenceGame.noisyLayer(regions: 32, nulls: 16, layer: 1, stimulus: 0, isVaried: false)
    return [
      Layer(
        name: network.name, regions: 12, truth: network.shapley, games: { _ in [network] }),
      Layer(
        name: products.name, regions: 32, truth: products.shapley, games: { _ in [products] }),
      // Deviations of single regions' weights have mean 0, so the layer without them has the mean ζ.
      Layer(
        name: "layer of 8 stimuli", regions: 32, truth: mean.shapley,
        games: { seed in
          (0..<8).map {
            .noisyLayer(regions: 32, nulls: 16, layer: 1, stimulus: 8 * seed + $0, isVaried: true)
          }
        }),
    ]
  }

  /// What happened to the intervals of a layer's repeats.
  private struct Counts {
    var held = 0
    var heldWithoutCorrection = 0
    var heldAtWorst = 0
    var all = 0
    var rows = 0
    var full = 0
    var ends: [StoppingRule.Reason: Int] = [:]

    func share(_ count: Int) -> String { Number.fixed(Double(count) / Double(all), 3) }
  }

  func report() throws -> String {
    var table = MarkdownTable([
      "game", "n", "stimuli", "rule", "ended by", "held", "without correction", "at the worst analysis", "evaluations saved",
    ])
    for layer in layers {
      let tolerances = try typicalWidths(layer)
      let rules =
        tolerances.map { StoppingRule(tolerance: $0, allocation: .even, confidence: 0.95) } + [
          StoppingRule(tolerance: nil, allocation: .decisions, confidence: 0.95)
        ]
      for rule in rules {
        var counts = Counts()
        for seed in 0..<Self.repeats { try measure(layer, rule, seed: seed, &counts) }
        let ends = counts.ends.sorted { $0.value > $1.value }.map { "\($0.key.rawValue) \($0.value)" }
        table.append([
          layer.name, "\(layer.regions)", "\(layer.games(0).count)",
          rule.tolerance.map { "± \(Number.significant($0)) %" } ?? "decisions",
          ends.joined(separator: ", "), counts.share(counts.held), counts.share(counts.heldWithoutCorrection),
          counts.share(counts.heldAtWorst), Number.fixed(1 - Double(counts.rows) / Double(counts.full), 2),
        ])
      }
    }
    return "\(table)"
  }

  /// Half the width of the widest interval at each analysis but the last, in percent of the effect: the median of some runs, so
  /// that about half of the runs that come to the analysis end there.
  private func typicalWidths(_ layer: Layer) throws -> [Double] {
    let never = StoppingRule(tolerance: .leastNonzeroMagnitude, allocation: .even, confidence: 0.95)
    let runs = try (0..<21).map { seed in
      try StoppedRun(
        games: layer.games(Self.repeats + seed), samples: Self.samples, rule: never, seed: UInt64(Self.repeats + seed))
    }
    return (0..<runs[0].schedule.count - 1).compactMap { analysis in
      let widths = runs.filter { $0.widest.count > analysis }.map { $0.widest[analysis] }.sorted()
      return widths.isEmpty ? nil : widths[widths.count / 2]
    }
  }

  private func measure(_ layer: Layer, _ rule: StoppingRule, seed: Int, _ counts: inout Counts) throws {
    let games = layer.games(seed)
    let run = try StoppedRun(games: games, samples: Self.samples, rule: rule, seed: UInt64(seed))
    let share = run.schedule.errorShare
    let corrected = LayerStatistics(series: run.series, errorShare: share).tests
    let plain = LayerStatistics(series: run.series).tests
    let rounding = 1e-6 * layer.truth.reduce(0) { $0 + $1 * $1 }.squareRoot()
    func holds(_ test: RegionTest, _ truth: Double) -> Bool {
      test.interval.lowerBound - rounding <= truth && truth <= test.interval.upperBound + rounding
    }
    var isHeldThroughout = [Bool](repeating: true, count: layer.regions)
    for analysis in 0...run.analysis {
      let tests = LayerStatistics(series: run.history[analysis], errorShare: share).tests
      for region in layer.truth.indices where !holds(tests[region], layer.truth[region]) {
        isHeldThroughout[region] = false
      }
    }
    for region in layer.truth.indices {
      counts.held += holds(corrected[region], layer.truth[region]) ? 1 : 0
      counts.heldWithoutCorrection += holds(plain[region], layer.truth[region]) ? 1 : 0
      counts.heldAtWorst += isHeldThroughout[region] ? 1 : 0
    }
    counts.all += layer.regions
    counts.rows += run.rows.reduce(0, +)
    counts.full += games.count * run.schedule.rows[run.schedule.count - 1]
    counts.ends[run.reason, default: 0] += 1
  }
}
