import Grids
import Testing

@testable import Random

@Suite struct CounterRandomTests {
  /// Known answers of Random123's kat_vectors.
  @Test(arguments: [
    (SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0), SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
    (
      SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
      SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
      SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ])
  func philoxGivesThePublishedAnswers(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, output: SIMD4<UInt32>) {
    #expect(Philox4x32.block(counter: counter, key: key) == output)
  }

  @Test func aStreamDependsOnSeedDomainAndIndexOnly() {
    func draws(_ seed: UInt64, _ domain: UInt32, _ index: UInt64) -> [UInt64] {
      var random = CounterRandom(seed: seed, domain: domain, index: index)
      return (0..<5).map { _ in random.next() }
    }
    let reference = draws(1, 2, 3)
    #expect(draws(1, 2, 3) == reference)
    #expect(
      Set([reference, draws(2, 2, 3), draws(1 << 40, 2, 3), draws(1, 3, 3), draws(1, 2, 4), draws(1, 2, 1 << 40)]).count == 6)
  }

  @Test func aStreamBeginsWithThePublishedBlock() {
    var random = CounterRandom(seed: 0, domain: 0, index: 0)
    #expect((0..<4).map { _ in random.nextWord() } == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
  }

  @Test func aNormalNumberIsThatOfBoxAndMuller() {
    var random = CounterRandom(seed: 0, domain: 0, index: 0)
    // By Python's math, from the published block.
    #expect(abs(random.nextGaussian() - -1.62496344087104) < 1e-14)
    let draws = (0..<20_000).map { _ in random.nextGaussian() }
    let mean = draws.reduce(0, +) / 20_000
    let variance = draws.reduce(0) { $0 + $1 * $1 } / 20_000
    let beyond = draws.count { abs($0) > 1.959964 }
    // Five standard errors each.
    #expect(abs(mean) < 0.036 && abs(variance - 1) < 0.05 && abs(beyond - 1000) < 155)
  }

  @Test(arguments: [1, 2, 3, 7, 100, 1 << 32])
  func boundedIntegersStayBelowTheirBound(bound: Int) {
    var random = CounterRandom(seed: 5, domain: 9, index: UInt64(bound))
    #expect((0..<1000).allSatisfy { _ in (0..<bound).contains(random.next(below: bound)) })
  }

  @Test func boundedIntegersAreUniform() {
    var random = CounterRandom(seed: 5, domain: 9, index: 0)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[random.next(below: 7)] += 1 }
    let chiSquare = counts.reduce(0.0) { $0 + Double(($1 - 10_000) * ($1 - 10_000)) / 10_000 }
    #expect(chiSquare < 22.46)  // the 99.9 % quantile of chi-square with 6 degrees of freedom
  }

  @Test func shufflesReachEveryOrderEquallyOften() {
    var counts: [[Int]: Int] = [:]
    for index in 0..<24_000 {
      var random = CounterRandom(seed: 8, domain: 9, index: UInt64(index))
      var order = [0, 1, 2, 3]
      random.shuffle(&order)
      counts[order, default: 0] += 1
    }
    #expect(counts.count == 24)
    let chiSquare = counts.values.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
    #expect(chiSquare < 49.73)  // the 99.9 % quantile of chi-square with 23 degrees of freedom
  }

  @Test(arguments: [(1, 0), (1, 1), (5, 2), (5, 4), (64, 32), (65, 64), (200, 3), (200, 150)])
  func drawnCoalitionsHaveTheirSize(players: Int, size: Int) {
    for index in 0..<50 {
      var random = CounterRandom(seed: 1, domain: 9, index: UInt64(index))
      #expect(random.coalition(of: players, size: size).count == size)
    }
  }

  @Test func drawnCoalitionsOfASizeAreEquallyLikely() {
    var counts: [Coalition: Int] = [:]
    for index in 0..<20_000 {
      var random = CounterRandom(seed: 1, domain: 9, index: UInt64(index))
      counts[random.coalition(of: 6, size: 3), default: 0] += 1
    }
    #expect(counts.count == 20)
    let chiSquare = counts.values.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
    #expect(chiSquare < 43.82)  // the 99.9 % quantile of chi-square with 19 degrees of freedom
  }
}
