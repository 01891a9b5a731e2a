internal import Glibc
import Grids
import Networks
import Shapley
import Stimuli

/// ζ of a layer's game from gradient passes, as a scan makes it: probes and a pilot of a few stimuli say what errors count.
final class LayerGradients {
  /// Rows of a run, as in a scan.
  static let batch = 8
  private static let probedStimuli = 8

  private let network: GradientNetwork
  private let plain: LesionedNetwork
  private let regions: Int
  private let positions: PlayerPositions
  /// What the probes say of the layer.
  let verdict: ProbeVerdict
  private var prior = GradientPrior.pilot

  /// Cost: the sessions, 384 gradient passes for probes and up to 256 for a pilot.
  /// - Throws: `Undifferentiable` where an operator has no rule.
  init(model: ScannedModel, layer: ScannedModel.Layer) throws {
    let model = model.batched(by: Self.batch)
    let plain = try model.network(layer)
    network = try model.gradientNetwork(layer)
    self.plain = plain
    let targets = try (0..<min(Self.probedStimuli, model.feed.stimuli.count)).map {
      try LayerGame.prediction(plain, stimulus: $0, classCount: model.classCount)
    }
    regions = layer.grid.regionCount
    positions = layer.positions
    let design = ProbeDesign(
      players: regions, stimuli: targets.count, seed: 0, stream: 0)
    var (values, derivatives): ([Float], [Float]) = ([], [])
    for row in 0..<design.rowCount {
      let stimulus = design.stimulus(probe: design.probe(row: row))
      try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: targets[stimulus]))
      let pass = try network.passes(at: design.masks(in: row..<row + 1))
      values.append(pass.values[0])
      derivatives.append(pass.derivatives[design.region(probe: design.probe(row: row))])
    }
    verdict = try ProbeVerdict(values: values, derivatives: derivatives)
    var pilot: [GradientEstimate] = []
    for (stimulus, target) in targets.enumerated() {
      try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target))
      pilot.append(try gradientEstimate(passes: GradientPilot.standardPassCount, seed: 0, stream: UInt64(stimulus)))
    }
    prior = GradientPrior(verdict, samplingPerPass: GradientPrior.samplingPerPass(of: pilot))
  }

  /// Makes a stimulus's game current.
  func begin(stimulus: Int, target: Int) throws {
    try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target))
    try plain.begin(LesionedNetwork.Series(stimulus: stimulus, target: target))
  }

  /// Cost: so many gradient passes.
  func estimate(passes: Int, seed: UInt64) throws -> Estimate {
    try gradientEstimate(passes: passes, seed: seed, stream: 0).estimate
  }

  private func gradientEstimate(passes: Int, seed: UInt64, stream: UInt64) throws -> GradientEstimate {
    let design = try GradientDesign(players: regions, positions: positions, passes: passes, seed: seed, stream: stream)
    var (values, derivatives): ([Float], [Float]) = ([], [])
    for start in stride(from: 0, to: design.rowCount, by: Self.batch) {
      let rows = start..<min(start + Self.batch, design.rowCount)
      let passes = try network.passes(at: design.masks(in: rows))
      values += passes.values
      derivatives += passes.derivatives
    }
    return try design.estimate(values: values, derivatives: derivatives, prior: prior)
  }

  /// Processor seconds of a row of either kind, medians of alternating batches.
  func secondsPerPass(rounds: Int = 15) throws -> (plain: Double, gradient: Double) {
    let coalitions = (0..<Self.batch).map { row in
      Coalition(of: regions, intact: (0..<regions).filter { ($0 + row) % 2 == 0 })
    }
    let masks = coalitions.flatMap { coalition in (0..<regions).map { coalition[$0] ? Float(1) : 0 } }
    var times: (plain: [Double], gradient: [Double]) = ([], [])
    for _ in 0..<rounds {
      times.plain.append(try processorSeconds { _ = try plain.values(of: coalitions) })
      times.gradient.append(try processorSeconds { _ = try network.passes(at: masks) })
    }
    func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] / Double(Self.batch) }
    return (median(times.plain), median(times.gradient))
  }
}

/// The processor time of this process, which other processes don't lengthen.
func processorSeconds(_ work: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  let start = now()
  try work()
  return now() - start
}
