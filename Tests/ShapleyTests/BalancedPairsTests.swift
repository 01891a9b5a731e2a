import Grids
import Random
import Testing

@testable import Shapley

@Suite struct BalancedPairsTests {
  /// [pairs][regions]: √w·χ̃.
  private func features(_ coalitions: [Coalition]) -> [[Double]] {
    coalitions.map { coalition in
      let n = Double(coalition.playerCount)
      let size = Double(coalition.count)
      let root = ((n - 1) / (size * (n - size))).squareRoot()
      return (0..<coalition.playerCount).map { root * ((coalition[$0] ? 1 : -1) - (2 * size - n) / n) }
    }
  }

  /// The mean square of what two regions' features have in common, as a share of a region's own.
  private func overlap(_ coalitions: [Coalition]) -> Double {
    let features = features(coalitions)
    let n = features[0].count
    func product(_ a: Int, _ b: Int) -> Double { features.reduce(0) { $0 + $1[a] * $1[b] } }
    let own = (0..<n).reduce(0) { $0 + product($1, $1) } / Double(n)
    var sum = 0.0
    for a in 0..<n { for b in 0..<a { sum += product(a, b) * product(a, b) } }
    return sum / Double(n * (n - 1) / 2) / (own * own)
  }

  private let memory = DesignMemory()

  private func design(_ players: Int, pairs: Int, seed: UInt64 = 1, stream: UInt64 = 0) throws -> Design {
    try Design(
      estimator: .regression, players: players, budget: 2 + 2 * pairs, seed: seed, stream: stream, memory: memory)
  }

  private func pairs(_ design: Design) -> [Coalition] {
    stride(from: 2, to: design.rowCount, by: 2).map { design.coalition($0) }
  }

  @Test func regionsAreToldApartBetterThanByIndependentDrawsAtEveryLength() throws {
    let players = 32
    let design = try design(players, pairs: 8 * players)
    #expect(design.isBalanced)
    let plan = try #require(design.pairPlan)
    var source = PairSource(players: players, index: .shapley, plan: plan, seed: 1)
    let independent = (0..<8 * players).map { source.draw($0).coalition }
    let balanced = pairs(design)
    for count in [2 * players, 8 * players] {
      #expect(overlap(Array(balanced.prefix(count))) < 0.4 * overlap(Array(independent.prefix(count))))
    }
  }

  @Test func exchangesKeepEverySize() throws {
    let design = try design(48, pairs: 300)
    let plan = try #require(design.pairPlan)
    for (pair, coalition) in pairs(design).enumerated() { #expect(coalition.count == plan.visit(pair).stratum + 1) }
  }

  /// Over the streams a row holds each region equally often, and each pair of regions too.
  @Test func aRowIsUniformAmongTheCoalitionsOfItsSize() throws {
    let players = 24
    let row = 2 * 150
    let streams = 1500
    let rows = try (0..<UInt64(streams)).map { try design(players, pairs: 240, stream: $0).coalition(row) }
    let size = Double(rows[0].count)
    #expect(rows.allSatisfy { Double($0.count) == size } && size > 2)
    func isUsual(_ count: Int, _ probability: Double) -> Bool {
      let expected = Double(streams) * probability
      return abs(Double(count) - expected) < 5 * (expected * (1 - probability)).squareRoot()
    }
    let n = Double(players)
    for a in 0..<players {
      #expect(isUsual(rows.count { $0[a] }, size / n))
      for b in 0..<a { #expect(isUsual(rows.count { $0[a] && $0[b] }, size * (size - 1) / (n * (n - 1)))) }
    }
  }

  @Test func seriesOfAScanAreRenumberingsOfOneDesign() throws {
    func sizes(_ stream: UInt64) throws -> [Int] { pairs(try design(40, pairs: 200, stream: stream)).map(\.count) }
    #expect(try sizes(0) == sizes(1))
    func overlaps(_ stream: UInt64) throws -> [Int] {
      let rows = pairs(try design(40, pairs: 200, stream: stream))
      return zip(rows, rows.dropFirst()).map { first, second in first.intactPlayers.count { second[$0] } }
    }
    #expect(try overlaps(0) == overlaps(1))
    #expect(try pairs(design(40, pairs: 200)) != pairs(design(40, pairs: 200, stream: 1)))
  }

  /// Sums are over integers, so what a processor's vector units are makes no difference.
  @Test func everyMachineFindsTheSamePairs() throws {
    var digest: UInt64 = 14_695_981_039_346_656_037
    for coalition in pairs(try design(96, pairs: 200, seed: 42)) {
      for word in coalition.words { digest = (digest ^ word) &* 1_099_511_628_211 }
    }
    #expect(digest == 768_091_830_084_120_576)
  }

  /// All series have the same pairs but for the numbers of the regions, so equal values give equal estimates but for those.
  @Test(arguments: [EstimatorName.regression, .cubic])
  func aSeriesNumbersChangeTheOrderOfItsEstimateAlone(estimator: EstimatorName) throws {
    let (players, samples) = (40, 8)
    let designs = try (0..<2 as Range<UInt64>).map {
      try Design(estimator: estimator, players: players, budget: samples * players, seed: 3, stream: $0)
    }
    var random = CounterRandom(seed: 1, domain: 0x310, index: 0)
    let values = (0..<designs[0].rowCount).map { _ in random.nextUnit() }
    let estimates = try designs.map { try $0.estimate(values: values, by: estimator) }
    let numbers = designs.map { $0.seriesNumbers ?? [] }
    for region in 0..<players {
      #expect(estimates[0].zeta[numbers[0][region]] == estimates[1].zeta[numbers[1][region]])
      #expect(estimates[0].standardError[numbers[0][region]] == estimates[1].standardError[numbers[1][region]])
    }
    #expect(estimates[0].zeta != estimates[1].zeta)
  }

  /// A regression made on the series' own pairs says the same as the one that all series share.
  @Test func theSharedRegressionIsThatOfEachSeries() throws {
    let design = try Design(estimator: .regression, players: 40, budget: 10 * 40, seed: 5, stream: 2)
    var random = CounterRandom(seed: 2, domain: 0x310, index: 0)
    let values = (0..<design.rowCount).map { _ in random.nextUnit() }
    let own = try SizeModulatedFit(
      MeasuredPairs(PairTable(design: design), values: values))
    let errors = own.regression.variances(residuals: own.residuals)
    let alone = design.oddEstimate(beta: own.beta, errors, values, notes: [])
    let shared = try design.estimate(values: values, by: .regression)
    #expect(zip(alone.zeta, shared.zeta).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(zip(alone.standardError, shared.standardError).allSatisfy { abs($0 - $1) < 1e-5 * $0 })
  }

  /// Some builds of OpenBLAS end the process on matrices of these sizes on some processors.
  @Test(arguments: [133, 134, 135, 151, 257], [EstimatorName.regression, .cubic])
  func numbersOfRegionsThatFillNoVectorAreEstimated(players: Int, estimator: EstimatorName) throws {
    let design = try Design(estimator: estimator, players: players, budget: 8 * players, seed: 1)
    let values = design.coalitions(in: 0..<design.rowCount).map { coalition in
      Float(
        coalition.intactPlayers.reduce(0) { $0 + ($1 % 7 == 0 ? 2 : 1) } + (coalition[0] && coalition[1] && coalition[2] ? 3 : 0))
    }
    let estimate = try design.estimate(values: values, by: estimator)
    for region in 3..<players { #expect(abs(estimate.zeta[region] - (region % 7 == 0 ? 2 : 1)) < 0.2) }
    for error in estimate.standardError { #expect(error.isFinite) }
  }
}
