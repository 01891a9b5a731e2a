import Shapley

/// A layer measured in rounds until a rule ends it.
struct StoppedRun {
  let schedule: LookSchedule
  /// The estimates at each look that was taken.
  private(set) var history: [[Estimate]] = []
  /// Half the width of the widest interval at each look, in percent of the effect.
  private(set) var widest: [Double] = []
  private(set) var reason = StoppingRule.Reason.budget
  /// Rows measured, by stimulus.
  private(set) var rows: [Int]

  var look: Int { history.count - 1 }
  var series: [Estimate] { history[look] }

  init(games: [ReferenceGame], samples: Int, rule: StoppingRule, seed: UInt64) throws {
    let players = games[0].playerCount
    let designs = try games.indices.map {
      try Design(
        estimator: .regression, players: players, budget: samples * players, seed: seed, stream: UInt64($0))
    }
    schedule =
      rule.isAdaptive
      ? LookSchedule(
        rowCount: designs[0].rowCount,
        least: Design.minimumRowCount(.complementPairs, players: players, index: .shapley), unit: 32)
      : LookSchedule(rowCount: designs[0].rowCount)
    rows = Array(repeating: 0, count: games.count)
    var values = games.map { _ in [Float]() }
    var wanted = Array(games.indices)
    for look in 0..<schedule.count {
      var estimates = look == 0 ? [] : series
      for place in wanted {
        let stopped = designs[place].truncated(toRows: schedule.rows[look])!
        values[place] += games[place].values(of: stopped.coalitions(in: rows[place]..<stopped.rowCount)).map { Float($0) }
        rows[place] = stopped.rowCount
        let estimate = try stopped.estimate(values: values[place])
        if look == 0 { estimates.append(estimate) } else { estimates[place] = estimate }
      }
      history.append(estimates)
      let verdict = rule.verdict(estimates, look: look, of: schedule)
      widest.append(verdict.widest)
      if let reason = verdict.reason {
        self.reason = reason
        return
      }
      wanted = verdict.wanted
    }
  }
}
