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
  /// Probes of a layer, and how many more where these leave open whether gradients serve: together they halve the errors.
  static let probeCount = 320
  static let moreProbeCount = 960
  /// What more probes cost at most, as a share of what the layer would by values.
  private static let mostOfValues = 0.25
  /// What automatic passes of a stimulus cost at most, in plain passes a region: beyond, more stimuli buy more.
  static let mostSamples = 1.6
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
    let trial = Self.probes(of: layer, plan, request.measurement).rowCount + pilots
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

  /// The probes of a layer. - Parameter more: those after the first.
  static func probes(
    of layer: ScanPlan.Layer, _ plan: ScanPlan, _ measurement: MeasurementOptions, more: Bool = false
  ) -> ProbeDesign {
    ProbeDesign(
      players: layer.regionCount, stimuli: plan.stimulusCount, probes: more ? moreProbeCount : probeCount,
      index: measurement.index, seed: measurement.seed, stream: (more ? 1 << 32 : 0) | UInt64(layer.number))
  }

  /// The first tasks of all candidates, layer by layer.
  private var tasks: [Trial] {
    candidates.flatMap { layer -> [Trial] in
      // Single maps need no variance between stimuli.
      let isEnough = plan.stimulusCount >= GradientPilot.minimumSeriesCount || request.measurement.mapReliability != nil
      let pilots = isEnough ? min(Self.pilotStimuli, plan.stimulusCount) : 0
      return probeTasks(layer) + (0..<pilots).map { .second(PilotTask(layer: layer.number, stimulus: $0, target: targets[$0])) }
    }
  }

  /// More probes of the layers of which the first leave open whether gradients serve.
  private func moreTasks(after first: [(Trial, Trial.Output)]) throws -> [Trial] {
    try candidates.flatMap { layer -> [Trial] in
      guard isWorthMoreProbes(layer), try probed(layer, first).verdict(request)?.isOpen ?? false else { return [] }
      return probeTasks(layer, more: true)
    }
  }

  /// All tasks with their outputs.
  ///
  /// - Parameter run: gives the outputs of tasks, in their order.
  func measured(_ run: ([Trial]) throws -> [Trial.Output]) throws -> [(Trial, Trial.Output)] {
    let first = Array(zip(tasks, try run(tasks)))
    let more = try moreTasks(after: first)
    return first + zip(more, try run(more))
  }

  private func probeTasks(_ layer: ScanPlan.Layer, more: Bool = false) -> [Trial] {
    let design = Self.probes(of: layer, plan, request.measurement, more: more)
    let probes = Dictionary(grouping: 0..<design.probeCount, by: design.stimulus)
    return probes.sorted { $0.key < $1.key }.map { stimulus, probes in
      .first(ProbeTask(layer: layer.number, stimulus: stimulus, target: targets[stimulus], probes: probes, more: more))
    }
  }

  /// Whether values would cost so much that more probes are cheap; always where values can't measure the layer.
  private func isWorthMoreProbes(_ layer: ScanPlan.Layer) -> Bool {
    guard layer.design != .gradients else { return true }
    let probes = Double(Self.probes(of: layer, plan, request.measurement, more: true).rowCount) * ScanPlan.Layer.gradientCost
    return probes <= Self.mostOfValues * Double(layer.budget * plan.stimulusCount)
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
  /// - Parameter all: what was `measured`.
  /// - Throws: `Failure` (`badInput`) where such a layer was asked for by name, or none is left.
  func decide(_ all: [(Trial, Trial.Output)]) throws -> Decision {
    var result = plan
    var pilots: [String: GradientPilot] = [:]
    var reliability: [String: Double] = [:]
    if reasonAgainstAll == nil {
      for layer in plan.layers where layer.regionCount > 1 {
        guard let passes = passesByValues(layer) else { continue }
        result.layers[layer.number] = try layer.measuredByValues(
          passes: passes, request.measurement,
          "Measured by values, which tell so few regions apart for what probes and gradients would cost.")
      }
    }
    for layer in candidates {
      let decision = try decide(layer, probed(layer, all))
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

  /// What probes and pilots of a layer measured.
  private struct Probed {
    /// In the designs' order, those of more probes last.
    var (values, derivatives): ([Float], [Float]) = ([], [])
    /// Why the layer has no gradients; empty where it has.
    var refusal = ""
    var leavesProvider = false
    var decision: String?
    var pilots: [GradientEstimate] = []
    var residuals: [Double] = []

    var isFinite: Bool { (values + derivatives).allSatisfy(\.isFinite) }

    /// - Returns: `nil` where probes couldn't be measured.
    func verdict(_ request: ScanRequest) throws -> ProbeVerdict? {
      guard refusal.isEmpty, isFinite else { return nil }
      let remedy = request.measurement.lesion == .zero ? "--lesion mean" : nil
      return try ProbeVerdict(values: values, derivatives: derivatives, decision: decision, remedy: remedy)
    }
  }

  private func probed(_ layer: ScanPlan.Layer, _ all: [(Trial, Trial.Output)]) -> Probed {
    let first = Self.probes(of: layer, plan, request.measurement).rowCount
    var result = Probed()
    for (task, output) in all {
      switch (task, output) {
      case (.first(let task), .first(let output)) where task.layer == layer.number:
        guard output.refusal.isEmpty else {
          result.refusal = output.refusal
          return result
        }
        result.leavesProvider = result.leavesProvider || output.leavesProvider
        if !output.decision.isEmpty { result.decision = output.decision }
        let design = Self.probes(of: layer, plan, request.measurement, more: task.more)
        let start = task.more ? first : 0
        let missing = [Float](repeating: .nan, count: max(0, start + design.rowCount - result.values.count))
        result.values += missing
        result.derivatives += missing
        for (place, probe) in task.probes.enumerated() {
          for row in 0..<ProbeDesign.rowsPerProbe {
            let (to, from) = (start + ProbeDesign.rowsPerProbe * probe + row, ProbeDesign.rowsPerProbe * place + row)
            result.values[to] = output.values[from]
            result.derivatives[to] = output.derivatives[from]
          }
        }
      case (.second(let task), .second(let output)) where task.layer == layer.number:
        if let estimate = output.estimate.first.flatMap({ GradientEstimate($0.estimate) }) {
          result.pilots.append(estimate)
          result.residuals.append(output.oddResidual)
        }
      default: continue
      }
    }
    return result
  }

  private func decide(
    _ layer: ScanPlan.Layer, _ probed: Probed
  ) throws -> (ScanPlan.Layer, GradientPilot?, mapReliability: Double?) {
    guard probed.refusal.isEmpty else { return (layer.measuredByValues("Measured by values: \(probed.refusal)."), nil, nil) }
    guard let verdict = try probed.verdict(request) else {
      return (layer.measuredByValues("Measured by values: a probe's value or derivative isn't finite."), nil, nil)
    }
    let (pilots, residuals) = (probed.pilots, probed.residuals)
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
    if plan.provider != nil { chosen.gradients?.leavesProvider = probed.leavesProvider }
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
      reason: verdict.reason, probes: verdict.probeCount, trapezoidShare: verdict.trapezoid.estimate,
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
        verdict: verdict, pilot: pilot, positions: layer.positions,
        budget: Int(Double(passes) * ScanPlan.Layer.gradientCost), cost: ScanPlan.Layer.gradientCost,
        oddResidual: oddResidual)
      finding.reason = choice.reason
      guard choice.measurement == .gradients else { return layer.measuredByValues(finding) }
    }
    let isBounded = request.measurement.samplesPerRegion == nil && passesAlone == nil
    if isBounded, let note = layer.storageNote(passes: passes, stimuli: plan.stimulusCount) { finding.reason += " " + note }
    return layer.measuredByGradients(passes: passes, finding)
  }

  /// What sampling may be, as a share of the variance across stimuli, in a layer whose passes cost a share of the network's.
  ///
  /// Errors of all layers are the least for a time where passes go by the root of variance over cost.
  private static func share(ofCost cost: Double) -> Double { GradientPilot.largestShare * max(cost.squareRoot(), 0.3) }

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
    let share = Self.share(ofCost: layer.suffixCostShare)
    guard let tolerance = request.measurement.tolerance else { return pilot.passes(stimuli: stimuli, share: share, most: most) }
    return pilot.passes(
      stimuli: stimuli, share: share, percentOfEffect: tolerance, confidence: request.measurement.stoppingConfidence, most: most)
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
