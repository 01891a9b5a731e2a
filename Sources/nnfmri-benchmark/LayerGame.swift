import Anatomy
import Grids
import Lesion
import Networks
import Shapley

/// A layer and a stimulus as a game: v(S) is the logit of the class that the intact network predicts.
final class LayerGame {
  let playerCount: Int
  let positions: PlayerPositions
  /// The class whose logit is the value.
  let target: Int
  private let network: LesionedNetwork
  private let batch: Int

  init(model: ScannedModel, layer: ScannedModel.Layer, stimulus: Int) throws {
    playerCount = layer.grid.regionCount
    positions = layer.positions
    network = try model.network(layer)
    batch = model.batch
    target = try Self.prediction(network, stimulus: stimulus, classCount: model.classCount)
    try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target))
  }

  /// The class that the intact network predicts. Cost: one suffix run a class.
  static func prediction(_ network: LesionedNetwork, stimulus: Int, classCount: Int) throws -> Int {
    let scores = try (0..<classCount).map { target in
      try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target))
      return try network.values(of: [Coalition(fullOf: network.regionCount)])[0]
    }
    return scores.indices.max { scores[$0] < scores[$1] }!
  }

  /// Cost: one suffix run a batch.
  func values(of coalitions: [Coalition]) throws -> [Float] {
    var values: [Float] = []
    for start in stride(from: 0, to: coalitions.count, by: batch) {
      values += try network.values(of: Array(coalitions[start..<min(start + batch, coalitions.count)]))
    }
    return values
  }
}
