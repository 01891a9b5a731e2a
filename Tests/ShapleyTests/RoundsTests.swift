import Random
import Statistics
import Testing

@testable import Shapley

@Suite struct AnalysisScheduleTests {
  @Test(arguments: [(4096, 1024, 256), (4096, 50, 256), (100_000, 50, 256), (300, 50, 256), (200, 50, 256), (4097, 50, 64)])
  func analysesQuarterTheRowsAndSpendTheWholeErrorProbability(rows: Int, least: Int, unit: Int) {
    let schedule = AnalysisSchedule(rowCount: rows, least: least, unit: unit)
    #expect(schedule.rows.last == rows && schedule.count <= AnalysisSchedule.mostAnalyses)
    #expect(zip(schedule.rows, schedule.rows.dropFirst()).allSatisfy { $0 < $1 })
    #expect(schedule.rows.dropLast().allSatisfy { $0 >= least && $0 % unit == 0 })
    #expect(abs(schedule.errorShare * Double(schedule.count) - 1) < 1e-12)
  }

  @Test func aPlannedEndIsTheOnlyAnalysis() {
    #expect(AnalysisSchedule(rowCount: 4096).rows == [4096])
    #expect(AnalysisSchedule(rowCount: 4096).errorShare == 1)
    #expect(AnalysisSchedule(rowCount: 4096, least: 1024, unit: 256).rows == [1024, 4096])
    #expect(AnalysisSchedule(rowCount: 4100, least: 64, unit: 256).rows == [256, 1280, 4100])
  }
}

@Suite struct StoppingRuleTests {
  /// Series with given ζ and errors; the effect is 10.
  private func series(_ zeta: [[Double]], errors: [Double]) -> [Estimate] {
    zip(zeta, errors).map { zeta, error in
      Estimate(
        zeta: zeta, standardError: zeta.map { _ in error }, degreesOfFreedom: 50, full: 10, empty: 0, evaluations: 100,
        efficiencyResidual: 0, notes: [])
    }
  }

  private let schedule = AnalysisSchedule(rowCount: 4096, least: 1024, unit: 256)

  private func rule(_ tolerance: Double?, _ allocation: StoppingRule.Allocation = .even) -> StoppingRule {
    StoppingRule(tolerance: tolerance, allocation: allocation, confidence: 0.95)
  }

  @Test func aLayerEndsWhenItsWidestIntervalIsNarrowEnough() {
    let single = series([[6, 4]], errors: [0.1])
    let halfWidth =
      10 * 0.1 * StudentT.criticalValue(confidence: 1 - 0.05 / 2, degreesOfFreedom: 50)
    let ended = rule(halfWidth * 1.001).verdict(single, analysis: 0, of: schedule)
    #expect(ended.reason == .narrow && ended.wanted.isEmpty)
    #expect(abs(ended.widest - halfWidth) < 1e-9 && ended.samplingShare == 1)
    let goesOn = rule(halfWidth * 0.999).verdict(single, analysis: 0, of: schedule)
    #expect(goesOn.reason == nil && goesOn.wanted == [0])
    #expect(rule(halfWidth * 0.999).verdict(single, analysis: 1, of: schedule).reason == .budget)
  }

  @Test func aLayerEndsWhereOnlyMoreStimuliWouldHelp() {
    let spread = [[6.0, 4], [8, 2], [4, 6], [7, 3]]
    let precise = rule(0.1).verdict(series(spread, errors: [0.1, 0.1, 0.1, 0.1]), analysis: 0, of: schedule)
    #expect(precise.reason == .stimuli && precise.samplingShare < 0.01)
    let noisy = rule(0.1).verdict(series(spread, errors: [2, 2, 2, 2]), analysis: 0, of: schedule)
    #expect(noisy.reason == nil && noisy.wanted == [0, 1, 2, 3])
  }

