import Anatomy
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
package import ScanPlan
import Shapley
import Stimuli
import UserErrors

/// Turns a request into a plan, on rank 0: looks at the model by running it, chooses layers, designs and shards.
package struct Planner {
  /// Batches in a shard: long enough that a message a shard costs nothing, short enough that ranks end together.
  private static let batchesPerShard = 8
  /// Donors of a series under `resample`: each costs one prefix run and one evaluation of ∅.
  private static let donorLimit = 8
  /// Classes whose scores are kept of a pass: at most four kilobytes.
  private static let mostKeptScores = 1024

  let request: ScanRequest
  let model: Model
  let stimuli: StimulusSet
  let stream: Scan.Stream?
  /// Stimuli of the data, scanned or not.
  let dataCount: Int
  let runtime: Runtime
  /// SHA-256 of the model file with its files of weights, and of the stimuli's files.
  let modelDigest: String
  let dataDigest: String
  /// What lesions take from a file, and its SHA-256; `nil` where they take nothing from one.
  let lesionFile: LesionFile?
  let lesionDigest: String?
  /// SHA-256 of the file that the value takes something from; `nil` likewise.
  let valueDigest: String?

  /// Cost: some forward passes, and the activations of all candidate tensors at once in memory.
  /// - Throws: `Failure` for a request that doesn't fit the model or the stimuli.
  package func makePlan() throws -> ScanPlan {
    try checkRequest()
    // What a network is like doesn't depend on what runs it, and the runtime's own kernels know every operator.
    var options = Session.Options(for: model, threads: request.measurement.threads, isOnProcessor: true)
    let survey = try NetworkSurvey(
      model: model, stimuli: stimuli, runtime: runtime, session: options,
      reading: ReadoutRequest(request.measurement, of: stimuli))
    let reader = try OutputReader(survey.readout)
    try checkTargets(reader)

    var refusals: [ScanPlan.Refusal] = []
    var notes = survey.notes
    if let doubt = survey.classDoubt { notes.append(doubt.note()) }
    if let note = noteOnClassNames(reader) { notes.append(note) }
    notes += notesOnLabels(reader)
    let regions = try RegionRequest(request.measurement, survey, stimuli: stimuli, runtime: runtime)
    let selection = try selection(regions)
    let chosen = try chooseLayers(survey, selection, &refusals)
    if let note = selection.note(on: survey.layers.map(\.candidate.tensor)) { notes.append(note) }
    if selection == .automatic, !survey.model.learns { notes.append(Self.noteOnBlocks(survey)) }
    if selection == .automatic, let note = Self.noteOnInputs(survey) { notes.append(note) }
    let frozen = try request.measurement.frozen.map { try FrozenTensor($0, survey, regions) }
    if let frozen { notes.append(frozen.note(isOfPair: request.measurement.lesion.runsInPair)) }
    let donors = request.measurement.lesion.isDrawn ? min(Self.donorLimit, stimuli.count - 1) : 0
    let shares = survey.suffixCostShares
    let forwardCost = survey.forwardCost
    var layers: [ScanPlan.Layer] = []
    for layer in chosen {
      let tensor = layer.candidate.tensor
      if let frozen, let reason = survey.model.reasonAgainst(freezing: frozen.tensor, cutAt: tensor) {
        refusals.append(ScanPlan.Refusal(tensor: tensor, reason: reason))
        continue
      }
      if case .channelMean = request.measurement.lesion, stimuli.count < 2, let axes = layer.layout.axes,
        (axes.height + axes.width).allSatisfy({ layer.shape[$0] == 1 })
      {
        refusals.append(
          ScanPlan.Refusal(
            tensor: tensor, reason: "it is one list of features, of which the mean over one stimulus is its own activation"))
        continue
      }
      if layer.role.kind == .input, let ids = survey.model.embeddings(of: tensor).first {
        let lesion = request.measurement.lesion
        if let reason = Self.reasonAgainst(lesion, ofIds: ids) {
          refusals.append(ScanPlan.Refusal(tensor: tensor, reason: reason))
          continue
        }
        if let note = Self.note(on: lesion, ofIds: ids, in: tensor) { notes.append(note) }
      }
      let choice: RegionRequest.Choice
      do {
        choice = try regions.choice(for: layer)
        _ = try lesionFile?.activations(of: tensor, shape: layer.shape)
      } catch let error as GridError where error.code == .badInput {
        refusals.append(ScanPlan.Refusal(tensor: tensor, reason: error.message))
        continue
      }
      for note in choice.notes where !notes.contains(note) { notes.append(note) }
      let cut = try survey.model.cut(
        at: tensor, reading: survey.readTensor, types: survey.elementTypes, freezing: frozen)
      layers.append(
        try plan(
          layer, choice, cut: cut, number: layers.count, donors: donors, suffixCostShare: shares[tensor] ?? 1,
          forwardCost: forwardCost, notes: &notes))
    }
    guard !layers.isEmpty else {
      throw Failure(.badInput, refusals.last.map { "layer \"\($0.tensor)\": \($0.reason)" } ?? "no layer has regions")
    }
    notes += try regions.notes(on: layers)
    if request.analysis.estimator == .gradient, let note = Self.noteOnExactLayers(layers) { notes.append(note) }
    if request.measurement.keepsScores == true {
      let count = try keptScores(reader)
      for place in layers.indices { layers[place].scoreCount = count }
    }
    let memory = MemoryEstimate(survey)
    let most = survey.takesBatches ? request.measurement.batch : 1
    let sharesWeights = request.sharesWeights(of: survey.model)
    let batch =
      try request.resources.memoryBudget.map { budget throws(Failure) in
        try memory.batch(within: budget, most: most, sharesWeights: sharesWeights)
      } ?? most
    for place in layers.indices { layers[place].batch = batch }
    notes += Self.chanceNotes(survey)
    if let note = Self.noteOnLayouts(chosen) { notes.append(note) }
    if let note = try noteOnPadding(chosen, survey) { notes.append(note) }
    if let note = try noteOnReplacements() { notes.append(note) }
    if donors > 0, donors < stimuli.count - 1 {
      notes.append(
        "Each stimulus's replacements come from \(donors) of the \(stimuli.count - 1) other stimuli, drawn for it: its ζ, its errors and its reliability, and the intervals for these stimuli, are given these donors; the intervals for stimuli like these count how they differ."
      )
    }
    options.isOnProcessor = false
    if let note = try survey.providerNote(runtime: runtime, options: options) { notes.append(note) }
    if batch < most {
      notes.append("Coalitions run \(batch) at a time instead of \(most), so that a rank keeps within its memory.")
    }
    var plan = ScanPlan(
      modelDigest: modelDigest, dataDigest: dataDigest,
      preparation: survey.preparation, batch: batch, readout: survey.readout, stimulusCount: stimuli.count,
      stimulusPlaces: stimuli.records,
      streamCount: stream?.stimuli.count, streamStimuli: stream?.scanned, donorCount: donors,
      rowsPerShard: max(batch, 32) * Self.batchesPerShard / batch * batch, layers: layers, refusals: refusals,
      notes: notes, residentBytes: memory.bytes(batch: batch, sharesWeights: false))
    plan.dataCount = dataCount
    try request.analysis.clusters?.check(for: plan)
    plan.stimulusClasses = try stimulusClasses()
    plan.lesionDigest = lesionDigest
    plan.frozen = frozen
    plan.valueDigest = valueDigest
    plan.provider = runtime.provider?.identity
    return plan
  }

  /// The layers that are asked for: those that files speak of, where nothing else is.
  private func selection(_ regions: RegionRequest) throws(Failure) -> LayerSelection {
    let asked = try regions.layers(request.measurement.layers)
    guard asked == .automatic, let tensors = lesionFile?.tensors else { return asked }
    return LayerSelection(items: tensors.map { .named($0) })
  }

  /// The labels, where lesions ask for them.
  private func stimulusClasses() throws(Failure) -> [Int]? {
    let lesion = request.measurement.lesion
    guard lesion.source == .peers else { return nil }
    guard let labels = stimuli.labels else {
      throw Failure(
        .usage,
        "--lesion \(lesion.rawValue) needs labels, and \(stimuli.noLabels); give them with --labels FILE")
    }
    if let unlabelled = labels.firstIndex(where: { $0 < 0 }) {
      throw Failure(
        .badInput,
        "--lesion \(lesion.rawValue): stimulus \(stimuli.records[unlabelled]) has no label (\(labels[unlabelled])); leave such out with --select"
      )
    }
    let counts = labels.reduce(into: [:]) { counts, label in counts[label, default: 0] += 1 }
    if let alone = labels.firstIndex(where: { counts[$0] == 1 }) {
      throw Failure(
        .badInput,
        "--lesion \(lesion.rawValue): stimulus \(stimuli.records[alone]) is the only one of label \(labels[alone]), and the mean of one is its own activation; give more stimuli, or leave it out with --select"
      )
    }
    return labels
  }

  /// How a note begins on a layer that gets more samples than was asked for; it holds for values only.
  static func budgetNote(_ tensor: String, regions: Int) -> String { "Layer \"\(tensor)\" has \(regions) regions and gets " }

  /// Numbers of the scores that are kept of a pass.
  private func keptScores(_ reader: OutputReader) throws(Failure) -> Int {
    let value = reader.readout.value
    guard !value.readsElements else {
      throw Failure(
        .usage, "--keep-scores keeps classes' scores, and --value \(value.name) names elements; give another value")
    }
    guard reader.readout.isDecision != true else {
      throw Failure(
        .usage,
        "--keep-scores keeps scores as the model gives them, and it has one, which would stand for two classes: scan with --value logit and without --target, and report answers other questions from the kept score"
      )
    }
    let limit = request.measurement.keptScoreLimit.flatMap { $0 < reader.classCount ? $0 : nil }
    guard limit ?? reader.classCount <= Self.mostKeptScores else {
      throw Failure(
        .usage,
        "--keep-scores\(limit.map { " \($0)" } ?? "") would keep \(limit ?? reader.classCount) scores a pass, and at most \(Self.mostKeptScores) can be kept: give a smaller number of classes, as --keep-scores 64"
      )
    }
    guard let limit else { return reader.classCount }
    // The predicted class, the target, and those that the value names.
    let needed = (request.measurement.target == .predicted ? 1 : 2) + (value.expression?.terms.count ?? 0)
    guard limit >= needed else {
      throw Failure(
        .usage,
        "--keep-scores \(limit) is too few for the predicted class and those that --target and --value name: give \(needed) or more"
      )
    }
    return limit + LeadingScores.restCount
  }

  private func checkRequest() throws(Failure) {
    let lesion = request.measurement.lesion
    if let reason = lesion.reasonForSeveralStimuli, stimuli.count < 2 {
      throw Failure(
        .usage,
        "--lesion \(lesion.rawValue) \(reason); give more stimuli, or use --lesion channel-mean, zero, patch (with --pairs) or the file of a baseline"
      )
    }
    if lesion.isDrawn, let asked = request.analysis.estimator, asked.design.isWhole || asked == .gradient {
      throw Failure(
        .usage,
        "--estimator \(asked.rawValue) needs a value without chance, and --lesion \(lesion.rawValue) draws donors; use --estimator regression"
      )
    }
  }

  private func checkTargets(_ reader: OutputReader) throws(Failure) {
    let classCount = reader.classCount
    let isNamed = reader.readout.value.readsElements
    switch request.measurement.target {
    case .predicted: break
    case .fixed where isNamed: break
    case .fixed(let index):
      guard classCount > 1 || index == 0 else { throw Self.refusalOfTarget("\(index)") }
      guard index < classCount else {
        throw Failure(.usage, "--target \(index) is out of range: the model has \(classCount) classes, 0 to \(classCount - 1)")
      }
    case .label:
      guard let labels = stimuli.labels else {
        throw Failure(.usage, "--target label needs labels, and \(stimuli.noLabels); give them with --labels FILE")
      }
      guard !isNamed else { break }
      guard classCount > 1 else { throw Self.refusalOfTarget("label") }
      if let index = labels.firstIndex(where: { $0 < 0 || $0 >= classCount }) {
        throw Failure(
          .badInput,
          "stimulus \(index) has label \(labels[index]), and the model has \(classCount) classes, 0 to \(classCount - 1)")
      }
    }
  }

  private static func refusalOfTarget(_ target: String) -> Failure {
    Failure(
      .usage,
      "--target \(target) chooses among the scores of classes, and the model has one score, which is read as it is: leave --target out"
    )
  }

  private func chooseLayers(
    _ survey: NetworkSurvey, _ selection: LayerSelection, _ refusals: inout [ScanPlan.Refusal]
  ) throws -> [NetworkSurvey.Layer] {
    let scannable = Dictionary(survey.scannable.map { ($0.candidate.tensor, $0) }, uniquingKeysWith: { a, _ in a })
    let names = try selection.resolve(
      survey.scannable.map { ($0.candidate.tensor, $0.role) }, automatic: survey.automatic.layers, refusals: survey.reasons,
      in: model)
    guard !names.isEmpty else {
      let remedy = survey.inputs.isEmpty ? "" : "; --layers input scans what it is given"
      throw Failure(.badInput, "\(model.label) has no layer that can be scanned: \(survey.reasonForNoLayers)\(remedy)")
    }
    if selection.includesInputs {
      refusals += survey.refusedInputs.map { ScanPlan.Refusal(tensor: $0.tensor, reason: $0.reason) }
    }
    if selection.includesAll {
      refusals += survey.refusals.map { ScanPlan.Refusal(tensor: $0.tensor, reason: $0.reason) }
    }
    return names.map { scannable[$0]! }
  }

  private func plan(
    _ layer: NetworkSurvey.Layer, _ choice: RegionRequest.Choice, cut: Cut, number: Int, donors: Int, suffixCostShare: Double,
    forwardCost: Double,
    notes: inout [String]
  ) throws -> ScanPlan.Layer {
    let grid = choice.parcellation
    let players = grid.regionCount
    let samples =
      request.measurement.samplesPerRegion
      ?? request.measurement.standardSamples(regions: players, stimuli: stimuli.count)
    var budget = Int(samples * Double(players))
    // Scores are kept for other values, of which single lesions tell too little.
    let isAffine =
      cut.isAffine && request.measurement.value.isAffineInScores && request.measurement.keepsScores != true
      && !request.measurement.lesion.isDrawn
    if request.analysis.estimator == .affine, !(cut.isAffine && request.measurement.value.isAffineInScores) {
      let reason = cut.firstNonlinearOperator.map { "what follows it isn't, as \($0)" } ?? "v isn't in the scores"
      notes.append(
        "--estimator affine measures effects of single regions, which are ζ where v is affine in the layer; of \"\(layer.candidate.tensor)\" \(reason): another estimator gives its ζ."
      )
    }
    let evaluationCost = suffixCostShare * forwardCost
    let leavesBudget = request.measurement.samplesPerRegion == nil && [nil, .exact].contains(request.analysis.estimator)
    if leavesBudget, !request.measurement.lesion.isDrawn,
      request.measurement.keepsScores != true || request.analysis.estimator == .exact,
      EstimatorName.isCheaplyEnumerated(players: players, stimuli: stimuli.count, evaluationCost: evaluationCost)
    {
      budget = max(budget, 1 << players)
    }
    let estimator = EstimatorChoice(
      asked: request.analysis.estimator == .gradient ? nil : request.analysis.estimator, players: players, budget: budget,
      index: request.measurement.index,
      isAffine: isAffine, evaluationCost: evaluationCost, lesionsAreDrawn: request.measurement.lesion.isDrawn
    ).name
    // More regions than coalitions of values can tell apart are for gradients alone; how many passes is found out later.
    let needsGradients =
      request.measurement.keepsScores != true && players > Design.largestPlayerCount && !isAffine
      && request.analysis.estimator ?? .gradient == .gradient
    // A layer of few regions needs more for each than a large one; enumeration isn't for budgets to grow into.
    let least = Design.minimumRowCount(
      estimator.design, players: players, index: request.measurement.index, donors: max(1, donors))
    if !needsGradients, budget < least, estimator.design != .allCoalitions {
      let needed = (least + players - 1) / players
      budget = needed * players
      notes.append(
        Self.budgetNote(layer.candidate.tensor, regions: players)
          + "\(needed) samples for each, the least that \(estimator.rawValue) needs.")
    }
    let (kind, rows) =
      needsGradients
      ? (DesignKind.gradients, GradientDesign.minimumPassCount)
      : try design(estimator, players: players, budget: budget, donors: max(1, donors), tensor: layer.candidate.tensor)
    return ScanPlan.Layer(
      number: number, tensor: layer.candidate.tensor, operatorType: layer.candidate.operatorType, shape: layer.shape,
      axes: layer.layout.axes!, layout: layer.layout.names, layoutReason: layer.layout.reason, kind: layer.role.kind.rawValue,
      kindReason: layer.role.reason,
      elementTypes: cut.elementTypes.mapValues(\.rawValue),
      grid: [grid.size.height, grid.size.width, grid.size.channels], regionCount: players,
      regionLabels: choice.labels, regionNames: choice.names, design: kind, budget: needsGradients ? rows : budget,
      designRows: rows, rows: rows + max(donors - 1, 0), batch: 1,
      suffixCostShare: suffixCostShare, evaluationCost: evaluationCost)
  }

  /// The design that an estimator is made for, and its rows.
  private func design(
    _ estimator: EstimatorName, players: Int, budget: Int, donors: Int, tensor: String
  ) throws(Failure) -> (DesignKind, Int) {
    do {
      let design = try Design(
        estimator: estimator, players: players, budget: budget, index: request.measurement.index, donors: donors,
        seed: request.measurement.seed)
      return (design.kind, design.rowCount)
    } catch {
      throw Failure(.usage, "layer \"\(tensor)\" with \(players) regions: \(error.message)")
    }
  }
}
