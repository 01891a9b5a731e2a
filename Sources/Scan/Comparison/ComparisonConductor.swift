import Anatomy
import Distribution
import Lesion
import ScanPlan
import ScanResults
import ScanStore
import Shapley

/// Leads a comparison through its phases, on rank 0.
struct ComparisonConductor {
  let opening: ComparisonOpening
  let worker: Worker
  /// Tells the other ranks something.
  let spread: (MeansNotice) throws -> Void

  private var settings: ComparisonSettings { opening.settings }
  private var measurements: Measurements { opening.scan.measurements }

  func result<Wire: Transport>(_ runner: inout PhaseRunner<Wire>) throws -> ComparisonResult {
    let estimates = try opening.scan.estimates(&runner)
    try average(&runner)
    let tasks = try tasks(estimates)
    var phase = ListPhase(tasks, progress: runner.progress)
    try runner.run("comparing methods", tasks.count, &phase, on: worker)
    let trials = phase.outputs
    return ComparisonResult(
      settings: settings, plan: measurements.plan, measurement: measurements.request.measurement,
      units: IndependentUnits(measurements.plan, measurements.request),
      confidence: measurements.request.analysis.confidence,
      layers: settings.layers.enumerated().map { place, number in
        let start = place * settings.stimuli.count
        return ComparisonResult.Layer(
          plan: measurements.plan.layers[number], series: Array(trials[start..<start + settings.stimuli.count]))
      }, refusals: opening.refusals)
  }

  /// Makes mean activations known to all ranks, where lesions need them.
  private func average<Wire: Transport>(_ runner: inout PhaseRunner<Wire>) throws {
    guard opening.request.measurement.lesion.rest != nil else { return }
    var phase = ListPhase(settings.layers.map { AverageTask(layer: $0) }, progress: runner.progress)
    try runner.run("averaging activations", settings.layers.count, &phase, on: worker)
    for (layer, means) in zip(settings.layers, phase.outputs) {
      let notice = MeansNotice(layer: layer, means: means)
      notice.apply(to: worker)
      try spread(notice)
    }
  }

  /// Layer by layer, stimulus by stimulus.
  private func tasks(_ estimates: [[Estimate?]]) throws -> [CompareTask] {
    try settings.layers.flatMap { layer -> [CompareTask] in
      let maps = estimates[layer].compactMap { $0?.zeta }
      let mean =
        maps.isEmpty
        ? [] : maps[0].indices.map { region in maps.reduce(0) { $0 + $1[region] } / Double(maps.count) }
      return try settings.stimuli.map { stimulus in
        CompareTask(
          layer: layer, stimulus: stimulus, target: measurements.targets[stimulus],
          referenceSamples: settings.referenceSamples,
          density: try measurements.moments.moments(layer: layer, stimulus: stimulus).densities,
          scan: estimates[layer][stimulus]?.zeta ?? [], scanMean: mean)
      }
    }
  }
}
