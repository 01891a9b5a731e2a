import Distribution
import Files
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import Statistics
import Stimuli
import UserErrors

/// Learns what is normal of a network, in one process or several: each opens the same, observes its share of the stimuli, and the
/// first makes the reference of what all have seen.
package final class MonitorLearner {
  /// How many layers are watched at most where nothing is said: each costs every request about a hundredth of a small network's pass.
  package static let automaticLayerLimit = 4

  /// What a user should know.
  package private(set) var notes: [String]
  private let request: LearningRequest
  private let model: Model
  private let survey: NetworkSurvey
  private let runtime: Runtime
  private let network: WatchedNetwork
  private let feed: StimulusFeed

  /// Opens model and stimuli. Cost: a survey.
  ///
  /// - Throws: `Failure`, or what a module throws, if the model or stimuli can't be read or don't fit, or if no layer can be watched;
  ///   in every process alike.
  package init(_ request: LearningRequest) throws {
    self.request = request
    model = try Model(contentsOf: request.model)
    try model.checkExternalFiles()
    var stimuli = try StimulusSet(
      contentsOf: request.data, inputs: model.inputs.map(ModelInput.init),
      sizing: PictureSizing(resize: request.resize, crop: request.crop))
    try stimuli.setPreprocessing(request.preprocessing)
    if let limit = request.stimuli { stimuli = stimuli.prefix(limit) }
    runtime = try Runtime()
    let options = Session.Options(for: model, threads: request.threads)
    survey = try NetworkSurvey(
      model: model, stimuli: stimuli, runtime: runtime, session: options, reading: request.reading)
    var notes = survey.notes
    if survey.takesBatches, let condition = survey.operatorSteered {
      notes.append("Stimuli run one at a time: all of a batch would go one way at \(condition), by what they hold together.")
    }
    // What is read is said in any case.
    if let doubt = survey.classDoubt, doubt.isStrong { notes.append(doubt.note(otherwise: "say --no-classes")) }
    network = try WatchedNetwork(
      model: survey.model, readout: survey.readout, layers: Self.watchedLayers(request, survey, model, &notes), runtime: runtime,
      options: options)
    feed = try StimulusFeed(
      runtime: runtime, stimuli: stimuli, inputs: survey.model.inputPorts(reading: survey.readTensor))
    self.notes = notes
  }

  /// Whether stimuli that differ may share a batch.
  private var takesBatches: Bool { survey.takesBatches && survey.operatorSteered == nil }

  /// The files that the network and the stimuli are read from.
  package var files: [String] { model.files(request.model) + feed.stimuli.files }

  /// Runs the network on this process's share of the stimuli: whole batches, the same whoever runs them, so that the reference is the
  /// same bytes on any number of processes. Cost: one pass a stimulus of the share, which is read twice.
  ///
  /// - Parameter progress: told how many stimuli of the share have been observed.
  /// - Returns: a message for `reference`.
  package func observe(
    rank: Int, of processes: Int, progress: (_ done: Int, _ all: Int) -> Void
  ) throws -> [UInt8] {
    let batch = takesBatches ? request.batch : 1
    let batches = (feed.stimuli.count + batch - 1) / batch
    let share = rank * batches / processes * batch..<min((rank + 1) * batches / processes * batch, feed.stimuli.count)
    let ranges = CellLayout.ranges(network.layouts)
    var learnt: [LearntStimulus] = []
    for first in stride(from: share.lowerBound, to: share.upperBound, by: batch) {
      let rows = Array(first..<min(first + batch, share.upperBound))
      let observations = try network.observe(feed, rows: rows)
      learnt += try zip(rows, observations).map { row, observation in
        let inputs = try feed.tensors(network.inputNames, rows: [row]).flatMap { $0.withBytes { Array($0) } }
        return LearntStimulus(observation, of: Digest.bytes(of: inputs[...]), layouts: network.layouts, ranges: ranges)
      }
      progress(learnt.count, share.count)
    }
    return LearntStimuli(learnt).message
  }

  /// Makes the reference of what all processes have seen.
  ///
  /// - Parameters:
  ///   - messages: by rank.
  ///   - program: the version of this program, for the record.
  /// - Throws: `Failure` if there are too few stimuli, or what the network gives for them isn't finite.
  package func reference(_ messages: [[UInt8]], program: String) throws -> MonitorReference {
    let learnt = try messages.flatMap { try LearntStimuli(message: $0).stimuli }
    noteRepeats(learnt)
    let isRepeatable = try network.isRepeatable(feed.tensors(network.inputNames, rows: [0]))
    if !isRepeatable { notes.append(noteOnChance) }
    let origin = ReferenceOrigin(
      model: request.model, modelDigest: try model.digest(of: request.model), data: request.data,
      dataDigest: try Digest.ofFiles(feed.stimuli.files), stimulusCount: learnt.count, program: program,
      onnxRuntime: runtime.version, processor: linearAlgebraVersion(), readout: survey.readout, preparation: survey.preparation,
      takesBatches: takesBatches, threads: request.threads, seed: request.seed, preprocessing: request.preprocessing,
      reading: request.reading, resize: request.resize, crop: request.crop, scan: request.scan)
    let weights = try network.layers.map { layer in try Self.zetaWeights(layer, request, &notes) }
    return try MonitorReference(
      learnt, layers: network.layers, origin: origin, zetaWeights: weights,
      selfTest: isRepeatable ? SelfTest(network, feed: feed, most: request.selfTests) : SelfTest())
  }

  /// Repeats are learnt from as often as they come, since new stimuli of their kind repeat those fitted to just as often as those
  /// held out do.
  private func noteRepeats(_ learnt: [LearntStimulus]) {
    var seen: Set<[UInt8]> = []
    let repeats = learnt.indices.filter { !seen.insert(learnt[$0].digest).inserted }
    guard !repeats.isEmpty else { return }
    let named = repeats.prefix(8).map { "\(feed.stimuli.records[$0])" }.joined(separator: ", ")
    notes.append(
      "\(repeats.count) of \(learnt.count) stimuli repeat others (\(named)\(repeats.count > 8 ? ", …" : "")), and are learnt from as often as they come. Where they are copies by mistake, give each once: else too many new stimuli are called outliers."
    )
  }

  private var noteOnChance: String {
    let drawing = survey.model.drawingOperators(reading: survey.readTensor)
    let reason =
      drawing.isEmpty
      ? "" : ", since \(drawing.prefix(3).joined(separator: ", ")) \(drawing.count == 1 ? "draws" : "draw") at random"
    return
      "Two passes of one stimulus don't agree\(reason): what is normal includes the network's own chance, and no self-test is stored."
  }

  private static func watchedLayers(
    _ request: LearningRequest, _ survey: NetworkSurvey, _ model: Model, _ notes: inout [String]
  ) throws -> [WatchedLayer] {
    let known = Dictionary(survey.scannable.map { ($0.candidate.tensor, $0) }, uniquingKeysWith: { first, _ in first })
    let chosen = try request.layers.resolve(
      survey.scannable.map { ($0.candidate.tensor, $0.role) }, automatic: automaticLayers(survey), refusals: survey.reasons,
      in: model)
    var layers: [WatchedLayer] = []
    for name in chosen {
      let layer = known[name]!
      let watched = WatchedLayer(tensor: name, shape: layer.shape, axes: layer.layout.axes!, grid: request.grid)
      if !watched.isSmallEnough {
        notes.append("Layer \"\(name)\" isn't watched: it has more than \(WatchedLayer.cellLimit) cells; give a coarser --grid.")
      } else if watched.pool.isSupported {
        layers.append(watched)
      } else {
        notes.append("Layer \"\(name)\" isn't watched: cells of \(layer.shape.count) axes can't be averaged in the graph.")
      }
    }
    guard !layers.isEmpty else {
      throw Failure(.badInput, "\(model.label) has no layer that can be watched: \(survey.reasonForNoLayers)")
    }
    return layers
  }

  /// Some of the automatic layers, evenly spaced; where there are many, not the last, which tells classes apart more than stimuli, and
  /// whose part the answer's energy has.
  private static func automaticLayers(_ survey: NetworkSurvey) -> [String] {
    let layers = survey.automatic.layers
    return Model.thinned(layers.count > automaticLayerLimit ? layers.dropLast() : layers, to: automaticLayerLimit)
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
  func digest(of path: String) throws -> String { try Digest.ofFiles(files(path)) }
}
