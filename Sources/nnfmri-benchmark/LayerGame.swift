import Anatomy
import Grids
import Lesion
import Networks
import Shapley

/// A layer and a stimulus as a game: v(S) is the logit of the class that the intact network predicts.
final class LayerGame {
  let playerCount: Int
  let positions: PlayerPositions
  private let network: LesionedNetwork
  private let batch: Int

  init(model: ScannedModel, layer: ScannedModel.Layer, stimulus: Int) throws {
    playerCount = layer.grid.regionCount
    let size = layer.grid.size
    positions = PlayerPositions(height: size.height, width: size.width, channels: size.channels)
    network = try model.network(layer)
    batch = model.batch
    let intact = [Coalition(fullOf: playerCount)]
    let scores = try (0..<model.classCount).map { target in
      try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target))
      return try network.values(of: intact)[0]
    }
    let predicted = scores.indices.max { scores[$0] < scores[$1] }!
    try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: predicted))
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
