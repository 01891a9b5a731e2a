import Distribution
import Grids
import Lesion
import ModelGraph
import Shapley
import Testing

@testable import Scan
@testable import ScanPlan

@Suite("A trial of gradients") struct GradientTrialTests {
  private func trial(stimuli: Int, budget: Int = 4096, costShare: Double = 1) -> GradientTrial {
    let layer = ScanPlan.Layer(
      number: 0, tensor: "a", operatorType: "Relu", shape: [1, 256], axes: GridAxes(height: [], width: [], channels: [1]),
      layout: "N,C", layoutReason: "", kind: "activation", kindReason: "", elementTypes: [:], grid: [1, 1, 256],
      regionCount: 256, design: .complementPairs, budget: budget, designRows: budget, rows: budget, batch: 4,
      suffixCostShare: costShare, evaluationCost: 1e6)
    let plan = ScanPlan(
      modelDigest: "m", dataDigest: "d", preparation: ModelPreparation(), batch: 4,
      readout: Readout(output: "logits", tensor: "logits", shape: [3], classAxis: 0, link: .softmax, value: .logit),
      stimulusCount: stimuli, donorCount: 0, rowsPerShard: 8, layers: [layer], refusals: [], notes: [], residentBytes: 0)
    return GradientTrial(
      request: ScanRequest(model: "m", data: "d", output: "o"), plan: plan, targets: Array(repeating: 0, count: stimuli))
  }

  /// Differences of 1 along which derivatives are 1; in the first round one of `odd` that no derivative sees.
  private func outputs(_ tasks: [GradientTrial.Trial], odd: Float) -> [GradientTrial.Trial.Output] {
    tasks.map { task in
      guard case .first(let task) = task else { return .second(PilotOutput()) }
      var output = ProbeOutput()
      for probe in task.probes {
        output.values += [0, 0.5, probe == 5 && !task.more ? odd : 1]
        output.derivatives += [1, 1, 1]
      }
      return .first(output)
    }
  }

  private func decision(_ trial: GradientTrial, odd: Float) throws -> (layer: ScanPlan.Layer, probes: [Int]) {
    var probes: [Int] = []
    let measured = try trial.measured { tasks in
      probes.append(
        tasks.reduce(0) { sum, task in
          guard case .first(let task) = task else { return sum }
          return sum + task.probes.count
        })
      return outputs(tasks, odd: odd)
    }
    return (try trial.decide(measured).plan.layers[0], probes)
  }

  @Test("takes more probes where the first leave it open whether gradients serve, and goes by all of them")
  func moreProbes() throws {
    let straight = try decision(trial(stimuli: 8), odd: 1)
    #expect(straight.probes == [320, 0] && straight.layer.design == .gradients && straight.layer.gradients?.probes == 320)
    let open = try decision(trial(stimuli: 8), odd: 12)
    #expect(open.probes == [320, 960] && open.layer.design == .gradients && open.layer.gradients?.probes == 1280)
    // Σ(r − t)²/Σr² over both rounds.
    let left: Double = 11 * 11 / (1279 + 12 * 12)
    #expect(abs(try #require(open.layer.gradients?.trapezoidShare) - left) < 1e-6)
    let hopeless = try decision(trial(stimuli: 8), odd: 1e4)
    #expect(hopeless.layer.design == .complementPairs && hopeless.layer.gradients?.reason.contains("Measured by values") == true)
  }

  @Test("takes no more probes than are cheap beside values")
  func probesOfFewStimuli() throws {
    let few = try decision(trial(stimuli: 1), odd: 12)
    #expect(few.probes == [320, 0] && few.layer.design == .complementPairs && few.layer.gradients?.probes == 320)
  }
}
