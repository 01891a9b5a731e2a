import Grids
import Testing

@testable import Shapley

@Suite struct DesignTests {
  @Test(arguments: estimatorsAndIndices)
  func theFirstRowsAreEverythingAndNothing(estimator: EstimatorName, index: ValueIndex) throws {
    for players in [1, 2, 3, 5, 9] {
      let design = try Design(estimator: estimator, players: players, budget: 600, index: index, seed: 1)
      #expect(design.coalition(0).isFull && design.coalition(1).isEmpty)
      #expect(design.rowCount <= 600 && design.group(0) == 0 && design.group(1) == 0)
    }
  }

  @Test(arguments: estimatorsAndIndices)
  func aSliceIsThatPartOfTheWhole(estimator: EstimatorName, index: ValueIndex) throws {
    let design = try Design(estimator: estimator, players: 11, budget: 2100, index: index, seed: 4, stream: 7)
    let all = design.coalitions(in: 0..<design.rowCount)
    #expect(all.count == design.rowCount && all.allSatisfy { $0.playerCount == 11 })
    for size in [1, 3, 7, 32] {
      var joined: [Coalition] = []
      for start in stride(from: 0, to: min(design.rowCount, 200), by: size) {
        joined += design.coalitions(in: start..<min(design.rowCount, start + size))
      }
      #expect(joined == Array(all.prefix(joined.count)))
    }
    #expect(design.coalition(design.rowCount - 1) == all[design.rowCount - 1])
    #expect(design.coalitions(in: 3..<3).isEmpty)
  }

  @Test(arguments: samplingEstimatorsAndIndices)
  func seedsAndStreamsGiveOtherDesigns(estimator: EstimatorName, index: ValueIndex) throws {
    func rows(_ seed: UInt64, _ stream: UInt64) throws -> [Coalition] {
      let design = try Design(
        estimator: estimator, players: 40, budget: 400, index: index, seed: seed, stream: stream)
      return design.coalitions(in: 0..<design.rowCount)
    }
    #expect(try rows(1, 2) == rows(1, 2))
    #expect(try Set([rows(1, 2), rows(2, 2), rows(1, 3)]).count == 3)
  }

  @Test func regressionRowsAreComplementPairsThatShareAGroup() throws {
    for index in ValueIndex.allCases {
      let design = try Design(estimator: .regression, players: 65, budget: 700, index: index, seed: 2)
      for row in stride(from: 2, to: design.rowCount, by: 2) {
        let pair = design.coalitions(in: row..<row + 2)
        #expect(pair[0] == pair[1].complement)
        #expect(design.group(row) == row / 2 && design.group(row + 1) == row / 2)
      }
    }
  }

  @Test func regressionSizesAreSpreadEvenlyAtEveryLength() throws {
    let design = try Design(estimator: .regression, players: 33, budget: 2 + 2 * 640, seed: 2)
    #expect(design.rowCount == 1282)
    for rows in [322, 642, 1282] {
      var counts = [Int](repeating: 0, count: 34)
      for coalition in design.coalitions(in: 2..<rows) { counts[coalition.count] += 1 }
      let even = Double(rows - 2) / 32
      #expect(counts[1...32].allSatisfy { abs(Double($0) - even) <= max(3, 0.2 * even) })
      #expect(counts[0] == 0 && counts[33] == 0)
    }
  }

  @Test(arguments: [2, 3, 4, 5, 6, 7, 8])
  func smallStrataNeverRepeatAPairAndALargeBudgetMeasuresAll(players: Int) throws {
    for index in ValueIndex.allCases {
      let design = try Design(estimator: .regression, players: players, budget: 10_000, index: index, seed: 3)
      let rows = design.coalitions(in: 2..<design.rowCount)
      #expect(Set(rows).count == rows.count)
      let everything = index == .shapley ? (1 << players) - 2 : 1 << players
      #expect(rows.count == everything)
    }
  }

