import Distribution
import Files
import Lesion
import ModelGraph
import ScanPlan
import ScanResults
import Shapley
import UserErrors

/// Finds out, layer by layer and before anything is measured, whether gradients can be trusted and how many passes the answer
/// over stimuli needs.
///
/// Everything follows from probes and a pilot at fixed stimuli, so a plan is the same on any number of ranks, and when a scan
/// goes on.
struct GradientTrial {
  /// Stimuli of a pilot at most.
  static let pilotStimuli = 8
  /// Probes of a layer.
  static let probeCount = 320
  /// What automatic passes of a stimulus cost at most, in plain passes a region: beyond, more stimuli buy more.
  static let mostSamples = 1.25
  /// The same where there are too few stimuli for a pilot, so that each has to speak for itself.
  static let mostSamplesAlone = 4.0
  /// Layers of up to so many regions aren't tried where values get `enoughSamples` passes a region for what that would cost: values
  /// tell each of few regions apart, and curvature is most of what gradients of few regions miss.
  static let mostRegionsOfValues = 64
  static let enoughSamples = 4.0

  /// Passes of values a region by which every map is to be as reliable as `--per-stimulus` asks, however many stimuli there are.
  private static func samples(forReliability reliability: Double) -> Int { reliability <= 0.95 ? 8 : 16 }

  let request: ScanRequest
  let plan: ScanPlan
  /// By stimulus.
  let targets: [Int]

  typealias Trial = EitherTask<ProbeTask, PilotTask>

  /// The layers that gradients may measure: those whose ζ aren't exact anyway.
  var candidates: [ScanPlan.Layer] {
    guard reasonAgainstAll == nil else { return [] }
    return plan.layers.filter {
      [.complementPairs, .gradients].contains($0.design) && $0.regionCount > 1 && passesByValues($0) == nil
    }
  }

  /// The passes of a stimulus by which values measure a layer that isn't tried; `nil` for one that is.
  ///
  /// As many as were asked for; else what probes, a pilot and the fewest gradient passes would cost, up to those of a layer that gradients
  /// don't serve.
  private func passesByValues(_ layer: ScanPlan.Layer) -> Int? {
    let regions = Double(layer.regionCount)
    guard layer.design == .complementPairs, layer.regionCount <= Self.mostRegionsOfValues, request.analysis.estimator == nil,
      !request.stoppingRule.isAdaptive
    else { return nil }
    if let samples = request.measurement.samplesPerRegion { return samples >= Self.enoughSamples ? layer.budget : nil }
    if let reliability = request.measurement.mapReliability {
      return Self.samples(forReliability: reliability) * layer.regionCount
    }
    let pilots = min(Self.pilotStimuli, plan.stimulusCount) * GradientPilot.standardPassCount
    let trial = ProbeDesign.rowsPerProbe * Self.probes(of: layer, plan, request.measurement).probeCount + pilots
    let each = Double(trial) / Double(plan.stimulusCount) + Double(GradientPilot.leastPasses)
    let passes = each * ScanPlan.Layer.gradientCost
    return passes >= Self.enoughSamples * regions ? min(layer.budget, Int(passes) / 2 * 2) : nil
  }

  /// Why no layer is measured by gradients, in a sentence; `nil` if some may be.
  private var reasonAgainstAll: String? {
    if let asked = request.analysis.estimator, asked != .gradient { return "--estimator \(asked.rawValue) was asked for." }
    if request.measurement.keepsScores == true { return "Scores are kept, which values have and gradients don't." }
    if request.measurement.lesion.isDrawn { return "Lesions that are drawn are measured by values." }
    return nil
  }

  static func probes(of layer: ScanPlan.Layer, _ plan: ScanPlan, _ measurement: MeasurementOptions) -> ProbeDesign {
    ProbeDesign(
      players: layer.regionCount, stimuli: plan.stimulusCount, probes: probeCount, index: measurement.index,
      seed: measurement.seed, stream: UInt64(layer.number))
  }

