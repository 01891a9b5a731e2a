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

  /// - Parameters:
  ///   - stimuli: how many.
  ///   - estimate: of a stimulus at a look of the schedule.
  init(
    schedule: LookSchedule, stimuli: Int, rule: StoppingRule, estimate: (_ stimulus: Int, _ look: Int) throws -> Estimate
  ) rethrows {
    self.schedule = schedule
    rows = Array(repeating: 0, count: stimuli)
    var wanted = Array(0..<stimuli)
    for look in 0..<schedule.count {
      var estimates = history.last ?? []
      for place in wanted {
        rows[place] = schedule.rows[look]
        let estimate = try estimate(place, look)
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

  /// A layer of games, by the regression.
  init(games: [ReferenceGame], samples: Int, rule: StoppingRule, seed: UInt64) throws {
    let designs = try games.designs(samples: samples, seed: seed)
    let schedule = LookSchedule(of: designs[0])
    try self.init(schedule: schedule, stimuli: games.count, rule: rule) { stimulus, look in
      try designs[stimulus].truncated(toRows: schedule.rows[look])!.estimate(of: games[stimulus])
    }
  }
}

extension [ReferenceGame] {
  /// The regression's design for each game of a layer.
  func designs(samples: Int, seed: UInt64) throws -> [Design] {
    let players = self[0].playerCount
    return try indices.map {
      try Design(
        estimator: .regression, players: players, budget: samples * players, seed: seed, stream: UInt64($0))
    }
  }
}

extension LookSchedule {
  /// When a scan with shards of 32 rows looks at such a design.
  init(of design: Design) {
    self.init(
      rowCount: design.rowCount,
      least: Design.minimumRowCount(.complementPairs, players: design.playerCount, index: .shapley), unit: 32)
  }
}
