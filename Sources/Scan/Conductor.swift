import Anatomy
import Distribution
import Files
import Lesion
import ModelGraph
import Networks
import ScanPlan
import ScanResults
import ScanStore
import Shapley
import Stimuli
import UserErrors

/// Leads a scan through its phases, on rank 0.
struct Conductor {

  let request: ScanRequest
  let labels: [Int]?
  let classNames: [String]?
  let thumbnails: Thumbnails?
  let mailbox: Mailbox
  let worker: Worker
  /// Of all machines that measure, and those that an earlier run measured on.
  let instructionSets: [String]
  let versions: RunRecord.Versions
  let origin: ScanOrigin
  /// What an earlier run measured, where this one goes on.
  let earlier: Checkpoint.Content?
  /// A finished scan that this one takes over.
  let extended: ScanExtension?
  /// Tells the user.
  let note: (String) -> Void

  /// What came of a scan.
  enum Outcome {
    case whole(ScanResult)
    /// What the other parts need to know.
    case part(ScanPart, RunSummary)
  }

  private var folder: OutputFolder { OutputFolder(request.run.output) }

  func scan(_ proposed: ScanPlan, _ runner: inout PhaseRunner<Mailbox>) throws -> Outcome {
    let (faithful, deviations) = try verify(proposed, &runner)
    let observation = try observe(faithful, &runner)
    let stream = try record(faithful, &runner)
    worker.endObservation()
    let predictions = try predictions(observation.scores)
    let targets = worker.reader.targets(request.measurement.target, observation.scores, labels: labels)
    if request.measurement.lesion.rest != nil { try average(faithful, &runner) }
    let plan = try tryGradients(keepingScores(faithful, observation.scores, predictions, targets), targets, &runner)
    sayWhatChanged(from: proposed, to: plan)
    let kept = plan.layers.map { layer in faithful.layers.firstIndex { $0.tensor == layer.tensor }! }

    var measurements = Measurements(
      request: request, plan: plan, targets: targets, predictions: predictions, labels: labels,
      classNames: classNames, rounds: plan.layers.map { _ in nil }, cutDeviations: kept.map { deviations[$0] },
      moments: observation.moments.keeping(layers: kept), thumbnails: thumbnails)
    measurements.stream = stream
    let measured = try acquire(&measurements, &runner)
    try lookAtAnswers(&measurements, measured, &runner)
    let tracts = try trace(plan, measurements.targets, &runner)
    let record = { [mailbox, instructionSets, versions] (runner: PhaseRunner<Mailbox>) in
      RunRecord(
        ranks: mailbox.size, timings: runner.timings, idleShares: runner.idleShares,
        checkpointSeconds: measured.checkpointSeconds, earlierPasses: measured.earlierPasses, instructionSets: instructionSets,
        versions: versions)
    }
    if let part = request.run.part { return .part(part, RunSummary(record(runner), of: request, plan)) }
    return .whole(try conclude(measurements, measured, tracts, &runner, record))
  }

  // MARK: Before the measurement

  /// Says what the plan that was announced didn't know.
  private func sayWhatChanged(from proposed: ScanPlan, to plan: ScanPlan) {
    if plan.evaluations < proposed.evaluations, request.run.part == nil, earlier == nil, extended == nil {
      let gradients = plan.layers.reduce(0) { $0 + ($1.design == .gradients ? $1.rows : 0) } * plan.stimulusCount
      let share = gradients == plan.evaluations ? ", all" : gradients > 0 ? ", \(gradients) of them" : nil
      note("\(plan.evaluations) passes are needed\(share.map { "\($0) for gradients" } ?? "").")
    }
    plan.notes.filter { !proposed.notes.contains($0) }.forEach(note)
    ScanPlan.Refusal.sentences(plan.refusals.filter { !proposed.refusals.contains($0) }).forEach(note)
  }

  /// Checks the cuts, and leaves out layers whose cut doesn't reproduce the model.
  private func verify(
    _ proposed: ScanPlan, _ runner: inout PhaseRunner<Mailbox>
  ) throws -> (plan: ScanPlan, deviations: [Double]) {
    var phase = ListPhase(proposed.layers.map { VerifyTask(layer: $0.number) }, progress: runner.progress)
    try runner.run("checking cuts", proposed.layers.count, &phase, on: worker)
    let (plan, deviations) = try proposed.keepingFaithfulLayers(
      phase.outputs, request.measurement, unrepeatable: worker.unrepeatableOperators)
    if plan != proposed {
      try worker.adopt(plan)
      try mailbox.spread(PlanNotice(plan))
    }
    return (plan, deviations)
  }

