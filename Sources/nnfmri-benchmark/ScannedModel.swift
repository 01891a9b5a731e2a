import Anatomy
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Shapley
import Stimuli

/// A network ready to be lesioned layer by layer, as a scan would do it: zero lesions, the logit of a class.
struct ScannedModel {
  struct Layer {
    let tensor: String
    let grid: Grid
    let cut: Cut

    /// Where its regions lie.
    var positions: PlayerPositions {
      PlayerPositions(height: grid.size.height, width: grid.size.width, channels: grid.size.channels)
    }
  }

  /// Upstream first.
  let layers: [Layer]
  let feed: StimulusFeed
  private(set) var batch: Int
  private let reader: OutputReader
  private let value: AdjointValue

  /// - Parameters:
  ///   - tensors: the layers, or nil for those that a scan takes by itself.
  ///   - provider: what passes run on; `nil`: the runtime's own kernels for the processor.
  init(
    model path: String, stimuli: StimulusSet, grid: GridSize, batch: Int, tensors: [String]? = nil,
    reading: ReadoutRequest = ReadoutRequest(), provider: String? = nil
  ) throws {
    let runtime = try Runtime(provider: provider.map { ProviderRequest(name: $0) })
    let survey = try NetworkSurvey(
      model: Model(contentsOf: path, holdingUpTo: .max), stimuli: stimuli, runtime: runtime,
      session: Session.Options(isOnProcessor: true), reading: reading)
    let scannable = Dictionary(
      survey.layers.map { ($0.candidate.tensor, $0) }, uniquingKeysWith: { first, _ in first })
    let chosen = tensors ?? survey.automatic.layers
    layers = try chosen.map { tensor in
      guard let layer = scannable[tensor], let axes = layer.layout.axes else {
        throw LesionError(
          .badModel, "tensor \"\(tensor)\" can't be scanned; those that can: \(scannable.keys.sorted().joined(separator: ", "))")
      }
      return Layer(
        tensor: tensor,
        grid: Grid(
          grid,
          over: try TensorGeometry(shape: layer.shape, height: axes.height, width: axes.width, channels: axes.channels)),
        cut: try survey.model.cut(at: tensor, reading: survey.readTensor, types: survey.elementTypes))
    }
    feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: survey.model.inputPorts(reading: survey.readTensor))
    reader = try OutputReader(survey.readout)
    value = try AdjointValue(survey.readout)
    self.batch = survey.takesBatches ? batch : 1
  }

  var classCount: Int { reader.classCount }

  /// The same at other batches.
  func batched(by batch: Int) -> ScannedModel {
    var model = self
    model.batch = min(batch, self.batch)
    return model
  }

  /// Cost: two sessions, up to three prefix runs and one suffix run.
  func network(_ layer: Layer) throws -> LesionedNetwork {
    try LesionedNetwork(cut: layer.cut, feed: feed, stimulus: 0, configuration: configuration(layer))
  }

  /// Cost: three sessions, up to three prefix runs and two suffix runs.
  func gradientNetwork(_ layer: Layer) throws -> GradientNetwork {
    try GradientNetwork(cut: layer.cut, feed: feed, stimulus: 0, configuration: configuration(layer), value: value)
  }

  /// What a layer's suffix reads, of a batch of the first stimulus. Cost: a session, and one prefix run.
  func suffixInputs(_ layer: Layer) throws -> [Tensor] {
    let prefix = try Session(
      runtime: feed.runtime, model: layer.cut.prefix.serialized(), options: Session.Options(isOnProcessor: true))
    return try prefix.run(feed.tensors(prefix.inputNames, rows: [Int](repeating: 0, count: batch)))
  }

  private func configuration(_ layer: Layer) -> LesionedNetwork.Configuration {
    LesionedNetwork.Configuration(
      mask: RegionMask(layer.grid), reader: reader, batch: batch, lesion: .zero, session: Session.Options(),
      cacheBytes: 64 << 20)
  }
}
