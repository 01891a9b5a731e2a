import Grids
import ModelGraph
import Networks
import Random
import ScanPlan
import ScanResults
import Shapley

/// Makes maps of the current series of a layer's networks.
struct MapMaker {
  /// One method's map.
  struct Map {
    /// [regions]
    var scores: [Double]
    /// First-level errors of ζ; empty for other maps.
    var errors: [Double] = []
    var passes = 0
    var gradientPasses = 0
  }

  /// Why a method has no map.
  struct Refusal: Error {
    let reason: String
  }

  let task: CompareTask
  let layer: ScanPlan.Layer
  let grid: Parcellation
  let measurement: MeasurementOptions
  let gradientBatch: Int
  let networks: ComparisonNetworks.Pair
  /// Called between two batches.
  let pause: () throws -> Void

  private var regions: Int { layer.regionCount }
  private var stream: UInt64 { UInt64(task.layer) << 32 | UInt64(task.stimulus) }

  /// - Parameter reference: the reference's scores, once they are known.
  /// - Throws: `Refusal` where there is no such map of the layer, or what measuring throws.
  func make(_ method: ComparisonMethod, reference: [Double] = []) throws -> Map {
    switch method {
    case .reference: try zeta(samples: task.referenceSamples, place: 0, raisesBudget: true)
    case .scan: try given(task.scan)
    case .scanMean: try given(task.scanMean)
    case .density: try given(task.density)
    case .zetaByValues(let samples): try zeta(samples: samples, place: 1, raisesBudget: false)
    case .zetaByGradients(let passes): try zeta(gradientPasses: passes)
    case .integratedGradients: try integratedGradients()
    case .gradientActivation: try gradientActivation()
    case .gradCAM: try gradCAM()
    case .singleLesions: try singleLesions()
    case .random: Map(scores: random())
    case .randomCentral: Map(scores: central(reference))
    }
  }

  private func given(_ scores: [Double]) throws -> Map {
    guard !scores.isEmpty else { throw Refusal(reason: "the scan skipped the stimulus, whose values aren't finite") }
    return Map(scores: scores)
  }

  // MARK: ζ

  /// The seed of designs that share nothing with the scan's, nor with each other.
  private func seed(_ place: Int) -> UInt64 {
    var random = CounterRandom(seed: measurement.seed, domain: .comparedDesigns, index: UInt64(place))
    return random.next()
  }

  /// By values: exact where that is affordable.
  private func zeta(samples: Int, place: Int, raisesBudget: Bool) throws -> Map {
    let isAffine = layer.design == .singleLesions
    var budget = samples * regions
    func estimator() -> EstimatorName {
      EstimatorChoice(
        asked: nil, players: regions, budget: budget, index: measurement.index, isAffine: isAffine,
        evaluationCost: layer.evaluationCost, lesionsAreDrawn: false
      ).name
    }
    let least = Design.minimumRowCount(estimator().design, players: regions, index: measurement.index)
    if budget < least {
      guard raisesBudget || isAffine else { throw Refusal(reason: "\(regions) regions need at least \(least) passes") }
      budget = least
    }
    let chosen = estimator()
    let design = try Design(
      estimator: chosen, players: regions, budget: budget, index: measurement.index, seed: seed(place), stream: stream)
    var values: [Float] = []
    values.reserveCapacity(design.rowCount)
    for start in stride(from: 0, to: design.rowCount, by: layer.batch) {
      values += try networks.lesioned.values(
        of: design.coalitions(in: start..<min(start + layer.batch, design.rowCount)))
      try pause()
    }
    try requireFinite(values)
    let estimate = try design.estimate(values: values, by: chosen, positions: layer.positions)
    return Map(scores: estimate.zeta, errors: estimate.standardError, passes: design.rowCount)
  }

  private func zeta(gradientPasses: Int) throws -> Map {
    let network = try differentiable()
    let least = GradientDesign.minimumPassCount(players: regions)
    let design = try GradientDesign(
      players: regions, positions: layer.positions, passes: max(gradientPasses, least), index: measurement.index,
      seed: seed(gradientPasses), stream: stream)
    var (values, derivatives): ([Float], [Float]) = ([], [])
    for start in stride(from: 0, to: design.rowCount, by: gradientBatch) {
      let passes = try network.passes(at: design.masks(in: start..<min(start + gradientBatch, design.rowCount)))
      values += passes.values
      derivatives += passes.derivatives
      try pause()
    }
    try requireFinite(values + derivatives)
    let estimate = try design.estimate(
      values: values, derivatives: derivatives, prior: layer.gradientPrior)
    return Map(scores: estimate.zeta, errors: estimate.estimate.standardError, gradientPasses: design.rowCount)
  }

