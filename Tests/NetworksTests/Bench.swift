import Anatomy
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Shapley
import Stimuli
import TestSupport

/// A small network on the bench: looked at, fed and ready to be lesioned, with its plain arithmetic beside it.
struct Bench {
  static let stimulusCount = 4

  let network: SmallNetwork
  let survey: NetworkSurvey
  let feed: StimulusFeed
  let evaluator: PlainEvaluator

  init(_ network: SmallNetwork, readsRaw: Bool = false) throws {
    try self.init(network, reading: ReadoutRequest(value: readsRaw ? .output(0) : .logit))
  }

  init(_ network: SmallNetwork, reading request: ReadoutRequest) throws {
    let runtime = try TestRuntime.make()
    let stimuli = try network.stimuli(Self.stimulusCount)
    self.network = network
    survey = try NetworkSurvey(
      model: network.model, stimuli: stimuli, runtime: runtime, session: Session.Options(), reading: request)
    feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: survey.model.inputs)
    evaluator = PlainEvaluator(network)
  }

  var tensors: [String] { survey.layers.map(\.candidate.tensor) }

  func grid(_ tensor: String, _ size: GridSize = GridSize(height: 2, width: 2, channels: 2)) throws -> Grid {
    let layer = survey.layers.first { $0.candidate.tensor == tensor }!
    return Grid(size, over: try TensorGeometry(shape: layer.shape))
  }

  /// The batch size that the network has in place of the one asked for.
  func batch(_ wanted: Int) -> Int { survey.takesBatches ? wanted : 1 }

  func lesioned(
    _ tensor: String, lesion: LesionKind = .zero, value: ValueFunction = .logit, position: Int? = nil, batch: Int = 3,
    cacheBytes: Int = 1 << 20, spillFolder: String? = nil, freezing frozen: FrozenTensor? = nil
  ) throws -> LesionedNetwork {
    let grid = try grid(tensor)
    return try LesionedNetwork(
      cut: survey.model.cut(at: tensor, reading: survey.readTensor, types: survey.elementTypes, freezing: frozen),
      feed: feed, stimulus: 0,
      configuration: LesionedNetwork.Configuration(
        mask: RegionMask(grid),
        reader: OutputReader(
          shape: survey.outputShape, value: value, link: survey.link, position: position, channelsLast: false),
        batch: self.batch(batch), lesion: lesion,
        restingActivations: resting(tensor, lesion).map(Float.init), session: Session.Options(),
        cacheBytes: cacheBytes, spillFolder: spillFolder))
  }

  /// The values of any number of coalitions, batch by batch.
  func values(_ network: LesionedNetwork, _ coalitions: [Coalition], donors: [Int] = []) throws -> [Float] {
    let batch = batch(3)
    return try stride(from: 0, to: coalitions.count, by: batch).flatMap { start in
      let rows = start..<min(start + batch, coalitions.count)
      return try network.values(of: Array(coalitions[rows]), donors: donors.isEmpty ? [] : Array(donors[rows]))
    }
  }

  // MARK: Plain arithmetic

  func plain(_ stimulus: Int) throws -> [String: PlainEvaluator.Value] {
    evaluator.run(try network.plainInputs(stimulus, of: Self.stimulusCount))
  }

  /// All tensors of a pass in which the units of lesioned regions are replaced; [units] `replacement`.
  func plain(
    _ stimulus: Int, lesioning tensor: String, intact coalition: Coalition, replacement: [Double]
  ) throws -> [String: PlainEvaluator.Value] {
    let grid = try grid(tensor)
    let inputs = try network.plainInputs(stimulus, of: Self.stimulusCount)
    return evaluator.run(inputs, replacing: [tensor: { $0.lesioned(by: grid, intact: coalition, replacement) }])
  }

  /// The same where the lesion may run in the pair's pass, with the layer put together from both.
  func plain(
    _ series: LesionedNetwork.Series, _ lesion: LesionKind, lesioning tensor: String, intact coalition: Coalition,
    replacement: [Double]
  ) throws -> [String: PlainEvaluator.Value] {
    guard lesion.runsInPair else {
      return try plain(series.stimulus, lesioning: tensor, intact: coalition, replacement: replacement)
    }
    let layer = try plain(series.stimulus)[tensor]!.lesioned(by: grid(tensor), intact: coalition, replacement)
    let inputs = try network.plainInputs(series.donors[0], of: Self.stimulusCount)
    return evaluator.run(inputs, replacing: [tensor: { _ in layer }])
  }

  /// What lesioned units become, or are drawn by; empty where that isn't the same for all stimuli, or 0.
  func resting(_ tensor: String, _ lesion: LesionKind) throws -> [Double] {
    switch lesion.rest {
    case nil: return []
    case .unit: return try plainMeans(tensor)
    case .file: return try plain(3)[tensor]!.elements.map { 0.5 * $0 - 0.1 }
    case .spread:
      let all = try (0..<Self.stimulusCount).map { try plain($0)[tensor]!.elements }
      let means = try plainMeans(tensor)
      return means
        + means.indices.map { unit in
          let squares = all.reduce(0) { $0 + ($1[unit] - means[unit]) * ($1[unit] - means[unit]) }
          return (squares / Double(Self.stimulusCount - 1)).squareRoot()
        }
    case .channel:
      let (means, geometry) = (try plainMeans(tensor), try grid(tensor).geometry)
      var result = means
      for c in 0..<geometry.channels {
        let units = (0..<geometry.height).flatMap { h in
          (0..<geometry.width).map { geometry.offset(height: h, width: $0, channel: c) }
        }
        for unit in units { result[unit] = units.reduce(0) { $0 + means[$1] } / Double(units.count) }
      }
      return result
    }
  }

  func plainMeans(_ tensor: String) throws -> [Double] {
    let all = try (0..<Self.stimulusCount).map { try plain($0)[tensor]!.elements }
    return all[0].indices.map { unit in all.reduce(0) { $0 + $1[unit] } / Double(all.count) }
  }
}

extension PlainEvaluator.Value {
  /// Unit by unit, by the grid's definition.
  func lesioned(by grid: Grid, intact coalition: Coalition, _ replacement: [Double]) -> PlainEvaluator.Value {
    var result = self
    for h in 0..<grid.geometry.height {
      for w in 0..<grid.geometry.width {
        for c in 0..<grid.geometry.channels where !coalition[grid.region(height: h, width: w, channel: c)] {
          let unit = grid.geometry.offset(height: h, width: w, channel: c)
          result.elements[unit] = replacement[unit]
        }
      }
    }
    return result
  }
}

extension Coalition {
  /// All intact, all lesioned, each alone lesioned, and some drawn ones.
  static func samples(of players: Int, drawn: Int = 8) -> [Coalition] {
    var random = WeightGenerator(seed: 99)
    return [Coalition(fullOf: players), Coalition(emptyOf: players)]
      + (0..<players).map { Coalition(of: players, lesioned: [$0]) }
      + (0..<drawn).map { _ in
        Coalition(of: players, intact: (0..<players).filter { _ in Bool.random(using: &random) })
      }
  }
}
