import Anatomy
import Files
import Lesion
import Shapley
import Stimuli
import UserErrors

/// Leads a scan through its phases, on rank 0.
struct Conductor {
  let request: ScanRequest
  let labels: [Int]?
  let thumbnails: Thumbnails?
  let mailbox: Mailbox
  let worker: Worker
  let progress: Progress
  let versions: ScanResult.Versions
  /// Of all machines that measure, and those that an earlier run measured on.
  let instructionSets: [String]
  let stop: StopRequest
  let origin: ScanOrigin
  /// What an earlier run measured, where this one goes on.
  let earlier: Checkpoint.Content?

  /// What came of a scan.
  enum Outcome {
    case whole(ScanResult)
    /// What the other parts need to know.
    case part(ScanPart, RunSummary)
  }

  func scan(_ proposed: ScanPlan) throws -> Outcome {
    var runner = PhaseRunner(coordinator: Coordinator(wire: mailbox, worker: worker, stop: stop), progress: progress)
    var verification = LayerPhase(proposed.layers.map { .verify(layer: $0.number) }, progress: progress)
    try runner.run("checking cuts", proposed.layers.count, &verification)
    let checked = verification.results.map { read($0!) { $0.readDouble() } }
    let (plan, deviations) = try keepFaithfulLayers(proposed, checked)
    if plan != proposed {
      try worker.adopt(plan)
      try mailbox.spread(plan.encoded(), tag: Tag.plan)
    }

    var observation = ObservationPhase(plan: plan, progress: progress)
    try runner.run("observing stimuli", plan.stimulusCount, &observation)
    var stream: StreamStore.Content?
    if let count = plan.streamCount {
      let store = try StreamStore(
        folder: OutputFolder(request.output).acquisition, count: count, layers: plan.layers)
      var recording = RecordingPhase(plan: plan, store: store, progress: progress)
      try runner.run("recording the stream", count, &recording)
      try store.synchronize()
      stream = try store.content()
    }
    worker.endObservation()
    let predictions = try predictions(observation.scores)
    let targets = targets(predictions)

    if request.lesion == .mean {
      var averaging = LayerPhase(plan.layers.map { .average(layer: $0.number) }, progress: progress)
      try runner.run("averaging activations", plan.layers.count, &averaging)
      for (layer, result) in averaging.results.enumerated() {
        let means = read(result!) { $0.readFloats() }
        worker.setMeans(means, layer: layer)
        var message = MessageWriter()
        message.append(layer)
        message.append(means)
        try mailbox.spread(message.bytes, tag: Tag.means)
      }
    }

    let classes = labels ?? predictions
    let informationReason =
      request.part.map { $0.number > 1 } ?? false
      ? "Part 1 of the scan measures it." : LayerInformation.reasonForNone(labels: classes)
    var information = LayerPhase(
      informationReason != nil
        ? []
        : plan.layers.map {
          .inform(layer: $0.number, labels: classes, densities: observation.moments[$0.number].flatMap(\.densities))
        },
      progress: progress)
    if informationReason == nil { try runner.run("measuring information", plan.layers.count, &information) }
    var measurements = Measurements(
      request: request, plan: plan, targets: targets, predictions: predictions, labels: labels,
      rounds: plan.layers.map { _ in nil }, cutDeviations: deviations, moments: observation.moments,
      information: information.results.map { read($0!) { LayerInformation(&$0) } }, informationReason: informationReason,
      thumbnails: thumbnails)
    measurements.stream = stream

    let folder = OutputFolder(request.output)
    let identity = ScanIdentity(origin: origin, plan: plan, instructionSets: instructionSets)
    if let earlier, let difference = identity.difference(from: earlier.identity) {
      throw Failure(
        .usage,
        "\(folder.path) holds an unfinished scan that can't be gone on with: \(difference); give the same again, or choose another folder with --out")
    }
    let restored = earlier?.shards ?? [:]
    let checkpoint = try Checkpoint(
      path: folder.checkpoint, identity: identity, shards: restored, keepsPrevious: earlier?.isPrevious ?? false,
      interval: request.checkpointInterval)
    runner.coordinator.stopMargin = { 2 * checkpoint.lastCost }
    // A part's values stay in its checkpoint; merging the parts makes the tables.
    let store =
      request.keepsAcquisition && request.part == nil
      ? try AcquisitionStore(folder: folder.acquisition, plan: plan) : nil
    var acquisition = AcquisitionPhase(
      plan: plan, request: request, targets: targets, store: store, checkpoint: checkpoint, restored: restored,
      ranks: mailbox.size, progress: progress)
    do {
      try runner.run(Scan.measuring, plan.evaluations(of: request.part), &acquisition)
    } catch {
      // Whatever ended it, what was measured is kept.
      try checkpoint.flush()
      throw error
    }
    try store?.synchronize()
    // What is traced from here on is traced anew where the scan ends early; what was measured is safe.
    try checkpoint.flush()
    measurements.rounds = acquisition.layerRounds
    if request.keepsAcquisition || request.part != nil {
      try makeFolder(folder.acquisition)
      try measurements.write(to: folder.acquisition)
    }

    // Wiring is no part's share: the first of them traces all of it.
    Tracts.remove(from: folder)
    var tracts: Tracts?
    if request.tracesConnections, request.part?.number ?? 1 == 1 {
      let study = TractStudy(
        request: request, plan: plan, targets: targets, classCount: worker.classCount, unitCounts: worker.unitCounts,
        folder: folder.path, progress: progress)
      tracts = try study.run(&runner)
      try tracts?.write(to: folder.connections)
    }
    func summary() -> ScanResult.Run {
      ScanResult.Run(
        ranks: mailbox.size, timings: runner.timings, idleShares: runner.idleShares,
        checkpointSeconds: checkpoint.totalCost, instructionSets: instructionSets, versions: versions)
    }
    if let part = request.part { return .part(part, RunSummary(summary(), of: request, plan)) }
    var result = try measurements.result(estimates: acquisition.results, tracts: tracts, run: summary())
    if let store {
      let pairs = try result.layers.map(measurements.pairs)
      var interactions = InteractionPhase(result, pairs: pairs.map(\.pairs), store: store, progress: progress)
      if interactions.seriesCount > 0 { try runner.run("estimating interactions", interactions.seriesCount, &interactions) }
      for (number, found) in pairs.enumerated() {
        result.layers[number].interactions = measurements.interactions(
          result.layers[number], found, series: interactions.results[number].compactMap(\.self))
      }
      result.run = summary()
    }
    return .whole(result)
  }

