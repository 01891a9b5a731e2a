import Distribution
import ModelGraph
import Networks
import ScanPlan
import ScanResults
import Shapley

/// Measure a stimulus's probes of a layer: exact differences with the derivatives along the way.
struct ProbeTask: RankTask, Hashable {
  var layer = 0
  var stimulus = 0
  /// The class whose score is the value.
  var target = 0
  /// Of the layer's `ProbeDesign`.
  var probes: [Int] = []
  /// Whether they are of those after the first.
  var more = false

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&stimulus)
    try coder.code(&target)
    try coder.code(&probes)
    var isMore = more ? 1 : 0
    try coder.code(&isMore)
    more = isMore == 1
  }

  func run(on worker: Worker, pause: () throws -> Void) throws -> ProbeOutput {
    let network: GradientNetwork
    let batch = worker.trialBatch(layer)
    switch try worker.gradientNetwork(layer, batch: batch) {
    case .failure(let refusal): return ProbeOutput(refusal: refusal.reason)
    case .success(let differentiable): network = differentiable
    }
    try network.begin(worker.series(layer, stimulus, target: target))
    let design = GradientTrial.probes(
      of: worker.plan.layers[layer], worker.plan, worker.request.measurement, more: more)
    let regions = design.playerCount
    let rows = probes.flatMap { probe in
      (0..<ProbeDesign.rowsPerProbe).map { ProbeDesign.rowsPerProbe * probe + $0 }
    }
    var output = ProbeOutput(leavesProvider: network.leavesProvider, notes: network.notes, decision: network.decision ?? "")
    for start in stride(from: 0, to: rows.count, by: batch) {
      let part = rows[start..<min(start + batch, rows.count)]
      let passes = try network.passes(at: part.flatMap { design.masks(in: $0..<$0 + 1) })
      for (place, row) in part.enumerated() {
        output.values.append(passes.values[place])
        output.derivatives.append(passes.derivatives[place * regions + design.region(probe: design.probe(row: row))])
      }
      try pause()
    }
    return output
  }
}

/// What probes gave, or why there can be none.
struct ProbeOutput: Coded {
  /// [3 x probes], like the derivatives by each probe's own region.
  var values: [Float] = []
  var derivatives: [Float] = []
  /// Empty where the layer has gradients.
  var refusal = ""
  /// Whether gradient passes run on the processor, though the scan has a provider.
  var leavesProvider = false
  /// What a user of the layer's derivatives should know.
  var notes: [String] = []
  /// An operator by which the value may jump; empty where there is none.
  var decision = ""

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&values)
    try coder.code(&derivatives)
    try coder.code(&refusal)
    var leaves = leavesProvider ? 1 : 0
    try coder.code(&leaves)
    leavesProvider = leaves == 1
    try coder.code(&notes)
    try coder.code(&decision)
  }
}

/// Measure a stimulus by a few gradient passes, to learn how many it takes.
struct PilotTask: RankTask, Hashable {
  var layer = 0
  var stimulus = 0
  var target = 0

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&stimulus)
    try coder.code(&target)
  }

  func run(on worker: Worker, pause: () throws -> Void) throws -> PilotOutput {
    let batch = worker.trialBatch(layer)
    guard case .success(let network) = try worker.gradientNetwork(layer, batch: batch) else { return PilotOutput() }
    try network.begin(worker.series(layer, stimulus, target: target))
    let measurement = worker.request.measurement
    let planned = worker.plan.layers[layer]
    let design = try GradientDesign(
      players: planned.regionCount, positions: planned.positions, passes: GradientPilot.standardPassCount,
      index: measurement.index, seed: measurement.seed, stream: UInt64(layer) << 32 | UInt64(stimulus))
    var (values, derivatives): ([Float], [Float]) = ([], [])
    for start in stride(from: 0, to: design.rowCount, by: batch) {
      let passes = try network.passes(at: design.masks(in: start..<min(start + batch, design.rowCount)))
      values += passes.values
      derivatives += passes.derivatives
      try pause()
    }
    guard (values + derivatives).allSatisfy(\.isFinite) else { return PilotOutput() }
    // By derivatives alone: what ζ leaves of the values is to be told, so ζ mustn't have been fitted to them.
    var sums = GradientSums(players: design.playerCount)
    try sums.add(0..<design.rowCount, of: design, values: values, derivatives: derivatives)
    let estimate = try design.estimate(sums, prior: .pilot)
    return PilotOutput(
      estimate: [EstimateOutput(estimate.estimate)],
      oddResidual: GradientChoice.oddResidual(design, values: values, zeta: estimate.zeta))
  }
}

/// What a pilot's stimulus gave.
struct PilotOutput: Coded {
  /// One; none where the passes weren't finite or can't be.
  var estimate: [EstimateOutput] = []
  /// In units of v², as `GradientChoice.oddResidual` says.
  var oddResidual = 0.0

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&estimate)
    try coder.code(&oddResidual)
  }
}
