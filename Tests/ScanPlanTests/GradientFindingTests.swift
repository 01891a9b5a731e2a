import Foundation
import ScanPlan
import Shapley
import Testing

@Suite struct `What was found out about gradients` {
  @Test func `is kept where probes made no difference, though derivatives say that they would`() throws {
    let values = [Float](repeating: 0.25, count: 3 * 64)
    let verdict = try ProbeVerdict(values: values, derivatives: values)
    #expect(verdict.trapezoid.estimate == .infinity && verdict.rule == .values)
    #expect(verdict.remainder.isFinite && verdict.curvature.isFinite && verdict.noise.isFinite)
    let finding = GradientFinding(
      reason: verdict.reason, probes: verdict.probeCount, trapezoidShare: verdict.trapezoid.estimate,
      simpsonShare: verdict.simpson.estimate, curvature: verdict.curvature)
    let kept = try JSONDecoder().decode(GradientFinding.self, from: JSONEncoder().encode(finding))
    #expect(kept == finding && kept.trapezoidShare == nil && kept.probes == 64)
  }
}
