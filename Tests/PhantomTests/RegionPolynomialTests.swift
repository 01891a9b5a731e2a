import Grids
import Phantom
import Shapley
import Testing

@Suite("A polynomial of regions")
struct RegionPolynomialTests {
  /// Seven regions, products of one to three that overlap, one region in none.
  private let polynomial = RegionPolynomial(
    regionCount: 7, constant: -0.25,
    terms: [
      .init(regions: [0], weight: 2), .init(regions: [1], weight: -1.5), .init(regions: [0, 2], weight: 0.75),
      .init(regions: [2, 3], weight: -2), .init(regions: [1, 3, 4], weight: 3), .init(regions: [0, 2, 6], weight: -1),
    ])
  private let activity = [0.5, 1.25, 0.75, 2, 1.5, 0.875, 0.625]

  @Test("has the values of each region that enumeration gives", arguments: ValueIndex.allCases)
  func enumeration(index: ValueIndex) {
    let zeta = polynomial.zeta(index, activity: activity)
    for region in 0..<7 {
      #expect(abs(zeta[region] - enumerated(region, index)) < 1e-12)
    }
  }

  @Test("shares out its whole effect in Shapley values")
  func efficiency() {
    let total = polynomial.zeta(.shapley, activity: activity).reduce(0, +)
    let effect =
      polynomial.value(of: Coalition(fullOf: 7), activity: activity)
      - polynomial.value(of: Coalition(emptyOf: 7), activity: activity)
    #expect(abs(total - effect) < 1e-12)
  }

  @Test("gives nothing to regions of no product", arguments: ValueIndex.allCases)
  func nulls(index: ValueIndex) {
    #expect(polynomial.nullRegions == [5])
    #expect(polynomial.zeta(index, activity: activity)[5] == 0)
  }

  @Test("is its constant when everything is lesioned")
  func constant() {
    #expect(polynomial.value(of: Coalition(emptyOf: 7), activity: activity) == -0.25)
  }

  /// ζ by its definition: the weighted mean of v(S ∪ {g}) − v(S) over all S without g.
  private func enumerated(_ region: Int, _ index: ValueIndex) -> Double {
    var sum = 0.0
    for mask in UInt64(0)..<1 << 7 where mask >> UInt64(region) & 1 == 0 {
      let without = Coalition(of: 7, mask: mask)
      let with = Coalition(of: 7, mask: mask | 1 << UInt64(region))
      let weight =
        switch index {
        case .banzhaf: 1.0 / 64
        case .shapley: factorial(without.count) * factorial(6 - without.count) / factorial(7)
        }
      sum += weight * (polynomial.value(of: with, activity: activity) - polynomial.value(of: without, activity: activity))
    }
    return sum
  }

  private func factorial(_ n: Int) -> Double {
    (1...max(1, n)).reduce(1) { $0 * Double($1) }
  }
}