  /// The tasks of all candidates, layer by layer.
  var tasks: [Trial] {
    candidates.flatMap { layer -> [Trial] in
      let design = Self.probes(of: layer, plan, request.measurement)
      let probes = Dictionary(grouping: 0..<design.probeCount, by: design.stimulus)
      // Single maps need no variance between stimuli.
      let isEnough = plan.stimulusCount >= GradientPilot.minimumSeriesCount || request.measurement.mapReliability != nil
      let pilots = isEnough ? min(Self.pilotStimuli, plan.stimulusCount) : 0
      return probes.sorted { $0.key < $1.key }.map { stimulus, probes in
        .first(ProbeTask(layer: layer.number, stimulus: stimulus, target: targets[stimulus], probes: probes))
      } + (0..<pilots).map { .second(PilotTask(layer: layer.number, stimulus: $0, target: targets[$0])) }
    }
  }

  /// What was found.
  struct Decision {
    var plan: ScanPlan
    /// By the plan's layers: what a few stimuli said of variances; `nil` where gradients don't measure the layer, or stimuli
    /// are too few.
    var pilots: [GradientPilot?]
    /// By the plan's layers: how reliable the map of a single stimulus is expected to be; `nil` where no pilot tells.
    var mapReliability: [Double?]
  }

  /// The plan with what was found. A layer of more regions than values can tell apart is left out where gradients don't serve.
  ///
  /// - Parameter outputs: of the tasks, in their order.
  /// - Throws: `Failure` (`badInput`) where such a layer was asked for by name, or none is left.
  func decide(_ outputs: [Trial.Output]) throws -> Decision {
    var result = plan
    var pilots: [String: GradientPilot] = [:]
    var reliability: [String: Double] = [:]
    let all = Array(zip(tasks, outputs))
    if reasonAgainstAll == nil {
      for layer in plan.layers where layer.regionCount > 1 {
        guard let passes = passesByValues(layer) else { continue }
        result.layers[layer.number] = try layer.measuredByValues(
          passes: passes, request.measurement,
          "Measured by values, which tell so few regions apart for what probes and gradients would cost.")
      }
    }
    for layer in candidates {
      let own = all.filter { task, _ in
        switch task {
        case .first(let task): task.layer == layer.number
        case .second(let task): task.layer == layer.number
        }
      }
      let decision = try decide(layer, own)
      (result.layers[layer.number], pilots[layer.tensor], reliability[layer.tensor]) = decision
    }
    for layer in result.layers where layer.design == .gradients {
      result.notes.removeAll { $0.hasPrefix(Planner.budgetNote(layer.tensor, regions: layer.regionCount)) }
    }
    if let note = providerNote(result.layers) { result.notes.append(note) }
    if let note = doubtNote(result.layers) { result.notes.append(note) }
    result.notes += derivativeNotes(result.layers, all)
    let lost = result.layers.filter { $0.design == .gradients && ($0.budget == 0 || $0.gradients == nil) }
    for layer in lost {
      let reason = """
        it has \(layer.regionCount) regions, of which values can tell \(Design.largestPlayerCount) apart, and gradients don't \
        serve: \(layer.gradients?.reason ?? reasonAgainstAll ?? "they weren't tried")
        """
      // A stream has been recorded under the numbers of all layers.
      if plan.streamCount != nil || request.measurement.layers.names(layer.tensor) {
        throw Failure(.badInput, "layer \"\(layer.tensor)\" can't be scanned: \(reason) Choose a coarser grid")
      }
      result.refusals.append(ScanPlan.Refusal(tensor: layer.tensor, reason: reason))
    }
    result.layers.removeAll { layer in lost.contains { $0.number == layer.number } }
    for number in result.layers.indices { result.layers[number].number = number }
    guard let first = lost.first, result.layers.isEmpty else {
      let measured = result.layers.map { $0.design == .gradients ? $0.tensor : nil }
      return Decision(
        plan: result, pilots: measured.map { $0.flatMap { pilots[$0] } },
        mapReliability: measured.map { $0.flatMap { reliability[$0] } })
    }
    throw Failure(.badInput, "no layer can be scanned: \(first.tensor): \(first.gradients?.reason ?? "")")
  }

  /// Which layers' gradient passes the provider doesn't get, in a sentence; `nil` if it gets all.
  private func providerNote(_ layers: [ScanPlan.Layer]) -> String? {
    let left = layers.filter { $0.design == .gradients && $0.gradients?.leavesProvider == true }.map { "layer_\($0.number)" }
    guard let provider = request.measurement.provider, !left.isEmpty else { return nil }
    return """
      Gradient passes of \(left.joined(separator: ", ")) run on the processor: --provider \(provider.name) gives other derivatives \
      there, or doesn't take their graph.
      """
  }

