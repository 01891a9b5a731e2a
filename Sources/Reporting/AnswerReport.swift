import Grids
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// The three questions that a layer's stimuli answer, as neuroimaging names them: this stimulus (first level), these stimuli (fixed
/// effects), stimuli like these (random effects); and in how many of their kind a region matters.
enum AnswerReport {
  private static let fewRegions = 8

  /// A layer's part of `impact.json`.
  static func content(_ layer: ScanResult.Layer, _ result: ScanResult) -> JSONValue {
    let answers = layer.answers
    let counts = answers.critical.map(\.count).sorted()
    return [
      "sentence": .string(sentences(layer, result).joined(separator: " ")),
      "critical_stimuli_like_these": answers.group == nil ? .null : .int(layer.statistics.isCritical.count { $0 }),
      "critical_these_stimuli": answers.group.map { .int($0.isFixedCritical.count { $0 }) } ?? .null,
      "critical_single_stimulus": JSONValue([counts.first ?? 0, counts[counts.count / 2], counts.last ?? 0]),
      "stimuli_needed": JSONValue(answers.group?.stimuliNeeded),
      "least_reliability": JSONValue(answers.reliabilities?.least),
      "median_reliability": JSONValue(answers.reliabilities?.median),
    ]
  }

  /// A region's part of `impact.json`; `nil` for one stimulus.
  static func content(_ region: Int, _ layer: ScanResult.Layer) -> [String: JSONValue] {
    guard let group = layer.answers.group else {
      return ["these_stimuli": .null, "prevalence": .null, "heterogeneity": .null]
    }
    let (test, prevalence, heterogeneity) = (group.fixedEffects[region], group.prevalence[region], group.heterogeneity[region])
    return [
      "these_stimuli": [
        "standard_error": .double(test.standardError),
        "zeta_confidence_interval": JSONValue(test.interval),
        "degrees_of_freedom": .double(test.degreesOfFreedom),
        "p_value": .double(test.p),
        "q_value": .double(group.fixedQ[region]),
        "critical": .bool(group.isFixedCritical[region]),
      ],
      "prevalence": [
        "estimate": .double(prevalence.estimate),
        "confidence_interval": JSONValue(prevalence.interval),
        "positive": .int(layer.answers.needed[region]),
        "negative": .int(layer.answers.heldBack[region]),
        "stimuli": .int(prevalence.count),
      ],
      "heterogeneity": ["tau_squared": .double(heterogeneity.tauSquared), "i_squared": .double(heterogeneity.iSquared)],
    ]
  }

  static let columns = [
    "fixed_standard_error", "fixed_p_value", "fixed_q_value", "fixed_critical", "stimuli_positive", "stimuli_negative",
    "prevalence", "prevalence_low", "prevalence_high", "tau_squared", "i_squared",
  ]

  /// A region's fields of `regions.tsv`, in the order of `columns`.
  static func fields(_ region: Int, _ layer: ScanResult.Layer) -> [String] {
    let answers = layer.answers
    let counts = ["\(answers.needed[region])", "\(answers.heldBack[region])"]
    guard let group = answers.group else {
      return ["n/a", "n/a", "n/a", "n/a"] + counts + ["n/a", "n/a", "n/a", "n/a", "n/a"]
    }
    let (test, prevalence, heterogeneity) = (group.fixedEffects[region], group.prevalence[region], group.heterogeneity[region])
    return [
      "\(test.standardError)", "\(test.p)", "\(group.fixedQ[region])", "\(group.isFixedCritical[region])",
    ] + counts + [
      "\(prevalence.estimate)", "\(prevalence.interval.lowerBound)", "\(prevalence.interval.upperBound)",
      "\(heterogeneity.tauSquared)", "\(heterogeneity.iSquared)",
    ]
  }

  /// Which question was answered, and what its answer is.
  static func sentences(_ layer: ScanResult.Layer, _ result: ScanResult) -> [String] {
    let answers = layer.answers
    guard let group = answers.group else { return ["\(single(layer)) It says nothing of other stimuli."] }
    let units = IndependentUnits(result.plan, result.request).independent(layer.series.map { $0 != nil })
    return [
      """
      Stimuli like these (random effects): \(likeThese(layer, group, units)). These \(layer.statistics.seriesCount) (fixed effects): \
      \(group.isFixedCritical.count { $0 }). \(each(answers))
      """, few(layer), familyWise(layer, units, flips: result.request.analysis.signFlips),
      prevalence(layer, group, TargetWords.needed(result)),
    ].compactMap(\.self)
  }

