import Anatomy
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Shapley
import Stimuli
import TestSupport
import Testing

/// Exact values of a trained network, made outside the project by enumeration.
@Suite(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"), .serialized)
struct `A trained network's exact games` {
  private struct Oracle: Decodable {
    var games: [Game]
  }

  private struct Game: Decodable {
    struct Statistics: Decodable {
      var density: Double
      var meanAbs: Double
      var variance: Double
      var activationCount: Int
    }

    var image: Int
    var tensor: String
    var shapeChw: [Int]
    var gridHwc: [Int]
    var targetClass: Int
    var valueFull: Double
    var valueEmpty: Double
    var shapley: [Double]
    var banzhaf: [Double]
    var statistics: [Statistics]

    var grid: GridSize { GridSize(height: gridHwc[0], width: gridHwc[1], channels: gridHwc[2]) }
  }

  private static func games() throws -> [Game] {
    try SharedMaterial.oracle("exact_resnet20.json", as: Oracle.self).games
  }

  private func stimulus(_ image: Int) throws -> StimulusSet {
    var stimuli = try StimulusSet(contentsOf: SharedMaterial.images)
    try stimuli.setPreprocessing(
      Preprocessing(mean: SharedMaterial.means, standardDeviation: SharedMaterial.standardDeviations))
    return try stimuli.select([image])
  }

  /// One early, one middle and one late layer, of different images.
  @Test(arguments: [0, 7, 14])
  func `are met by enumeration`(_ number: Int) throws {
    let game = try Self.games()[number]
    let batch = 64
    let network = try network(game, batch: batch)
    let players = game.shapley.count
    try network.begin(LesionedNetwork.Series(stimulus: 0, target: game.targetClass))
    var values: [Double] = []
    for start in stride(from: 0, to: 1 << players, by: batch) {
      let coalitions = (start..<start + batch).map { Coalition(of: players, mask: UInt64($0)) }
      values += try network.values(of: coalitions).map(Double.init)
    }
    let effect = abs(game.valueFull - game.valueEmpty)
    #expect(abs(values[0] - game.valueEmpty) < 1e-4 * effect)
    #expect(abs(values[values.count - 1] - game.valueFull) < 1e-4 * effect)
    for (value, expected) in zip(ExactSolver.shapley(players: players, values: values), game.shapley) {
      #expect(abs(value - expected) < 1e-4 * effect)
    }
    for (value, expected) in zip(ExactSolver.banzhaf(players: players, values: values), game.banzhaf) {
      #expect(abs(value - expected) < 1e-4 * effect)
    }
  }

  @Test func `have the statistics of their regions`() throws {
    for game in try Self.games() {
      let network = try network(game, batch: 1)
      let grid = Grid(game.grid, over: try TensorGeometry(shape: [1] + game.shapeChw))
      let activations = try network.activations(of: 0)
      let moments = RegionMoments(
        of: Span(_unsafeElements: activations), over: grid.blocks(), regionCount: grid.regionCount)
      for (region, expected) in game.statistics.enumerated() {
        #expect(grid.unitCounts[region] == expected.activationCount)
        #expect(abs(moments.meanMagnitude(region) - expected.meanAbs) < 1e-5 * expected.meanAbs)
        #expect(abs(moments.variance(region) - expected.variance) < 1e-5 * expected.variance)
        #expect(abs(moments.density(region) - expected.density) < 1e-5 * max(abs(expected.density), 0.1))
      }
    }
  }

  private func network(_ game: Game, batch: Int) throws -> LesionedNetwork {
    let model = try Model(contentsOf: SharedMaterial.residualNetwork)
    let feed = try StimulusFeed(runtime: TestRuntime.make(), stimuli: stimulus(game.image), inputs: model.inputs)
    let grid = Grid(game.grid, over: try TensorGeometry(shape: [1] + game.shapeChw))
    return try LesionedNetwork(
      cut: model.cut(at: game.tensor, reading: "logits"), feed: feed, stimulus: 0,
      configuration: LesionedNetwork.Configuration(
        mask: RegionMask(grid),
        reader: OutputReader(shape: [10], value: .logit, link: .softmax, position: nil, channelsLast: false),
        batch: batch, lesion: .zero, session: Session.Options(), cacheBytes: 1 << 24))
  }
}
