import Distribution
import Files
internal import Glibc
import Lesion
import OnnxRuntime
package import ScanPlan
package import Shapley
import Stimuli

/// What a scan would take and show, from its plan, a pilot and a few timed batches.
package struct Forecast: Sendable {
  package let plan: ScanPlan
  /// The execution providers that could be asked for on this machine, for people to read.
  package let providers: [String]
  /// The device that passes were timed on; `nil`: the processor.
  package let device: String?
  /// By layer, what ζ would be computed by.
  package let estimators: [EstimatorChoice]
  /// Seconds of one batch by layer, on this machine, with the cost of painting and reading.
  package let secondsPerBatch: [Double]
  /// Seconds of recording one stimulus of the stream; 0 for a scan without time.
  package let secondsPerRecord: Double
  /// Of the wiring between layers; `nil` where it isn't traced.
  package let tracts: TractForecast?
  /// Peak resident bytes of a rank: those of this process, which did what a rank does in every layer, and the numbers of the
  /// longest series on their way from the rank that measures them to the one that estimates from them.
  package let residentBytes: Int
  /// The same of the rank that coordinates, which gathers the estimates of all series.
  package let coordinatorBytes: Int
  /// What so many stimuli would show, ascending; none where no layer has a pilot.
  package let expectations: [Expectation]
  /// By layer, how reliable the map of a single stimulus is expected to be: 1 where it is exact, `nil` where no pilot tells.
  package let mapReliability: [Double?]

  /// Numbers of stimuli that are forecast, as far as there are as many.
  private static let stimulusCounts = [16, 64, 256]

  /// Copies of a series' numbers that a rank has at its peak, and bytes of an estimate on rank 0 for each region of a series, as
  /// measured on layers of 256, 16,384 and 65,536 regions.
  private static let (copiesOfSeries, bytesOfEstimate) = (6, 180)

  /// What a number of stimuli would show.
  package struct Expectation: Sendable {
    package let stimuli: Int
    /// By layer; `nil` where it has no pilot.
    package let layers: [GradientPilot.Forecast?]
    fileprivate let rows: [Int]
  }

  /// Cost: the plan, a look at each layer's cut, the stimuli's observation, probes and pilots of gradients, two batches of each layer, and one stimulus's
  /// tracts.
  /// - Throws: what a plan throws: a sentence and an exit code.
  package init(_ request: ScanRequest) throws {
    let inputs = try Scan.Inputs(request)
    providers = try inputs.runtime.providersOffered()
    device = inputs.runtime.provider.map { "\($0.shortName)\($0.device.map { " on " + $0 } ?? "")" }
    let proposed = try inputs.planner(request).makePlan()
    let stimuli = try inputs.stimuli(of: proposed)
    let worker = try Worker(
      request: request, plan: proposed, model: inputs.model, stimuli: stimuli, stream: inputs.stream?.stimuli,
      lesionFile: inputs.lesionFile, runtime: inputs.runtime)
    let checks = try proposed.layers.map { try VerifyTask(layer: $0.number).run(on: worker) {} }
    let faithful = try proposed.keepingFaithfulLayers(
      checks, request.measurement, unrepeatable: worker.unrepeatableOperators
    ).plan
    if faithful != proposed { try worker.adopt(faithful) }
    let trial = try Self.trial(faithful, request, worker, labels: stimuli.labels)
    let decision = try trial.decide(trial.measured { try $0.map { try $0.run(on: worker) {} } })
    plan = try decision.plan.notingTracts(request.measurement)
    mapReliability = zip(plan.layers, decision.mapReliability).map { $0.design.isWhole ? 1 : $1 }
    estimators = try plan.estimators(request.measurement, request.analysis)
    expectations = Self.expectations(decision, trial, most: inputs.availableCount ?? plan.stimulusCount)
    try worker.adopt(plan)
    secondsPerBatch = try plan.layers.map { try worker.secondsPerBatch(layer: $0.number) }
    secondsPerRecord = try plan.streamCount == nil ? 0 : Self.secondsPerRecord(worker)
    tracts =
      try request.measurement.tracesConnections
      ? TractForecast(plan, request, targets: trial.targets, on: worker) : nil
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue as __rusage_who_t, &usage)
    let longest = plan.layers.map(\.numberCount).max() ?? 0
    residentBytes = (usage.ru_maxrss << 10) + Self.copiesOfSeries * longest * MemoryLayout<Float>.size
    let estimates = plan.layers.reduce(0) { $0 + $1.regionCount } * plan.stimulusCount
    coordinatorBytes = residentBytes + Self.bytesOfEstimate * estimates
  }

  /// What tells whether layers can be measured by gradients, after what a scan does before it is asked.
  private static func trial(
    _ plan: ScanPlan, _ request: ScanRequest, _ worker: Worker, labels: [Int]?
  ) throws -> GradientTrial {
    let measurement = request.measurement
    let scores = try (0..<plan.stimulusCount).map { try ObserveTask(stimulus: $0).run(on: worker) {}.scores }
    worker.endObservation()
    if measurement.lesion.rest != nil {
      for layer in plan.layers.indices { worker.means[layer] = try AverageTask(layer: layer).run(on: worker) {}.values }
    }
    return GradientTrial(
      request: request, plan: plan, targets: worker.reader.targets(measurement.target, scores, labels: labels))
  }

  /// Of the second of two, after everything is warm.
  private static func secondsPerRecord(_ worker: Worker) throws -> Double {
    var start = 0.0
    for _ in 0..<2 {
      start = monotonicSeconds()
      _ = try RecordTask(stimulus: 0).run(on: worker) {}
    }
    defer { worker.endObservation() }
    return monotonicSeconds() - start
  }

  private static func expectations(
    _ decision: GradientTrial.Decision, _ trial: GradientTrial, most: Int
  ) -> [Expectation] {
    guard decision.pilots.contains(where: { $0 != nil }), decision.plan.streamCount == nil else { return [] }
    let analysis = trial.request.analysis
    // A pilot doesn't tell how alike the stimuli of a cluster are.
    guard analysis.clusters == nil else { return [] }
    return (stimulusCounts.filter { $0 < most } + [most]).map { stimuli in
      let layers = zip(decision.plan.layers, decision.pilots).map { layer, pilot in
        pilot.map {
          // Where every single map is to be reliable, its passes don't depend on how many there are.
          let isAlone = trial.request.measurement.mapReliability != nil
          return $0.forecast(
            stimuli: stimuli, passes: isAlone ? layer.budget : trial.passes(layer, $0, stimuli: stimuli),
            confidence: analysis.confidence, falseDiscoveryRate: analysis.falseDiscoveryRate)
        }
      }
      return Expectation(
        stimuli: stimuli, layers: layers, rows: zip(decision.plan.layers, layers).map { $1?.passes ?? $0.rows })
    }
  }

  private func batches(_ layer: ScanPlan.Layer, rows: Int) -> Int {
    let batch = layer.design == .gradients ? min(layer.batch, ScanPlan.Layer.gradientBatch) : layer.batch
    return (rows + batch - 1) / batch
  }

  /// Batches of one series of a layer, padded ones included.
  package func batches(_ layer: ScanPlan.Layer) -> Int { batches(layer, rows: layer.rows) }

  /// Wall time of recording the stream on a number of equal ranks.
  package func recordingSeconds(ranks: Int) -> Double {
    Double(plan.streamCount ?? 0) * secondsPerRecord / Double(ranks)
  }

  /// Wall time of the measurement on a number of equal ranks: shards go to the rank that is free, so the work is spread
  /// evenly but for one shard at the end.
  package func seconds(ranks: Int) -> Double {
    seconds(ranks: ranks, stimuli: plan.stimulusCount, rows: plan.layers.map(\.rows))
  }

  /// The same with another number of stimuli.
  package func seconds(ranks: Int, of expectation: Expectation) -> Double {
    seconds(ranks: ranks, stimuli: expectation.stimuli, rows: expectation.rows)
  }

  private func seconds(ranks: Int, stimuli: Int, rows: [Int]) -> Double {
    let work = plan.layers.indices.reduce(0) {
      $0 + Double(batches(plan.layers[$1], rows: rows[$1]) * stimuli) * secondsPerBatch[$1]
    }
    let longestShard = (secondsPerBatch.max() ?? 0) * Double(plan.rowsPerShard / plan.batch)
    return work / Double(ranks) + (ranks > 1 ? longestShard : 0)
  }
}
