import Anatomy
package import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
package import Stimuli
import UserErrors

/// What can be scanned in a network, as `nnfmri-mpi layers` lists it.
package struct LayerListing: Sendable {
  package struct Layer: Sendable {
    package var tensor: String
    package var operatorType: String
    /// For one stimulus, without batch axis.
    package var shape: [Int]
    package var units: Int
    package var grid: GridSize
    package var regions: Int
    /// Share of the network's forward cost that lies after the layer: what one evaluation costs.
    package var suffixCostShare: Double
    /// Whether `--layers auto` takes it.
    package var isAutomatic: Bool
  }

  package var layers: [Layer]
  package var notes: [String]

  /// Cost: a few forward passes.
  /// - Parameter data: stimuli; `nil` runs the network on zeros of its declared shapes.
  /// - Throws: `Failure`, or what a module throws, if the model can't be read or run or has nothing to scan.
  package init(
    model path: String, data: String?, sizing: PictureSizing = PictureSizing(), grid: GridSize, layout: TensorLayout
  ) throws {
    let model = try Model(contentsOf: path)
    try model.checkExternalFiles()
    let stimuli =
      try data.map { try StimulusSet(contentsOf: $0, inputs: model.inputs.map(\.name), sizing: sizing) }
      ?? StimulusSet.zeros(for: model)
    let survey = try NetworkSurvey(
      model: model, stimuli: stimuli, runtime: Runtime(),
      session: Session.Options(externalDataFolder: model.folder), readsRaw: false)
    guard !survey.layers.isEmpty else {
      throw Failure(
        .badInput, "\(model.label) has no layer that can be scanned: no float32 tensor between its inputs and \"\(survey.readTensor)\"")
    }
    let shapes = Set(survey.layers.map(\.candidate.tensor))
    let automatic = Set(survey.model.automaticLayers(reading: survey.readTensor, where: shapes.contains))
    let shares = survey.suffixCostShares
    layers = try survey.layers.map { layer in
      let overlay = Grid(grid, over: try TensorGeometry(shape: layer.shape, layout: layout))
      return Layer(
        tensor: layer.candidate.tensor, operatorType: layer.candidate.operatorType,
        shape: Array(layer.shape.dropFirst()), units: overlay.unitCount, grid: overlay.size,
        regions: overlay.regionCount, suffixCostShare: shares[layer.candidate.tensor] ?? 1,
        isAutomatic: automatic.contains(layer.candidate.tensor))
    }
    notes = survey.notes
  }
}