  private func observe(_ plan: ScanPlan, _ runner: inout PhaseRunner<Mailbox>) throws -> ObservationPhase {
    var phase = try ObservationPhase(plan: plan, ranks: mailbox.size, folder: folder.path, progress: runner.progress)
    try runner.run("observing stimuli", plan.stimulusCount, &phase, on: worker)
    return phase
  }

  /// What the stream did to each layer; `nil` for a scan without time.
  private func record(_ plan: ScanPlan, _ runner: inout PhaseRunner<Mailbox>) throws -> StreamStore.Content? {
    guard let count = plan.streamCount else { return nil }
    let store = try StreamStore(folder: folder.acquisition, count: count, layers: plan.layers)
    var phase = RecordingPhase(plan: plan, store: store, progress: runner.progress)
    try runner.run("recording the stream", count, &phase, on: worker)
    try store.synchronize()
    return try store.content()
  }

  /// Makes mean activations known to all ranks.
  private func average(_ plan: ScanPlan, _ runner: inout PhaseRunner<Mailbox>) throws {
    var phase = ListPhase(plan.layers.map { AverageTask(layer: $0.number) }, progress: runner.progress)
    try runner.run("averaging activations", plan.layers.count, &phase, on: worker)
    for (layer, means) in phase.outputs.enumerated() {
      let notice = MeansNotice(layer: layer, means: means)
      notice.apply(to: worker)
      try mailbox.spread(notice)
    }
  }

  /// Decides which layers are measured by gradients, and by how many passes.
  private func tryGradients(
    _ plan: ScanPlan, _ targets: [Int], _ runner: inout PhaseRunner<Mailbox>
  ) throws -> ScanPlan {
    let trial = GradientTrial(request: request, plan: plan, targets: targets)
    func outputs(_ tasks: [GradientTrial.Trial]) throws -> [GradientTrial.Trial.Output] {
      guard !tasks.isEmpty else { return [] }
      var phase = ListPhase(tasks, progress: runner.progress)
      try runner.run("probing gradients", tasks.count, &phase, on: worker)
      return phase.outputs
    }
    var decided = try trial.decide(trial.measured(outputs)).plan
    if let extended { decided = extended.keepingDesigns(decided) }
    decided = try decided.notingTracts(request.measurement)
    if decided != worker.plan {
      try worker.adopt(decided)
      try mailbox.spread(PlanNotice(decided))
    }
    return decided
  }

  // MARK: The measurement

  /// What the measurement left.
  private struct Measured {
    var estimates: [[Estimate?]]
    var store: AcquisitionStore?
    var checkpointSeconds: Double
    /// Passes that were there when the measurement began.
    var earlierPasses: Int
  }

  private func acquire(
    _ measurements: inout Measurements, _ runner: inout PhaseRunner<Mailbox>
  ) throws -> Measured {
    let plan = measurements.plan
    let identity = ScanIdentity(origin: origin, plan: plan, instructionSets: instructionSets)
    if let earlier, let difference = identity.difference(from: earlier.identity) {
      throw Failure(
        .usage,
        "\(folder.path) holds an unfinished scan that can't be gone on with: \(difference); give the same again, or choose another folder with --out"
      )
    }
    var restored = earlier?.shards ?? [:]
    if let extended {
      restored.merge(try extended.shards(of: plan, targets: measurements.targets)) { measured, _ in measured }
    }
    let earlierPasses = restored.keys.reduce(0) { $0 + plan.rows(ofShard: $1.shard, plan.layers[$1.layer]).count }
    let checkpoint = try Checkpoint(
      path: folder.checkpoint, identity: identity, shards: restored, keepsPrevious: earlier?.isPrevious ?? false,
      interval: request.run.checkpointInterval)
    runner.coordinator.stopMargin = { 2 * checkpoint.lastCost }
    // A part's values stay in its checkpoint; merging the parts makes the tables.
    let store =
      request.run.keepsAcquisition && request.run.part == nil
      ? try AcquisitionStore(folder: folder.acquisition, plan: plan) : nil
    var phase = AcquisitionPhase(
      plan: plan, request: request, targets: measurements.targets, store: store, checkpoint: checkpoint,
      restored: restored, ranks: mailbox.size, progress: runner.progress)
    do {
      try runner.run(PhaseName.measuring, plan.evaluations(of: request.run.part), &phase, on: worker)
    } catch {
      // Whatever ended it, what was measured is kept.
      try checkpoint.flush()
      throw error
    }
    try store?.synchronize()
    // What is traced from here on is traced anew where the scan ends early; what was measured is safe.
    try checkpoint.flush()
    measurements.rounds = phase.layerRounds
    if request.run.keepsAcquisition || request.run.part != nil {
      try makeFolder(folder.acquisition)
      try measurements.write(to: folder.acquisition)
    }
    return Measured(
      estimates: phase.results, store: store, checkpointSeconds: checkpoint.totalCost, earlierPasses: earlierPasses)
  }

