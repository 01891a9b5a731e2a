import Shapley

/// A layer measured in rounds until a rule ends it.
struct StoppedRun {
  let schedule: AnalysisSchedule
  /// The estimates at each analysis that was made.
  private(set) var history: [[Estimate]] = []
  /// Half the width of the widest interval at each analysis, in percent of the effect.
  private(set) var widest: [Double] = []
  private(set) var reason = StoppingRule.Reason.budget
  /// Rows measured, by stimulus.
  private(set) var rows: [Int]

  var analysis: Int { history.count - 1 }
  var series: [Estimate] { history[analysis] }

  /// - Parameters:
  ///   - stimuli: how many.
  ///   - estimate: of a stimulus at an analysis of the schedule.
  init(
    schedule: AnalysisSchedule, stimuli: Int, rule: StoppingRule, estimate: (_ stimulus: Int, _ analysis: Int) throws -> Estimate
  ) rethrows {
    self.schedule = schedule
    rows = Array(repeating: 0, count: stimuli)
    var wanted = Array(0..<stimuli)
    for analysis in 0..<schedule.count {
      var estimates = history.last ?? []
      for place in wanted {
        rows[place] = schedule.rows[analysis]
        let estimate = try estimate(place, analysis)
        if analysis == 0 { estimates.append(estimate) } else { estimates[place] = estimate }
      }
      history.append(estimates)
      let verdict = rule.verdict(estimates, analysis: analysis, of: schedule)
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
    let schedule = AnalysisSchedule(of: designs[0])
    try self.init(schedule: schedule, stimuli: games.count, rule: rule) { stimulus, analysis in
      try designs[stimulus].truncated(toRows: schedule.rows[analysis])!.estimate(of: games[stimulus])
    }
  }
}

extension [ReferenceGame] {
  /// The regression's design for each game of a layer.
  func designs(samples: Int, seed: UInt64) throws -> [Design] {
    let players = self[0].playerCount
    let memory = DesignMemory()
    return try indices.map {
      try Design(
        estimator: .regression, players: players, budget: samples * players, seed: seed, stream: UInt64($0),
        memory: memory)
    }
  }
}

extension AnalysisSchedule {
  /// When a scan with shards of 32 rows analyses such a design.
  init(of design: Design) {
    self.init(
      rowCount: design.rowCount,
      least: Design.minimumRowCount(.complementPairs, players: design.playerCount, index: .shapley), unit: 32)
  }
}