  @Test func smallSizesAreExhaustedBeforeTheyRepeat() throws {
    let design = try Design(estimator: .regression, players: 12, budget: 12 * 24, seed: 3)
    let rows = design.coalitions(in: 2..<design.rowCount)
    #expect(Set(rows).count == rows.count)
    #expect(rows.count { $0.count == 1 } == 12)
  }

  @Test func chainsGrowByOneRegionAndComeWithTheirReverse() throws {
    let players = 9
    let design = try Design(estimator: .permutation, players: players, budget: 100, seed: 5)
    #expect(design.rowCount == 2 + 6 * 16)
    for block in 0..<6 {
      let first = 2 + 16 * block
      let rows = design.coalitions(in: first..<first + 16)
      for step in 0..<8 {
        #expect(rows[2 * step].count == step + 1 && rows[2 * step + 1] == rows[2 * step].complement)
        #expect(design.group(first + 2 * step) == block + 1 && design.group(first + 2 * step + 1) == block + 1)
        if step > 0 { #expect(Set(rows[2 * step].intactPlayers).isSuperset(of: rows[2 * step - 2].intactPlayers)) }
      }
    }
  }

  @Test func everyRegionVisitsEveryStratumOfAChainOnce() throws {
    let design = try Design(estimator: .permutation, players: 7, budget: 2 + 12 * 20, seed: 5)
    for player in 0..<7 {
      #expect(Set(design.chainStrata(player: player)) == Set(0..<20))
    }
  }

  @Test func naivePairsDifferInTheirRegionOnly() throws {
    let design = try Design(estimator: .naive, players: 7, budget: 200, seed: 5)
    #expect(design.rowCount == 2 + 14 * 14)
    for row in stride(from: 2, to: design.rowCount, by: 2) {
      let (without, with) = (design.coalition(row), design.coalition(row + 1))
      #expect(Array(with.intactPlayers).filter { !without[$0] } == [(row / 2 - 1) % 7])
      #expect(with.count == without.count + 1)
    }
  }

  @Test(arguments: samplingEstimatorsAndIndices)
  func aTruncatedDesignIsABeginning(estimator: EstimatorName, index: ValueIndex) throws {
    let design = try Design(estimator: estimator, players: 20, budget: 900, index: index, seed: 6)
    let short = try #require(design.truncated(toRows: 500))
    #expect(short.rowCount <= 500 && short.rowCount > 400)
    #expect(short.coalitions(in: 0..<short.rowCount) == design.coalitions(in: 0..<short.rowCount))
    #expect(design.truncated(toRows: 20) == nil)
    #expect(design.truncated(toRows: 5000) == design)
    let game = InteractionGame.random(players: 20, orders: [20], seed: 1)
    #expect(try short.estimate(of: game).zeta.count == 20)
  }

  @Test(arguments: estimatorsAndIndices)
  func theLeastBudgetIsEnoughAndOneLessIsRefused(estimator: EstimatorName, index: ValueIndex) throws {
    for players in [2, 3, 5, 12] {
      let least = Design.minimumRowCount(estimator.design, players: players, index: index)
      let design = try Design(estimator: estimator, players: players, budget: least, index: index, seed: 1)
      #expect(design.rowCount <= least)
      let game = InteractionGame.random(players: players, orders: [players, 2], seed: 1)
      let estimate = try design.estimate(of: game, by: estimator)
      #expect(estimate.zeta.allSatisfy(\.isFinite) && estimate.standardError.allSatisfy { $0 >= 0 && $0.isFinite })
      let error = #expect(throws: ShapleyError.self) {
        try Design(estimator: estimator, players: players, budget: least - 1, index: index, seed: 1)
      }
      #expect(error?.code == .budgetTooSmall)
      #expect(error?.message.contains("at least \(least) evaluations") == true)
    }
  }