  // MARK: After the measurement

  /// Asks what the network answers under lesions of what was found. A part doesn't know what the others find.
  private func lookAtAnswers(
    _ measurements: inout Measurements, _ measured: Measured, _ runner: inout PhaseRunner<Mailbox>
  ) throws {
    guard request.run.part == nil, worker.reader.hasClasses else { return }
    let study = LesionTrialStudy(
      request: request, plan: measurements.plan, targets: measurements.targets, estimates: measured.estimates,
      progress: runner.progress)
    if study.needsMeans { try average(measurements.plan, &runner) }
    let trials = try study.run(&runner, on: worker)
    measurements.trials = trials
    measurements.pruning = try (worker.heldOutFeed?.stimuli).flatMap { heldOut in
      try PruningStudy(
        request: request, plan: measurements.plan, estimates: measured.estimates,
        densities: measurements.moments.densities, places: heldOut.records,
        labels: heldOut.labels.flatMap { $0.allSatisfy { $0 >= 0 } ? $0 : nil },
        progress: runner.progress
      ).run(&runner, on: worker)
    }
    guard request.run.keepsAcquisition else { return }
    try trials.write(to: folder.acquisition)
    try measurements.pruning?.write(to: folder.acquisition)
  }

  /// Wiring is no part's share: the first of them traces all of it.
  private func trace(_ plan: ScanPlan, _ targets: [Int], _ runner: inout PhaseRunner<Mailbox>) throws -> Tracts? {
    Tracts.remove(from: folder)
    guard request.measurement.tracesConnections, request.run.part?.number ?? 1 == 1 else { return nil }
    let study = TractStudy(
      request: request, plan: plan, targets: targets, scoredClasses: worker.scoredClasses, unitCounts: worker.unitCounts,
      folder: folder.path, progress: runner.progress, tracedStimuli: try plan.tracedStimuli(request.measurement))
    let tracts = try study.run(&runner, on: worker)
    try tracts.write(to: folder.connections)
    return tracts
  }

  private func conclude(
    _ measurements: Measurements, _ measured: Measured, _ tracts: Tracts?, _ runner: inout PhaseRunner<Mailbox>,
    _ record: @escaping (PhaseRunner<Mailbox>) -> RunRecord
  ) throws -> ScanResult {
    var pipeline = ResultPipeline(runner: runner, estimation: worker.estimation) { layer, stimulus in
      // Values that weren't kept are asked for by nobody.
      measurements.measured(
        of: try measured.store!.read(layer: layer, stimulus: stimulus), layer: layer, stimulus: stimulus)
    }
    let result = try pipeline.result(
      measurements, estimates: measured.estimates, tracts: tracts, withInteractions: measured.store != nil, run: record)
    runner = pipeline.runner
    return result
  }

  // MARK: Decisions

  /// The class that the network predicts, by stimulus; none where it predicts no classes.
  private func predictions(_ scores: [[Float]]) throws(Failure) -> [Int] {
    if let stimulus = scores.firstIndex(where: { !$0.allSatisfy(\.isFinite) }), !request.measurement.allowsNonFinite {
      throw Failure(
        .badInput,
        "stimulus \(stimulus): the intact network's scores are NaN or infinite; check the stimuli's scale, or skip such series with --allow-nonfinite"
      )
    }
    return worker.reader.predictions(scores)
  }

  /// The plan with the classes whose scores are kept, where not all are. - Parameter scores: of the intact network, by stimulus.
  private func keepingScores(
    _ plan: ScanPlan, _ scores: [[Float]], _ predictions: [Int], _ targets: [Int]
  ) throws -> ScanPlan {
    guard let limit = request.measurement.keptScoreLimit, limit < worker.scoredClasses.count else { return plan }
    var result = plan
    result.keptClasses = scores.indices.map { stimulus in
      let named = worker.reader.classes(target: targets[stimulus], stimulus: stimulus)
      return LeadingScores.classes(
        of: scores[stimulus], count: limit, needed: [predictions[stimulus], targets[stimulus]] + named)
    }
    return result
  }
}
