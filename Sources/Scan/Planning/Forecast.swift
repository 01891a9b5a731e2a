import Distribution
internal import Glibc
import Lesion
package import ScanPlan
import Shapley
import Stimuli

/// What a scan would take, from its plan and a few timed batches.
package struct Forecast: Sendable {
  package let plan: ScanPlan
  /// By layer, what ζ would be computed by.
  package let estimators: [EstimatorChoice]
  /// Seconds of one batch by layer, on this machine, with the cost of painting and reading.
  package let secondsPerBatch: [Double]
  /// Peak resident bytes of this process, which did what a rank does in every layer.
  package let residentBytes: Int

  /// Cost: the plan, the stimuli's observation, probes and pilots of gradients, and two batches of each layer.
  package init(_ request: ScanRequest) throws {
    let inputs = try Scan.Inputs(request)
    let proposed = try inputs.planner(request).makePlan()
    let stimuli = try inputs.stimuli(of: proposed)
    let worker = try Worker(
      request: request, plan: proposed, model: inputs.model, stimuli: stimuli, stream: inputs.stream?.stimuli,
      runtime: inputs.runtime)
    plan = try Self.decided(proposed, request, worker, labels: stimuli.labels)
    estimators = try plan.estimators(request.measurement, request.analysis)
    try worker.adopt(plan)
    secondsPerBatch = try plan.layers.map { try worker.secondsPerBatch(layer: $0.number) }
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue as __rusage_who_t, &usage)
    residentBytes = usage.ru_maxrss << 10
  }

  /// The plan with what probes say of gradients, as a scan finds it out.
  private static func decided(
    _ plan: ScanPlan, _ request: ScanRequest, _ worker: Worker, labels: [Int]?
  ) throws -> ScanPlan {
    let measurement = request.measurement
    let scores = try (0..<plan.stimulusCount).map { try ObserveTask(stimulus: $0).run(on: worker) {}.scores }
    worker.endObservation()
    if measurement.lesion.needsMeans {
      for layer in plan.layers.indices { worker.means[layer] = try AverageTask(layer: layer).run(on: worker) {}.values }
    }
    let trial = GradientTrial(
      request: request, plan: plan, targets: measurement.targets(measurement.predictions(scores), labels: labels))
    return try trial.decide(trial.tasks.map { try $0.run(on: worker) {} })
  }

  /// Batches of one series of a layer, padded ones included.
  package func batches(_ layer: ScanPlan.Layer) -> Int {
    let batch = layer.design == .gradients ? min(layer.batch, ScanPlan.Layer.gradientBatch) : layer.batch
    return (layer.rows + batch - 1) / batch
  }

  /// Wall time of the measurement on a number of equal ranks: shards go to the rank that is free, so the work is spread
  /// evenly but for one shard at the end.
  package func seconds(ranks: Int) -> Double {
    let work = zip(plan.layers, secondsPerBatch).reduce(0) {
      $0 + Double(batches($1.0) * plan.stimulusCount) * $1.1
    }
    let longestShard = (secondsPerBatch.max() ?? 0) * Double(plan.rowsPerShard / plan.batch)
    return work / Double(ranks) + (ranks > 1 ? longestShard : 0)
  }
}