  @Test func aDoubtIsTheChanceThatSamplingPutARegionOnTheWrongSide() throws {
    let zeta = [9.0, 1.5, 0.5, 0.5, 0.5, 0.5]
    let mean = zeta.reduce(0, +) / 6
    let bound = mean + (zeta.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 6).squareRoot()
    for error in [0.1, 1, 10] {
      let verdict = rule(nil, .decisions).verdict(series([zeta], errors: [error]), analysis: 0, of: schedule)
      let expected = zeta.reduce(0) { sum, zeta in
        // Every region is significant, or all of its variance is sampling.
        sum + StudentT.twoSidedP((zeta - bound) / error, degreesOfFreedom: 50) / 2
      }
      #expect(abs(try #require(verdict.doubt) - expected) < 1e-12)
      #expect(verdict.reason == (expected <= StoppingRule.mostDoubt ? .decided : nil))
    }
    #expect(rule(5).verdict(series([zeta], errors: [1]), analysis: 0, of: schedule).doubt == nil)
  }

  @Test func decisionsDontWaitForWhatOnlyMoreStimuliCanTell() throws {
    let spread = [[9.0, 0.5, 0.5], [6, 2, 2], [9.5, 0, 0.5], [8, 1, 1]]
    let clear = rule(nil, .decisions).verdict(series(spread, errors: [0.1, 0.1, 0.1, 0.1]), analysis: 0, of: schedule)
    #expect(clear.reason == .decided && clear.wanted.isEmpty && clear.samplingShare < 0.1)
    let unclear = rule(nil, .decisions).verdict(series(spread, errors: [10, 10, 10, 10]), analysis: 0, of: schedule)
    #expect(unclear.reason == nil && unclear.wanted == [0, 1, 2, 3])
    #expect(try #require(unclear.doubt) > 0.5)
    // On the bound, but in some stimuli only: no coalition makes it significant.
    let rare = [[9.0, 9, 1, 1, 1, 1], [9, -9, 1, 1, 1, 1], [9, 20, 1, 1, 1, 1], [9, 4, 1, 1, 1, 1]]
    #expect(
      rule(nil, .decisions).verdict(series(rare, errors: [0.3, 0.3, 0.3, 0.3]), analysis: 0, of: schedule).reason == .decided)
  }

  @Test func roundsLeaveOutSeriesThatSayLittleOfTheDoubt() {
    // The second region lies near the bound.
    let zeta = [9, 6.5, 0.5, 0.5, 0.5, 0.5]
    func wanted(_ errors: [Double]) -> [Int] {
      rule(nil, .decisions).verdict(series(errors.map { _ in zeta }, errors: errors), analysis: 0, of: schedule).wanted
    }
    #expect(wanted([0.1, 1, 0.1, 1]) == [1, 3])
    #expect(wanted([0.5, 1, 0.5, 1]) == [0, 1, 2, 3])
    #expect(wanted([1, 1, 1, 1]) == [0, 1, 2, 3])
  }

  @Test func narrowRegionsAreNotInDoubt() {
    let unclear = [[9, 6.5, 0.5, 0.5, 0.5, 0.5], [9, 6.4, 0.6, 0.4, 0.5, 0.5]]
    let both = rule(1000, .decisions).verdict(series(unclear, errors: [1, 1]), analysis: 0, of: schedule)
    #expect(both.reason == .narrow && both.doubt == 0)
    #expect(rule(nil, .decisions).verdict(series(unclear, errors: [1, 1]), analysis: 0, of: schedule).reason == nil)
    #expect(rule(nil, .decisions).verdict(series(unclear, errors: [1, 1]), analysis: 1, of: schedule).reason == .budget)
  }

  /// Over many designs as many regions are on the wrong side of the bound as were expected.
  @Test func doubtIsTheNumberOfRegionsOnTheWrongSide() throws {
    var (expected, wrong) = (0.0, 0)
    for seed in 0..<40 {
      let game = TableGame.network(players: 12, hidden: 6, seed: 400 + UInt64(seed))
      let shapley = try ExactSolver.shapley(of: game)
      let bound = max(0, LayerStatistics.criticalBound(shapley))
      for repeated in 0..<10 {
        let design = try Design(
          estimator: .regression, players: 12, budget: 120, seed: UInt64(seed), stream: UInt64(repeated))
        let estimate = try design.estimate(values: game.values(of: design.coalitions(in: 0..<design.rowCount)))
        let ends = rule(nil, .decisions).verdict([estimate], analysis: 1, of: schedule)
        expected += try #require(ends.doubt)
        let estimated = max(0, LayerStatistics.criticalBound(estimate.zeta))
        wrong += shapley.indices.count { (shapley[$0] >= bound) != (estimate.zeta[$0] >= estimated) }
      }
    }
    #expect(Double(wrong) > 0.5 * expected && Double(wrong) < 1.5 * expected, "\(wrong) wrong, \(expected) expected")
  }

  @Test func aLayerWithoutEffectIsNeverNarrowEnough() {
    let flat = [
      Estimate(
        zeta: [1, -1], standardError: [0.1, 0.1], degreesOfFreedom: 50, full: 3, empty: 3, evaluations: 100,
        efficiencyResidual: 0, notes: [])
    ]
    let verdict = rule(5).verdict(flat, analysis: 0, of: schedule)
    #expect(verdict.reason == nil && verdict.widest == .infinity)
  }

  /// Whatever ends a series of analyses, its intervals hold: at all analyses together they miss with probability α at most.
  /// Analyses without correction miss more often than that.
  @Test(arguments: [(1, 60), (5, 16)])
  func intervalsHoldTheTruthAtAllAnalysesTogether(stimuli: Int, repeats: Int) throws {
    let games = (0..<stimuli).map { TableGame.network(players: 12, hidden: 6, seed: 70 + UInt64($0)) }
    let shapley = try games.map { try ExactSolver.shapley(of: $0) }
    var (corrected, plain, intervals) = (0, 0, 0)
    for seed in 0..<repeats {
      // ζ across stimuli: normal about 0 in every region, by random signs of whole games.
      var random = CounterRandom(seed: UInt64(seed), domain: 1002, index: 0)
      let signs = games.map { _ in stimuli == 1 ? 1.0 : random.nextWord() & 1 == 0 ? 1 : -1 }
      let truth = stimuli == 1 ? shapley[0] : [Double](repeating: 0, count: 12)
      let designs = try games.indices.map {
        try Design(estimator: .regression, players: 12, budget: 1000, seed: 300 + UInt64(seed), stream: UInt64($0))
      }
      let schedule = AnalysisSchedule(rowCount: designs[0].rowCount, least: 50, unit: 10)
      try #require(schedule.count == 3)
      var (isCorrectedOut, isPlainOut) = ([Bool](repeating: false, count: 12), [Bool](repeating: false, count: 12))
      for analysis in 0..<schedule.count {
        let series = try zip(zip(games, signs), designs).map { game, design in
          let stopped = try #require(design.truncated(toRows: schedule.rows[analysis]))
          let values = game.0.values(of: stopped.coalitions(in: 0..<stopped.rowCount)).map { game.1 * $0 }
          return try stopped.estimate(values: values)
        }
        let narrow = LayerStatistics(series: series)
        let wide = LayerStatistics(series: series, errorShare: schedule.errorShare)
        for region in truth.indices {
          if !narrow.tests[region].interval.contains(truth[region]) { isPlainOut[region] = true }
          if !wide.tests[region].interval.contains(truth[region]) { isCorrectedOut[region] = true }
          #expect(wide.tests[region].p == min(1, narrow.tests[region].p / schedule.errorShare))
        }
      }
      intervals += 12
      corrected += isCorrectedOut.count { $0 }
      plain += isPlainOut.count { $0 }
    }
    #expect(Double(corrected) < 0.06 * Double(intervals))
    #expect(plain > corrected)
  }
}
