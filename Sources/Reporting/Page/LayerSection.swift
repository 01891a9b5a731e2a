import Anatomy
internal import Glibc
import Grids
import Lesion
import ScanPlan
import ScanResults
import Shapley
import Statistics
import Stimuli

/// A layer's part of the report: maps, ranking and numbers.
struct LayerSection {
  /// Regions of the ranking.
  private static let regionsShown = 12
  /// Channels are many and of one kind.
  private static let channelsShown = 24
  private static let driversShown = 4
  /// A q below 10 to the minus this is drawn as if it were that.
  private static let mostDecades = 4.0

  let score: LayerScore
  private let layer: ScanResult.Layer
  private let name: String
  private let result: ScanResult
  /// Stimuli that the page has pictures of.
  private let pictures: Int
  private let layout: MosaicLayout
  /// Where the truth, if it is known, has something important; [regions].
  private let important: [Bool]?

  init(_ layer: ScanResult.Layer, name: String, of result: ScanResult, truth: PhantomTruth?, pictures: Int) {
    self.layer = layer
    self.name = name
    self.result = result
    self.pictures = pictures
    score = LayerScore(layer)
    layout = MosaicLayout(layer.grid.size)
    important = truth?.important(in: layer)
  }

  private var request: ScanRequest { result.request }
  private var tests: [RegionTest] { layer.statistics.tests }
  private var isScored: Bool { score.reason == nil }
  private var id: String { "layer_\(layer.plan.number)" }
  private var unit: String { isScored ? " %" : " " + request.measurement.value.name }
  private var confidence: String { Number.significant(100 * request.analysis.confidence) }

  /// ζ on the scale that the layer is shown on: percent of its effect, or v.
  private func shown(_ zeta: Double) -> Double { score.percent(zeta) ?? zeta }
  private func shown(_ interval: ClosedRange<Double>) -> ClosedRange<Double> { score.percent(interval) ?? interval }
  private func halfWidth(_ test: RegionTest) -> Double {
    let interval = shown(test.interval)
    return (interval.upperBound - interval.lowerBound) / 2
  }

  /// A row of the table of layers.
  func summary(largestEffect: Double) -> [String: Any] {
    let share = largestEffect > 0 ? 50 * score.effect / largestEffect : 0
    return common.merging([
      "effectX": Number.fixed(50 + min(share, 0), 1), "effectWidth": Number.fixed(abs(share), 1),
      "effectClass": share < 0 ? "negative" : "positive",
    ]) { $1 }
  }

  /// What the table of layers and the section both say.
  private var common: [String: Any] {
    [
      "id": id, "name": name, "tensor": layer.plan.tensor, "grid": layer.grid.isGrid ? "\(layer.grid.size)" : "of its own",
      "effect": Number.significant(score.effect), "critical": layer.statistics.isCritical.count { $0 },
      "regions": layer.plan.regionCount, "coverage": Number.fixed(100 * layer.moments.coverage, 0),
      "meanMagnitude": Number.significant(layer.moments.layerMeanMagnitude),
      "variance": Number.significant(layer.moments.layerVariance),
      "widest": Number.significant(tests.map(halfWidth).max() ?? 0) + unit,
    ]
  }

  var context: [String: Any] {
    var context: [String: Any] = [
      "number": layer.plan.number, "operator": layer.plan.operatorType,
      "shape": layer.plan.shape.dropFirst().map(String.init).joined(separator: "x"),
      "unit": request.measurement.value.name, "confidence": confidence,
      "regionCount": Plural.count(layer.plan.regionCount, "region", "regions"),
      "isSingle": layer.plan.regionCount == 1,
      "estimator": layer.estimator.name.rawValue,
      "evaluations": layer.gradients == nil
        ? Plural.count(layer.plan.rows, "evaluation", "evaluations")
        : Plural.count(layer.plan.rows, "gradient pass", "gradient passes"),
      "answers": AnswerReport.sentences(layer, result), "trials": TrialReport(layer.plan.number, result)?.lines ?? [],
      "byChannel": layer.grid.isByChannel && pictures > 0,
      "scoreTitle": isScored ? "ζ score, %" : "ζ, \(request.measurement.value.name)",
      "figures": figures.map(\.context), "ranking": ranking,
    ]
    context.merge(common) { $1 }
    context["pruning"] = PruningReport(layer.plan.number, result)?.context
    context["scoreReason"] = score.reason
    if request.measurement.regions == .tokens {
      context["hasTokens"] = true
      context["tokens"] = tokens.context
    }
    context["gradients"] = GradientReport.sentence(layer)
    context["rounds"] = layer.rounds.map { RoundsReport.sentence($0, request) }
    return context
  }

