import Anatomy
import Arrays
package import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
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
  package init(model path: String, data: String?, grid: GridSize, layout: TensorLayout) throws {
    let model = try Model(contentsOf: path)
    try model.checkExternalFiles()
    let stimuli = try data.map { try StimulusSet(contentsOf: $0) } ?? Self.zeros(for: model)
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

  private static func zeros(for model: Model) throws -> StimulusSet {
    let arrays = try model.inputs.map { port -> (name: String?, array: NumericArray) in
      let dimensions = port.dimensions ?? []
      let lengths = dimensions.dropFirst().map { if case .fixed(let length) = $0 { length } else { 0 } }
      guard port.dimensions != nil, !lengths.contains(0) else {
        throw Failure(
          .usage,
          """
          \(model.label): input "\(port.name)" has shape \
          [\(dimensions.map(\.description).joined(separator: ", "))], with lengths that only stimuli tell; give them with --data
          """)
      }
      let shape = dimensions.isEmpty ? [1] : [1] + lengths
      let count = shape.reduce(1, *)
      switch port.elementType {
      case .int64, .int32, .int16, .int8, .uint8, .uint16, .uint32, .uint64, .bool:
        return (port.name, NumericArray(shape: shape, int64: [Int64](repeating: 0, count: count)))
      default:
        return (port.name, NumericArray(shape: shape, floats: [Float](repeating: 0, count: count)))
      }
    }
    return try StimulusSet(arrays, description: "zeros of the declared shapes")
  }
}
