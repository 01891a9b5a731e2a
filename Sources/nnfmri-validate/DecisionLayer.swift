import Grids
import ScanPlan
import ScanResults
import Shapley

/// A layer of which it is known which regions would be called critical if all coalitions were measured, and what was
/// estimated of it on the way.
struct DecisionLayer {
  /// The analyses of a scan that may end early.
  let schedule: AnalysisSchedule
  /// `[analyses][stimuli]`.
  private let atAnalyses: [[Estimate]]
  /// By number of samples: rows a stimulus, and `[stimuli]` estimates.
  private let evenly: [(rows: Int, estimates: [Estimate])]
  /// `[regions]`: the calls from exact ζ of the same stimuli, or from many more evaluations than are at stake.
  let truth: [Bool]

  var stimuli: Int { atAnalyses[0].count }
  /// Rows of the whole budget.
  var rowCount: Int { schedule.rows[schedule.count - 1] * stimuli }

  /// A layer of games with known ζ, by the regression. Each number of samples has a design of its own.
  ///
  /// - Parameter samples: ascending; the last is the budget.
  init(games: [ReferenceGame], samples: [Int], seed: UInt64) throws {
    let designs = try samples.map { try games.designs(samples: $0, seed: seed) }
    let budget = designs[designs.count - 1]
    schedule = AnalysisSchedule(of: budget[0])
    atAnalyses = try schedule.rows.map { rows in
      try zip(games, budget).map { try $1.truncated(toRows: rows)!.estimate(of: $0) }
    }
    evenly =
      try designs.dropLast().map { designs in
        (designs[0].rowCount, try zip(games, designs).map { try $1.estimate(of: $0) })
      } + [(budget[0].rowCount, atAnalyses[atAnalyses.count - 1])]
    truth = LayerStatistics(series: games.map(\.exactEstimate)).isCritical
  }

  /// A layer of a scan that spent all its budget, against the same layer of another scan with more. Fewer samples are
  /// the first rows of the design.
  init(_ layer: Int, of scan: StoredScan, shares: [Double], reference: StoredScan) throws {
    let plan = scan.measurements.plan
    let stimuli = 0..<plan.stimulusCount
    let full = plan.layers[layer].designRows
    let rule = StoppingRule(tolerance: nil, allocation: .decisions, confidence: 0.95)
    let schedule = plan.analyses(plan.layers[layer], rule: rule, index: .shapley)
    self.schedule = schedule
    atAnalyses = try schedule.rows.map { rows in
      try stimuli.map { try scan.estimate(layer: layer, stimulus: $0, rows: rows) }
    }
    let least = Design.minimumRowCount(
      plan.layers[layer].design, players: plan.layers[layer].regionCount, index: .shapley)
    evenly = try shares.map { share in
      let rows = max(least, Int(share * Double(full)))
      return (rows, try stimuli.map { try scan.estimate(layer: layer, stimulus: $0, rows: rows) })
    }
    let more = reference.measurements.plan.layers[layer].designRows
    truth =
      LayerStatistics(
        series: try stimuli.map { try reference.estimate(layer: layer, stimulus: $0, rows: more) }
      ).isCritical
  }

  /// What all stimuli alike with the samples of a place in the list say.
  func even(_ place: Int) -> (rows: Int, critical: [Bool]) {
    let (rows, estimates) = evenly[place]
    return (rows * stimuli, LayerStatistics(series: estimates).isCritical)
  }

  /// What a rule says that may end early.
  func stopped(by rule: StoppingRule) -> (rows: Int, critical: [Bool], reason: StoppingRule.Reason) {
    let run = StoppedRun(schedule: schedule, stimuli: stimuli, rule: rule) { atAnalyses[$1][$0] }
    let statistics = LayerStatistics(series: run.series, errorShare: schedule.errorShare)
    return (run.rows.reduce(0, +), statistics.isCritical, run.reason)
  }
}

extension ReferenceGame {
  /// ζ as all coalitions would give it.
  fileprivate var exactEstimate: Estimate {
    let ends = values(of: [Coalition(fullOf: playerCount), Coalition(emptyOf: playerCount)])
    return Estimate(
      zeta: shapley, standardError: shapley.map { _ in 0 }, degreesOfFreedom: .infinity, full: ends[0], empty: ends[1],
      evaluations: 0, efficiencyResidual: 0, notes: [])
  }
}