  /// What a user should know of derivatives, each with the layers that it holds for.
  private func derivativeNotes(_ layers: [ScanPlan.Layer], _ outputs: [(Trial, Trial.Output)]) -> [String] {
    var found: [(note: String, layers: [String])] = []
    for (task, output) in outputs {
      guard case (.first(let task), .first(let output)) = (task, output),
        let layer = layers.first(where: { $0.number == task.layer && $0.design == .gradients })
      else { continue }
      let name = "layer_\(layer.number)"
      for note in output.notes {
        let place = found.firstIndex { $0.note == note } ?? found.endIndex
        if place == found.endIndex { found.append((note, [])) }
        if !found[place].layers.contains(name) { found[place].layers.append(name) }
      }
    }
    return found.map { "Gradients of \($0.layers.joined(separator: ", ")): \($0.note)" }
  }

  /// Which layers are measured by gradients though probes speak against it, in a sentence; `nil` if none is.
  private func doubtNote(_ layers: [ScanPlan.Layer]) -> String? {
    let doubtful = layers.filter { $0.design == .gradients && $0.gradients?.isDoubtful == true }.map { "layer_\($0.number)" }
    guard !doubtful.isEmpty else { return nil }
    let help = request.measurement.lesion == .zero ? ", or try --lesion mean" : ""
    return """
      ζ and intervals of \(doubtful.joined(separator: ", ")) may be far off: --estimator gradient was asked for, and gradients say too \
      little there of what lesions do. Leave --estimator out\(help).
      """
  }

  private func decide(
    _ layer: ScanPlan.Layer, _ own: [(Trial, Trial.Output)]
  ) throws -> (ScanPlan.Layer, GradientPilot?, mapReliability: Double?) {
    let count = ProbeDesign.rowsPerProbe * Self.probes(of: layer, plan, request.measurement).probeCount
    var (values, derivatives) = ([Float](repeating: .nan, count: count), [Float](repeating: .nan, count: count))
    var pilots: [GradientEstimate] = []
    var residuals: [Double] = []
    var leavesProvider = false
    for (task, output) in own {
      switch (task, output) {
      case (.first(let task), .first(let output)):
        guard output.refusal.isEmpty else {
          return (layer.measuredByValues("Measured by values: \(output.refusal)."), nil, nil)
        }
        leavesProvider = leavesProvider || output.leavesProvider
        for (place, probe) in task.probes.enumerated() {
          for row in 0..<ProbeDesign.rowsPerProbe {
            values[ProbeDesign.rowsPerProbe * probe + row] = output.values[ProbeDesign.rowsPerProbe * place + row]
            derivatives[ProbeDesign.rowsPerProbe * probe + row] = output.derivatives[ProbeDesign.rowsPerProbe * place + row]
          }
        }
      case (.second, .second(let output)):
        if let estimate = output.estimate.first.flatMap({ GradientEstimate($0.estimate) }) {
          pilots.append(estimate)
          residuals.append(output.oddResidual)
        }
      case (.first, .second), (.second, .first):
        throw MessageError()
      }
    }
    guard (values + derivatives).allSatisfy(\.isFinite) else {
      return (layer.measuredByValues("Measured by values: a probe's value or derivative isn't finite."), nil, nil)
    }
    let remedy = request.measurement.lesion == .zero ? "--lesion mean" : nil
    let verdict = try ProbeVerdict(values: values, derivatives: derivatives, remedy: remedy)
    let pilot =
      pilots.count < GradientPilot.minimumSeriesCount
      ? nil : GradientPilot(series: pilots, isEfficient: request.measurement.index == .shapley)
    let residual = residuals.reduce(0, +) / Double(max(residuals.count, 1))
    let reliability = pilots.isEmpty ? nil : request.measurement.mapReliability
    let alone = reliability.map { reliability in
      max(
        GradientDesign.minimumPassCount(players: layer.regionCount),
        GradientPilot.passes(series: pilots, reliability: reliability))
    }
    var chosen = choose(layer, verdict, pilot, passesAlone: alone, oddResidual: residual)
    if plan.provider != nil { chosen.gradients?.leavesProvider = leavesProvider }
    if chosen.design == .gradients, !pilots.isEmpty {
      chosen.gradients?.samplingPerPass = GradientPrior.samplingPerPass(of: pilots)
    }
    let expected = pilots.isEmpty ? nil : GradientPilot.expectedReliability(series: pilots, passes: chosen.budget)
    return (chosen, pilot, expected)
  }

