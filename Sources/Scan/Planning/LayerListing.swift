import Anatomy
package import Grids
import Lesion
package import ModelGraph
package import Networks
import OnnxRuntime
package import Stimuli
import UserErrors

/// What can be scanned in a network, as `nnfmri-mpi layers` lists it.
package struct LayerListing: Sendable {
  package struct Layer: Sendable {
    package var tensor: String
    package var operatorType: String
    /// What part it plays in the network, and what says so.
    package var kind: LayerKind
    package var reason: String
    /// For one stimulus, without batch axis.
    package var shape: [Int]
    /// What its axes count, as in `N,C,H,W`.
    package var layout: String
    package var units: Int
    package var grid: GridSize
    package var regions: Int
    /// Share of the network's forward cost that lies after the layer: what one evaluation costs.
    package var suffixCostShare: Double
    /// Whether `--layers auto` takes it.
    package var isAutomatic: Bool
  }

  package var layers: [Layer]
  /// What the model is given that can be scanned as they are.
  package var inputs: [Layer]
  /// What can't be scanned, with the reason.
  package var refusals: [(tensor: String, reason: String)]
  package var notes: [String]

  /// Cost: a few forward passes.
  /// - Parameter data: stimuli; `nil` runs the network on zeros of its declared shapes.
  /// - Throws: `Failure`, or what a module throws, if the model can't be read or run or has nothing to scan.
  package init(
    model path: String, data: String?, sizing: PictureSizing = PictureSizing(), grid: GridSize, reading request: ReadoutRequest
  ) throws {
    let model = try Model(contentsOf: path)
    try model.checkExternalFiles()
    let stimuli =
      try data.map { try StimulusSet(contentsOf: $0, inputs: model.inputs.map(ModelInput.init), sizing: sizing) }
      ?? StimulusSet.zeros(for: model)
    func look(reading request: ReadoutRequest) throws -> NetworkSurvey {
      try NetworkSurvey(
        model: model, stimuli: stimuli, runtime: Runtime(), session: Session.Options(for: model), reading: request)
    }
    var doubt: String?
    let survey: NetworkSurvey
    do {
      survey = try look(reading: request)
    } catch let error as LesionError where error.code == .badRequest && request.classAxis == nil {
      // Layers can be listed where a scan has to be told what to read.
      var other = request
      other.value = .output(0)
      guard let found = try? look(reading: other) else { throw error }
      (survey, doubt) = (found, error.message)
    }
    guard !survey.scannable.isEmpty else {
      throw Failure(.badInput, "\(model.label) has no layer that can be scanned: \(survey.reasonForNoLayers)")
    }
    let automatic = Set(survey.automatic.layers)
    let shares = survey.suffixCostShares
    func listed(_ layer: NetworkSurvey.Layer) throws -> Layer {
      let axes = layer.layout.axes!
      let overlay = Grid(
        grid,
        over: try TensorGeometry(shape: layer.shape, height: axes.height, width: axes.width, channels: axes.channels))
      return Layer(
        tensor: layer.candidate.tensor, operatorType: layer.candidate.operatorType,
        kind: layer.role.kind, reason: layer.role.reason, shape: Array(layer.shape.dropFirst()),
        layout: layer.layout.names, units: overlay.unitCount, grid: overlay.size,
        regions: overlay.regionCount, suffixCostShare: shares[layer.candidate.tensor] ?? 1,
        isAutomatic: automatic.contains(layer.candidate.tensor))
    }
    layers = try survey.layers.map(listed)
    inputs = try survey.inputs.map(listed)
    refusals = survey.refusedInputs + survey.refusals
    notes = survey.notes + [survey.classDoubt?.note(), doubt].compactMap(\.self)
  }
}
