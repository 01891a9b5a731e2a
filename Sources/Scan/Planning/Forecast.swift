internal import Glibc
package import ScanPlan

/// What a scan would take, from its plan and a few timed batches.
package struct Forecast: Sendable {
  package let plan: ScanPlan
  /// By layer, what ζ would be computed by.
  package let estimators: [EstimatorChoice]
  /// Seconds of one batch by layer, on this machine, with the cost of painting and reading.
  package let secondsPerBatch: [Double]
  /// Peak resident bytes of this process, which did what a rank does in every layer.
  package let residentBytes: Int

  /// Cost: the plan, and two batches of each layer.
  package init(_ request: ScanRequest) throws {
    let inputs = try Scan.Inputs(request)
    plan = try inputs.planner(request).makePlan()
    estimators = try plan.estimators(request.measurement, request.analysis)
    let worker = try Worker(
      request: request, plan: plan, model: inputs.model, stimuli: inputs.stimuli(of: plan), stream: inputs.stream?.stimuli,
      runtime: inputs.runtime)
    secondsPerBatch = try plan.layers.map { try worker.secondsPerBatch(layer: $0.number) }
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue as __rusage_who_t, &usage)
    residentBytes = usage.ru_maxrss << 10
  }

  /// Batches of one series of a layer, padded ones included.
  package func batches(_ layer: ScanPlan.Layer) -> Int {
    (layer.rows + plan.batch - 1) / plan.batch
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