  private func read<Value>(_ result: [UInt8], _ body: (inout MessageReader) -> Value) -> Value {
    var reader = MessageReader(result)
    return body(&reader)
  }

  /// The plan without layers whose cut doesn't reproduce the model.
  ///
  /// - Throws: `Failure` if such a layer was asked for by name, or none is left.
  private func keepFaithfulLayers(_ plan: ScanPlan, _ deviations: [Double]) throws -> (ScanPlan, [Double]) {
    var result = plan
    result.layers = []
    var kept: [Double] = []
    for (layer, deviation) in zip(plan.layers, deviations) {
      if deviation <= Scan.cutTolerance {
        var layer = layer
        layer.number = result.layers.count
        result.layers.append(layer)
        kept.append(deviation)
        continue
      }
      let reason = "cut there, the network's output is off by \(deviation) of its largest score"
      if case .named = request.layers {
        throw Failure(.badInput, "layer \"\(layer.tensor)\" can't be scanned: \(reason); leave it out")
      }
      result.refusals.append(ScanPlan.Refusal(tensor: layer.tensor, reason: reason))
    }
    guard !result.layers.isEmpty else {
      throw Failure(.badInput, "no layer can be scanned: \(result.refusals.last?.reason ?? "there is none")")
    }
    return (result, kept)
  }

  /// The class with the largest score, by stimulus.
  private func predictions(_ scores: [[Float]]) throws(Failure) -> [Int] {
    if let stimulus = scores.firstIndex(where: { !$0.allSatisfy(\.isFinite) }), !request.allowsNonFinite {
      throw Failure(
        .badInput,
        "stimulus \(stimulus): the intact network's scores are NaN or infinite; check the stimuli's scale, or skip such series with --allow-nonfinite")
    }
    return scores.map { scores in
      scores.indices.max { scores[$0] < scores[$1] || scores[$0] == scores[$1] && $0 > $1 } ?? 0
    }
  }

  private func targets(_ predictions: [Int]) -> [Int] {
    switch request.target {
    case .predicted: predictions
    case .label: labels!
    case .fixed(let index): predictions.map { _ in index }
    }
  }
}