  @Test func combinationsThatDoNotFitAreRefusedWithOneThatDoes() {
    let banzhaf = #expect(throws: ShapleyError.self) {
      try Design(estimator: .permutation, players: 9, budget: 1000, index: .banzhaf, seed: 1)
    }
    #expect(banzhaf?.message.contains("regression") == true && banzhaf?.code == .unsuitableEstimator)
    let enumeration = #expect(throws: ShapleyError.self) {
      try Design(estimator: .exact, players: 17, budget: 1 << 20, seed: 1)
    }
    #expect(enumeration?.message.contains("regression") == true)
    #expect(throws: ShapleyError.self) { try Design(estimator: .affine, players: 0, budget: 10, seed: 1) }
    #expect(throws: ShapleyError.self) { try Design(estimator: .affine, players: 4097, budget: 10_000, seed: 1) }
  }

  @Test func anEstimatorGetsTheDesignThatItIsMadeFor() throws {
    for (estimator, index) in estimatorsAndIndices {
      let design = try Design(estimator: estimator, players: 8, budget: 400, index: index, seed: 2)
      #expect(design.kind.estimators(index).contains(estimator) && design.kind.refusal(of: estimator, index: index) == nil)
      #expect(design == (try Design(design.kind, players: 8, budget: 400, index: index, seed: 2)))
    }
    #expect(DesignKind.complementPairs.estimators(.shapley) == [.regression, .cubic, .leverage])
    #expect(DesignKind.complementPairs.estimators(.banzhaf) == [.regression])
  }

  @Test func anEstimatorThatCannotUseADesignIsRefusedWithThoseThatCan() throws {
    for (kind, index) in [
      (DesignKind.complementPairs, ValueIndex.shapley), (.complementPairs, .banzhaf), (.permutations, .shapley),
      (.singleRegions, .banzhaf), (.allCoalitions, .banzhaf), (.singleLesions, .shapley),
    ] {
      let design = try Design(kind, players: 6, budget: 400, index: index, seed: 2)
      let values = [Double](repeating: 1, count: design.rowCount)
      for estimator in EstimatorName.allCases where !kind.estimators(index).contains(estimator) {
        let error = #expect(throws: ShapleyError.self) { try design.estimate(values: values, by: estimator) }
        #expect(error?.code == .unsuitableEstimator)
        for name in [estimator] + kind.estimators(index) { #expect(error?.message.contains("'\(name.rawValue)'") == true) }
      }
    }
  }

  @Test func aWholeDesignIsTheSameForEveryIndex() throws {
    for kind in [DesignKind.allCoalitions, .singleLesions] {
      let designs = try ValueIndex.allCases.map { try Design(kind, players: 7, budget: 128, index: $0, seed: 1) }
      #expect(
        kind.isWhole && designs[0].coalitions(in: 0..<designs[0].rowCount) == designs[1].coalitions(in: 0..<designs[1].rowCount))
    }
  }

  @Test func theAutomaticEstimatorIsTheCheapestExactOneElseTheRegression() {
    func automatic(_ players: Int, _ budget: Int, _ index: ValueIndex = .shapley, isAffine: Bool = false, cost: Double = 1e6)
      -> EstimatorName
    {
      EstimatorName.automatic(players: players, budget: budget, index: index, isAffine: isAffine, evaluationCost: cost)
    }
    #expect(automatic(256, 4096, isAffine: true, cost: 1e12) == .affine)
    #expect(automatic(8, 256, cost: 1e12) == .exact)
    #expect(automatic(8, 255) == .regression)
    #expect(automatic(17, 1 << 20) == .regression)
    #expect(automatic(256, 4096, cost: 1e10) == .cubic)
    #expect(automatic(256, 4096, .banzhaf, cost: 1e10) == .regression)
    #expect(automatic(4096, 1 << 16, cost: 1e12) == .regression)
  }

  @Test func aLargeDesignIsSlicedAnywhere() throws {
    let design = try Design(estimator: .regression, players: 4096, budget: 16 * 4096, seed: 1)
    let rows = design.coalitions(in: 60_000..<60_032)
    #expect(rows.count == 32 && rows.allSatisfy { !$0.isEmpty && !$0.isFull })
  }
}