  // MARK: One derivative, or a few

  private func differentiable() throws -> GradientNetwork {
    switch networks.gradients {
    case .success(let network): return network
    case .failure(let refusal): throw Refusal(reason: "it has no gradient, since \(refusal.reason)")
    }
  }

  /// Σ (a − r)·∫∂v/∂x along the straight line from everything lesioned to nothing, by the midpoint rule: adds up to v(G) − v(∅)
  /// but for the rule's error (Sundararajan, Taly and Yan, ICML 2017).
  private func integratedGradients() throws -> Map {
    let network = try differentiable()
    let steps = ComparisonSettings.integrationSteps
    var scores = [Double](repeating: 0, count: regions)
    for start in stride(from: 0, to: steps, by: gradientBatch) {
      let part = start..<min(start + gradientBatch, steps)
      let masks = part.flatMap { step in
        [Float](repeating: Float((Double(step) + 0.5) / Double(steps)), count: regions)
      }
      let passes = try network.passes(at: masks)
      try requireFinite(passes.derivatives)
      for (place, derivative) in passes.derivatives.enumerated() {
        scores[place % regions] += Double(derivative) / Double(steps)
      }
      try pause()
    }
    return Map(scores: scores, gradientPasses: steps)
  }

  /// Σ (a − r)·∂v/∂x of the intact network (Shrikumar, Greenside and Kundaje, ICML 2017).
  private func gradientActivation() throws -> Map {
    let passes = try differentiable().passes(at: [Float](repeating: 1, count: regions))
    try requireFinite(passes.derivatives)
    return Map(scores: passes.derivatives.map(Double.init), gradientPasses: 1)
  }

  private func gradCAM() throws -> Map {
    let scores = try differentiable().withIntactGradient { GradCAM.scores(activations: $0, gradient: $1, over: grid) }
    guard scores.allSatisfy(\.isFinite) else { throw Refusal(reason: "its gradient isn't finite") }
    return Map(scores: scores, gradientPasses: 1)
  }

  /// v(G) − v(G ∖ {g}).
  private func singleLesions() throws -> Map {
    let coalitions = [Coalition(fullOf: regions)] + (0..<regions).map { Coalition(of: regions, lesioned: [$0]) }
    var values: [Float] = []
    for start in stride(from: 0, to: coalitions.count, by: layer.batch) {
      values += try networks.lesioned.values(of: Array(coalitions[start..<min(start + layer.batch, coalitions.count)]))
      try pause()
    }
    try requireFinite(values)
    return Map(scores: values.dropFirst().map { Double(values[0]) - Double($0) }, passes: coalitions.count)
  }

  private func requireFinite(_ numbers: [Float]) throws {
    guard numbers.allSatisfy(\.isFinite) else { throw Refusal(reason: "its values aren't finite") }
  }

  // MARK: Chance

  private func random() -> [Double] {
    var random = CounterRandom(seed: measurement.seed, domain: .randomMaps, index: stream)
    var scores = (0..<regions).map(Double.init)
    random.shuffle(&scores)
    return scores
  }

  /// The scores, shuffled among regions whose cells are equally far from the middle of height and width.
  private func central(_ scores: [Double]) -> [Double] {
    var random = CounterRandom(seed: measurement.seed, domain: .centralMaps, index: stream)
    let (rows, columns) = (layer.grid[0], layer.grid[1])
    let distances = (0..<regions).map { region in
      let cell = grid.cell(of: region)
      let (i, j) = ((2 * cell.i + 1 - rows) * columns, (2 * cell.j + 1 - columns) * rows)
      return i * i + j * j
    }
    var result = scores
    for members in Dictionary(grouping: 0..<regions, by: { distances[$0] }).sorted(by: { $0.key < $1.key }).map(\.value) {
      var order = members
      random.shuffle(&order)
      for (member, other) in zip(members, order) { result[member] = scores[other] }
    }
    return result
  }
}