  private func choose(
    _ layer: ScanPlan.Layer, _ verdict: ProbeVerdict, _ pilot: GradientPilot?, passesAlone: Int?, oddResidual: Double
  ) -> ScanPlan.Layer {
    var finding = GradientFinding(
      reason: verdict.reason, probes: Self.probeCount, trapezoidShare: verdict.trapezoid.estimate,
      simpsonShare: verdict.simpson.estimate, curvature: verdict.curvature)
    finding.remainder = verdict.remainder
    finding.noise = verdict.noise
    let isAsked = request.analysis.estimator == .gradient
    if let doubt = verdict.doubt {
      guard isAsked else { return layer.measuredByValues(finding) }
      finding.reason = "Measured by gradients, as was asked for, though \(doubt)."
      finding.isDoubtful = true
    }
    let passes = passesAlone ?? passes(layer, pilot, stimuli: plan.stimulusCount)
    if let pilot, !isAsked {
      let choice = GradientChoice(
        verdict: verdict, pilot: pilot, budget: Int(Double(passes) * ScanPlan.Layer.gradientCost),
        cost: ScanPlan.Layer.gradientCost, oddResidual: oddResidual)
      finding.reason = choice.reason
      guard choice.measurement == .gradients else { return layer.measuredByValues(finding) }
    }
    let isBounded = request.measurement.samplesPerRegion == nil && passesAlone == nil
    if isBounded, let note = layer.storageNote(passes: passes, stimuli: plan.stimulusCount) { finding.reason += " " + note }
    return layer.measuredByGradients(passes: passes, finding)
  }

  /// Gradient passes of a stimulus: as K says, or as the pilot does, with K as its limit where layers may end early.
  func passes(_ layer: ScanPlan.Layer, _ pilot: GradientPilot?, stimuli: Int) -> Int {
    let least = GradientDesign.minimumPassCount(players: layer.regionCount)
    func bought(by samples: Double) -> Int {
      max(least, Int(samples * Double(layer.regionCount) / ScanPlan.Layer.gradientCost) / 2 * 2)
    }
    let asked = request.measurement.samplesPerRegion.map(bought)
    func limit(_ samples: Double) -> Int {
      asked ?? max(GradientPilot.standardPassCount, min(bought(by: samples), layer.mostStoredPasses(stimuli: stimuli)))
    }
    guard let pilot else { return limit(Self.mostSamplesAlone) }
    if let asked, !request.stoppingRule.isAdaptive { return asked }
    let most = limit(Self.mostSamples)
    guard let tolerance = request.measurement.tolerance else { return pilot.passes(stimuli: stimuli, most: most) }
    return pilot.passes(
      stimuli: stimuli, percentOfEffect: tolerance, confidence: request.measurement.stoppingConfidence, most: most)
  }
}

extension ScanPlan.Layer {
  fileprivate func measuredByValues(_ finding: GradientFinding) -> ScanPlan.Layer {
    var layer = self
    layer.gradients = finding
    if layer.design == .gradients { layer.budget = 0 }
    return layer
  }

  fileprivate func measuredByValues(_ reason: String) -> ScanPlan.Layer { measuredByValues(GradientFinding(reason: reason)) }

  /// The same by another number of passes.
  fileprivate func measuredByValues(
    passes: Int, _ measurement: MeasurementOptions, _ reason: String
  ) throws -> ScanPlan.Layer {
    var layer = measuredByValues(reason)
    guard passes != budget else { return layer }
    let design = try Design(
      estimator: .regression, players: regionCount, budget: passes, index: measurement.index, seed: measurement.seed)
    layer.budget = passes
    layer.rows += design.rowCount - layer.designRows
    layer.designRows = design.rowCount
    return layer
  }
}