  private var tokens: TokenStrip {
    let zeta = tests.map { shown($0.mean) }
    let limit = zeta.map(abs).filter(\.isFinite).max() ?? 0
    let names = (0..<layer.plan.regionCount).map { layer.grid.label(of: $0) }
    return TokenStrip(
      names: names, classes: zeta.map { ColourScale.diverging($0, limit: limit) }, critical: layer.statistics.isCritical,
      tips: zip(names, tests).map { name, test in
        let interval = shown(test.interval)
        return """
          \(name)
          ζ \(Number.significant(shown(test.mean)))\(unit) [\(Number.significant(interval.lowerBound)), \
          \(Number.significant(interval.upperBound))]
          """
      })
  }

  private var figures: [MapFigure] {
    let zeta = tests.map { shown($0.mean) }
    let limit = zeta.map(abs).filter(\.isFinite).max() ?? 0
    let widths = tests.map(halfWidth)
    let densities = (0..<layer.grid.regionCount).map(layer.moments.density)
    let decades = layer.statistics.q.map { min(Self.mostDecades, $0 > 0 ? -log10($0) : Self.mostDecades) }
    func figure(
      _ title: String, _ classes: [String], isDiverging: Bool = false, _ low: String, _ middle: String, _ high: String,
      _ alt: String
    ) -> MapFigure {
      MapFigure(
        title: title, layout: layout, layer: layer.plan.number, classes: classes, isDiverging: isDiverging,
        low: low, middle: middle, high: high, alt: "\(title) of \(id), \(layer.plan.tensor): \(alt)",
        outline: layer.statistics.isCritical, truth: isDiverging ? important : nil, tableID: id + "-table")
    }
    func sequential(_ title: String, _ values: [Double], from low: Double?, _ unit: String, _ alt: String) -> MapFigure {
      let finite = values.filter(\.isFinite)
      let (least, most) = (low ?? finite.min() ?? 0, finite.max() ?? 0)
      let range = least...max(least, most)
      return figure(
        title, values.map { ColourScale.sequential($0, range) }, Number.significant(range.lowerBound) + unit,
        "", Number.significant(range.upperBound) + unit, alt)
    }
    let best = layer.statistics.rank.firstIndex(of: 1) ?? 0
    let critical = layer.statistics.isCritical.count { $0 }
    return [
      figure(
        isScored ? "ζ score" : "ζ", zeta.map { ColourScale.diverging($0, limit: limit) }, isDiverging: true,
        "−" + Number.significant(limit) + unit, "0", "+" + Number.significant(limit) + unit,
        """
        largest \(Number.significant(zeta[best]))\(unit) in \(layer.grid.label(of: best)); \(critical) of \
        \(zeta.count) regions are critical and outlined
        """),
      sequential(
        "\(confidence) % CI, half width", widths, from: 0, unit, "widest ±\(Number.significant(widths.max() ?? 0))\(unit)"),
      sequential(
        "Density", densities, from: nil, "",
        "from \(Number.significant(densities.min() ?? 0)) to \(Number.significant(densities.max() ?? 0))"),
      figure(
        "q", decades.map { ColourScale.sequential($0, 0...Self.mostDecades) }, "1", "0.01", "≤ 0.0001",
        "\(layer.statistics.isSignificant.count { $0 }) of \(zeta.count) regions below \(Number.significant(request.analysis.falseDiscoveryRate))"
      ),
    ]
  }