  /// What to read instead where a standard deviation above the mean is hardly a distinction: of two regions the larger always is there, and
  /// more than half of them never are.
  private static func few(_ layer: ScanResult.Layer) -> String? {
    let count = layer.plan.regionCount
    guard (2..<fewRegions).contains(count) else { return nil }
    let significant = layer.statistics.isSignificant.count { $0 }
    return
      "Of so few regions read ζ and significance (\(significant) of \(count)): critical only means a standard deviation above their mean."
  }

  /// What errors across stimuli come from.
  private typealias Units = (count: Int, name: String)

  private static func familyWise(_ layer: ScanResult.Layer, _ units: Units, flips: Int) -> String? {
    let level = ContrastReport.level
    return layer.familyWiseP.map { p in
      let least = SignFlips.leastP(of: units.count, flips: flips)
      return least < level
        ? "Family-wise, by sign flips: \(regions(p.count { $0 < level })) with p < \(Number.significant(level))."
        : "Family-wise, by sign flips: nothing can be told, since of \(units.count) \(units.name) and \(flips) flips p is \(Number.probability(least)) at least."
    }
  }

  private static func likeThese(_ layer: ScanResult.Layer, _ group: LayerAnswers.Group, _ units: Units) -> String {
    let critical = layer.statistics.isCritical.count { $0 }
    if critical > 0 { return "\(regions(critical)) critical" }
    guard layer.plan.regionCount >= fewRegions else { return "none critical" }
    guard let needed = group.stimuliNeeded else { return "none critical, and more of them aren't expected to show any" }
    let count = layer.statistics.seriesCount
    // Of alike stimuli as many for each as there are.
    let unit = units.count == count ? "" : " \(units.name)"
    return needed > count
      ? "none critical; about \(rounded(needed * units.count / count))\(unit) would be needed to find one with probability \(StimuliNeeded.power)"
      : "none critical, though as many had a fair chance to show one"
  }

  private static func each(_ answers: LayerAnswers) -> String {
    let counts = answers.critical.map(\.count).sorted()
    let span = counts.first == counts.last ? "\(counts[0])" : "\(counts[0]) to \(counts[counts.count - 1])"
    return "Each by itself: \(span) critical" + (reliability(answers).map { ", \($0)" } ?? "") + "."
  }

  private static func single(_ layer: ScanResult.Layer) -> String {
    let critical = layer.statistics.isCritical.count { $0 }
    return "This stimulus (first level): \(regions(critical)) critical"
      + (reliability(layer.answers).map { ", \($0)" } ?? "") + "."
  }

  private static func reliability(_ answers: LayerAnswers) -> String? {
    guard let (least, median) = answers.reliabilities else { return nil }
    return least == median
      ? "reliability \(Number.fixed(least, 2))" : "reliability \(Number.fixed(median, 2)), the least \(Number.fixed(least, 2))"
  }

  /// Of the region that most stimuli need. - Parameter target: what for, where it isn't each stimulus's answer.
  private static func prevalence(_ layer: ScanResult.Layer, _ group: LayerAnswers.Group, _ target: String?) -> String? {
    let (needed, zeta) = (layer.answers.needed, layer.statistics.zeta)
    guard let best = needed.indices.max(by: { (needed[$0], zeta[$0]) < (needed[$1], zeta[$1]) }),
      needed[best] > 0, group.prevalence[best].estimate > 0
    else { return nil }
    let most = group.prevalence[best]
    let interval = [most.interval.lowerBound, most.interval.upperBound].map { Number.fixed(100 * $0, 0) }
    // Without errors the least effect counts, and none but a region that does nothing has none.
    let prevalence =
      [.exact, .affine].contains(layer.estimator.name)
      ? ""
      : """
      ; it matters in \(Number.fixed(100 * most.estimate, 0)) % [\(interval[0]), \(interval[1])] of such stimuli \
      (I² \(Number.fixed(100 * group.heterogeneity[best].iSquared, 0)) %)
      """
    return """
      Most often needed\(target.map { " for \($0)" } ?? ""): \(layer.grid.label(of: best)), in \(needed[best]) of \(most.count), \
      against \(target ?? "the answer") in \(layer.answers.heldBack[best])\(prevalence).
      """
  }

  private static func regions(_ count: Int) -> String { Plural.count(count, "region", "regions") }

  /// Two digits: a forecast has no more.
  private static func rounded(_ count: Int) -> Int {
    var unit = 1
    while count / unit >= 100 { unit *= 10 }
    return (count + unit - 1) / unit * unit
  }
}
