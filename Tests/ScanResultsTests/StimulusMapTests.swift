import ScanPlan
import ScanResults
import Shapley
import Statistics
import Testing

@Suite("A stimulus's map") struct StimulusMapTests {
  private func map(_ zeta: [Double], errors: [Double], full: Double = 0.1) -> StimulusMap {
    StimulusMap(
      Estimate(
        zeta: zeta, standardError: errors, degreesOfFreedom: .infinity, full: full, empty: full - zeta.reduce(0, +),
        evaluations: 64, efficiencyResidual: 0, notes: []), AnalysisOptions())
  }

  @Test func `of rounding has nothing significant and no reliability`() {
    let map = map([2e-9, -1e-9, 9e-9, 0, 0, 1e-9], errors: [Double](repeating: 0, count: 6))
    #expect(map.critical == [] && !map.isSignificant.contains(true))
    #expect(map.tests.allSatisfy { $0.p == 1 } && map.reliability == nil)
  }

  @Test func `is exact where all coalitions were measured`() {
    let map = map([0.02, -1e-9, 0.001, 0, 0, 1e-9], errors: [Double](repeating: 0, count: 6))
    #expect(map.critical == [0] && map.isSignificant == [true, false, true, false, false, false])
    #expect(map.reliability == 1)
  }
}
