import Anatomy
package import Distribution
import ScanPlan
package import ScanStore
package import Shapley

/// The way from values to a result: the same for a scan that has just measured, for a stored one, and for parts.
package struct ResultPipeline<Wire: Transport> {
  package var runner: PhaseRunner<Wire>
  private let estimation: Estimation
  /// The values of a layer and a stimulus: those that were measured of the design, and then its anchors.
  private let values: (_ layer: Int, _ stimulus: Int) throws -> [Float]

  package init(
    runner: PhaseRunner<Wire>, estimation: Estimation,
    values: @escaping (_ layer: Int, _ stimulus: Int) throws -> [Float]
  ) {
    self.runner = runner
    self.estimation = estimation
    self.values = values
  }

  /// The estimates of all series, by layer and stimulus; `nil` for those with values that are not finite.
  ///
  /// - Throws: what stopped the phase: an interruption, or a rank's failure.
  package mutating func estimates() throws -> [[Estimate?]] {
    var phase = EstimatePhase(plan: estimation.plan, progress: runner.progress, values: values)
    try runner.run("estimating", phase.seriesCount, &phase, on: estimation)
    return phase.results
  }

  /// What the estimates say together, with what densities tell of the classes and interactions of the best-ranked regions.
  ///
  /// - Parameters:
  ///   - estimates: by layer, by stimulus; `nil` for a series that was skipped.
  ///   - tracts: the wiring between layers, where it was traced.
  ///   - withInteractions: whether values are kept that tell of them.
  ///   - withInformation: whether anybody asks what densities tell of the classes: of many regions and stimuli that takes longer than the
  ///     estimates.
  ///   - run: how it was run, once all phases are over.
  /// - Throws: what stopped a phase: an interruption, or a rank's failure.
  package mutating func result(
    _ measurements: Measurements, estimates: [[Estimate?]], tracts: Tracts?, withInteractions: Bool = true,
    withInformation: Bool = true,
    run: (PhaseRunner<Wire>) -> RunRecord
  ) throws -> ScanResult {
    var result = try measurements.result(
      estimates: estimates, estimators: estimation.estimators, tracts: tracts, run: run(runner))
    if withInformation {
      try inform(&result, of: measurements)
      result.run = run(runner)
    }
    guard withInteractions else { return result }
    let found = try result.layers.map(measurements.pairs)
    var phase = InteractionPhase(result, pairs: found.map(\.pairs), progress: runner.progress, values: values)
    if phase.seriesCount > 0 {
      try runner.run("estimating interactions", phase.seriesCount, &phase, on: estimation)
    }
    for (number, found) in found.enumerated() {
      result.layers[number].interactions = measurements.interactions(
        result.layers[number], found, estimates: phase.results[number])
    }
    result.run = run(runner)
    return result
  }

  /// Adds what densities tell of the classes.
  private mutating func inform(_ result: inout ScanResult, of measurements: Measurements) throws {
    let classes = measurements.labels ?? (measurements.predictions.isEmpty ? measurements.targets : measurements.predictions)
    // Stimuli without a label tell nothing of classes.
    let known = classes.indices.filter { classes[$0] >= 0 }
    let labels = known.map { classes[$0] }
    if let reason = LayerInformation.reasonForNone(labels: labels) {
      for layer in result.layers.indices { result.layers[layer].informationReason = reason }
      return
    }
    let units = IndependentUnits(measurements.plan, measurements.request).blocks
    let blocks = LabelBlocks(numbers: units.numbers, keepsOrder: units.areOrdered).keeping(known)
    let tasks = result.layers.map { layer in
      InformTask.tasks(layer: layer.plan.number, labels: labels, blocks: blocks, densities: known.map { layer.densities[$0] })
    }
    var phase = ListPhase(tasks.flatMap { $0 }, progress: runner.progress)
    try runner.run("measuring information", tasks.reduce(0) { $0 + $1.count }, &phase, on: estimation)
    var outputs = phase.outputs[...]
    for (layer, tasks) in tasks.enumerated() {
      result.layers[layer].information = LayerInformation(joining: outputs.prefix(tasks.count))
      outputs = outputs.dropFirst(tasks.count)
    }
  }
}

extension TaskRegistry {
  /// Adds the tasks of a pipeline. - Parameter part: a rank's estimation.
  package mutating func addEstimation(on part: @escaping (Worker) -> Estimation) {
    add(EstimateTask.self, on: part)
    add(InteractTask.self, on: part)
    add(InformTask.self, on: part)
  }
}