  private var ranking: [[String: Any]] {
    let statistics = layer.statistics
    let regions = Ranking.order(statistics.zeta).prefix(
      layer.grid.isByChannel ? Self.channelsShown : Self.regionsShown)
    let intervals = regions.map { shown(tests[$0].interval) }
    let least = min(0, intervals.map(\.lowerBound).min() ?? 0)
    let most = max(0, intervals.map(\.upperBound).max() ?? 0)
    func x(_ value: Double) -> String { Number.fixed(most > least ? 4 + 192 * (value - least) / (most - least) : 4, 1) }
    let show = isScored ? { Number.fixed($0, 2) } : Number.significant
    return zip(regions, intervals).map { region, interval in
      let ranks = statistics.rankInterval[region]
      let zeta = shown(tests[region].mean)
      return [
        "rank": statistics.rank[region], "region": layer.grid.label(of: region), "drivers": drivers(region),
        "critical": statistics.isCritical[region],
        "score": show(zeta), "low": show(interval.lowerBound), "high": show(interval.upperBound), "zero": x(0),
        "left": x(interval.lowerBound), "right": x(interval.upperBound), "centre": x(zeta),
        "sign": zeta < 0 ? "negative" : "positive",
        "q": Number.probability(statistics.q[region]),
        "ranks": ranks.count == 1 ? "\(ranks.lowerBound)" : "\(ranks.lowerBound)–\(ranks.upperBound)",
      ]
    }
  }

  /// The stimuli that a channel is most active under, where there are pictures of them.
  private func drivers(_ region: Int) -> [[String: Any]] {
    guard layer.grid.isByChannel, pictures > 0, let size = result.thumbnails else { return [] }
    let densities = layer.densities.prefix(pictures).map { $0[region] }
    return densities.indices.sorted { (-densities[$0], $0) < (-densities[$1], $1) }.prefix(Self.driversShown).map { stimulus in
      [
        "number": stimulus, "width": size.width, "height": size.height,
        "alt": "stimulus \(result.plan.stimulusPlaces[stimulus]), φ \(Number.significant(densities[stimulus]))",
      ]
    }
  }

  /// What the page's script knows of the layer.
  var data: JSONValue {
    let (statistics, moments) = (layer.statistics, layer.moments)
    let regions = 0..<layer.grid.regionCount
    func numbers(_ value: (Int) -> Double) -> JSONValue { .array(regions.map { .double(Number.rounded(value($0))) }) }
    func counts(_ value: (Int) -> Int) -> JSONValue { .array(regions.map { .int(value($0)) }) }
    return [
      "tensor": .string(layer.plan.tensor), "grid": JSONValue(layer.plan.grid), "scored": .bool(isScored),
      "unit": .string(unit),
      "channels": .bool(layer.grid.isByChannel), "name": .string(name), "labels": JSONValue(layer.grid.labels),
      "layout": [
        "kind": .string(layout.kind.rawValue), "rows": .int(layout.rows), "columns": .int(layout.columns),
        "panels": .int(layout.panels), "panelsPerRow": .int(layout.panelsPerRow),
      ],
      "columns": [
        "zeta": numbers { tests[$0].mean }, "score": numbers { shown(tests[$0].mean) },
        "low": numbers { shown(tests[$0].interval).lowerBound }, "high": numbers { shown(tests[$0].interval).upperBound },
        "q": numbers { statistics.q[$0] }, "rank": counts { statistics.rank[$0] },
        "rank_low": counts { statistics.rankInterval[$0].lowerBound },
        "rank_high": counts { statistics.rankInterval[$0].upperBound },
        "density": numbers(moments.density), "mean_abs": numbers(moments.meanMagnitude),
        "variance": numbers(moments.variance), "critical": counts { statistics.isCritical[$0] ? 1 : 0 },
      ],
    ]
  }
}
