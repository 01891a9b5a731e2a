import Files
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import Statistics
import Stimuli
import UserErrors

extension MonitorReference {
  /// How many layers are watched at most where nothing is said: each costs every request about a hundredth of a small network's pass.
  package static let automaticLayerLimit = 6

  /// Runs the network on stimuli that are taken for normal, and learns what is.
  ///
  /// Cost: a survey, and one pass a stimulus.
  /// - Parameters:
  ///   - program: the version of this program, for the record.
  ///   - progress: told how many stimuli of all have been observed.
  /// - Returns: the reference, and what a user should know.
  /// - Throws: `Failure`, or what a module throws, if the model or stimuli can't be read or don't fit, if no layer can be watched, or
  ///   if there are too few stimuli.
  package static func learn(
    _ request: LearningRequest, program: String, progress: (_ done: Int, _ all: Int) -> Void
  ) throws -> (reference: MonitorReference, notes: [String]) {
    let model = try Model(contentsOf: request.model)
    try model.checkExternalFiles()
    var stimuli = try StimulusSet(
      contentsOf: request.data, inputs: model.inputs.map(ModelInput.init),
      sizing: PictureSizing(resize: request.resize, crop: request.crop))
    try stimuli.setPreprocessing(request.preprocessing)
    if let limit = request.stimuli { stimuli = stimuli.prefix(limit) }
    let runtime = try Runtime()
    let options = Session.Options(threads: request.threads, externalDataFolder: model.folder)
    let survey = try NetworkSurvey(
      model: model, stimuli: stimuli, runtime: runtime, session: options, reading: request.reading)
    var notes = survey.notes
    let layers = try watchedLayers(request, survey, model, &notes)
    let network = try WatchedNetwork(
      model: survey.model, readout: survey.readout, layers: layers, runtime: runtime, options: options)
    let feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: survey.model.inputPorts(reading: survey.readTensor))
    var observations: [WatchedNetwork.Observation] = []
    let batch = survey.takesBatches ? request.batch : 1
    while observations.count < feed.stimuli.count {
      let rows = observations.count..<min(observations.count + batch, feed.stimuli.count)
      observations += try network.observe(feed, rows: Array(rows))
      progress(observations.count, feed.stimuli.count)
    }
    let origin = ReferenceOrigin(
      model: request.model, modelDigest: try model.digest(of: request.model), data: request.data,
      dataDigest: try Digest.ofFiles(feed.stimuli.files), stimulusCount: observations.count, program: program,
      onnxRuntime: runtime.version, processor: linearAlgebraVersion(), readout: survey.readout, preparation: survey.preparation,
      takesBatches: survey.takesBatches,
      threads: request.threads,
      seed: request.seed, preprocessing: request.preprocessing, reading: request.reading, resize: request.resize,
      crop: request.crop,
      scan: request.scan)
    let weights = try layers.map { layer in try zetaWeights(layer, request, &notes) }
    let reference = try MonitorReference(
      observations, layers: layers, origin: origin, zetaWeights: weights,
      selfTest: SelfTest(network, feed: feed, most: request.selfTests))
    return (reference, notes)
  }

  private static func watchedLayers(
    _ request: LearningRequest, _ survey: NetworkSurvey, _ model: Model, _ notes: inout [String]
  ) throws -> [WatchedLayer] {
    let known = Dictionary(survey.layers.map { ($0.candidate.tensor, $0) }, uniquingKeysWith: { first, _ in first })
    let chosen = try request.layers.resolve(
      survey.layers.map { ($0.candidate.tensor, $0.role) },
      automatic: Model.thinned(survey.automaticLayers, to: automaticLayerLimit),
      refusals: Dictionary(survey.refusals.map { ($0.tensor, $0.reason) }, uniquingKeysWith: { first, _ in first }),
      in: model)
    var layers: [WatchedLayer] = []
    for name in chosen {
      let layer = known[name]!
      let watched = WatchedLayer(tensor: name, shape: layer.shape, axes: layer.layout.axes!, grid: request.grid)
      if watched.pool.isSupported {
        layers.append(watched)
      } else {
        notes.append("Layer \"\(name)\" isn't watched: cells of \(layer.shape.count) axes can't be averaged in the graph.")
      }
    }
    guard !layers.isEmpty else {
      throw Failure(
        .badInput,
        "\(model.label) has no layer that can be watched: \(survey.refusals.first.map { "\"\($0.tensor)\": \($0.reason)" } ?? "nothing lies between its inputs and \"\(survey.readTensor)\"")"
      )
    }
    return layers
  }

  /// max(ζ, 0) over their sum; nothing for layers that the scan doesn't have, or has with other regions.
  private static func zetaWeights(
    _ layer: WatchedLayer, _ request: LearningRequest, _ notes: inout [String]
  ) throws -> [Double] {
    guard let scan = request.scan else { return [] }
    guard let scanned = request.zeta[layer.tensor] else {
      notes.append("\(scan) has no layer \"\(layer.tensor)\", so its regions aren't weighed by ζ.")
      return []
    }
    let size = try layer.grid().size
    guard layer.matchesScannedGrid, scanned.grid == [size.height, size.width, size.channels] else {
      notes.append(
        "\(scan) has other regions of layer \"\(layer.tensor)\" than are watched, so they aren't weighed by ζ.")
      return []
    }
    let sum = scanned.zeta.reduce(0) { $0 + max($1, 0) }
    return sum > 0 ? scanned.zeta.map { max($0, 0) / sum } : []
  }
}

extension Model {
  /// The SHA-256 of the model's file with its files of weights.
  func digest(of path: String) throws -> String {
    let folder = folder ?? "."
    return try Digest.ofFiles([path] + externalFiles.map { "\(folder)/\($0)" })
  }
}
