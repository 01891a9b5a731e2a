import Anatomy
import Distribution
import Files
import Grids
import Lesion
package import ModelGraph
import Networks
package import OnnxRuntime
import Random
package import ScanPlan
import ScanResults
import Shapley
package import Stimuli

/// What a rank keeps for its tasks: the sessions and prefix results that the next ones are likely to need.
package final class Worker {
  let request: ScanRequest
  private(set) var plan: ScanPlan
  private let model: Model
  let feed: StimulusFeed
  /// Of the stream; `nil` for a scan without time.
  let streamFeed: StimulusFeed?
  /// Of stimuli that aren't scanned; `nil` where none are asked about.
  let heldOutFeed: StimulusFeed?
  let reader: OutputReader
  private let lesionFile: LesionFile?
  /// By layer.
  private(set) var geometry: [LayerGeometry]
  /// For estimates, which need no network.
  let estimation: Estimation
  private var observer: Session?
  /// The layer that is being measured: one at a time, since sessions hold memory and ranks stay on a layer.
  private var current: (kind: LesionedKind, network: LesionedNetwork)?
  /// The layer that is measured by gradients, with its network, or why it has none.
  private var currentGradient: (layer: Int, batch: Int, network: Result<GradientNetwork, Undifferentiable>)?
  private var tractWorker: TractWorker?
  /// The layer on which methods are compared, with what they need of it.
  private var comparison: ComparisonNetworks?
  /// Mean activations by layer, once they are known.
  var means: [Int: [Float]] = [:]
  /// Where weights lie that other ranks hold too.
  var weights: WeightStore?

  /// - Parameters:
  ///   - model: as read from its file; the plan says whether what is done to it before it is scanned.
  ///   - stimuli: those of the scan.
  ///   - stream: those of the stream, where there is one.
  ///   - heldOut: stimuli that aren't scanned, where they are asked about.
  ///   - lesionFile: what lesions take from a file.
  /// - Throws: `OnnxRuntimeError` where the runtime takes no part of the model.
  package init(
    request: ScanRequest, plan: ScanPlan, model: Model, stimuli: StimulusSet, stream: StimulusSet?, heldOut: StimulusSet? = nil,
    lesionFile: LesionFile? = nil, runtime: Runtime
  ) throws {
    self.request = request
    self.plan = plan
    let prepared = model.prepared(plan.preparation)
    self.model = prepared
    let inputs = prepared.inputPorts(reading: plan.readout.tensor)
    self.lesionFile = lesionFile
    self.feed = try StimulusFeed(
      runtime: runtime, stimuli: stimuli, inputs: inputs, partners: lesionFile?.partners(at: plan.stimulusPlaces))
    self.streamFeed = try stream.map { try StimulusFeed(runtime: runtime, stimuli: $0, inputs: inputs) }
    heldOutFeed = try heldOut.map { try StimulusFeed(runtime: runtime, stimuli: $0, inputs: inputs) }
    self.reader = try OutputReader(plan.readout)
    self.geometry = try plan.layers.map { LayerGeometry(try $0.grid(request.measurement)) }
    self.estimation = Estimation(
      plan: plan, measurement: request.measurement,
      estimators: try plan.estimators(request.measurement, request.analysis))
  }

  /// The tasks and notices that a rank of a scan understands.
  static var registry: TaskRegistry<Worker> {
    var registry = TaskRegistry<Worker>()
    registry.add(VerifyTask.self)
    registry.add(TaskBundle<ObserveTask>.self)
    registry.add(RecordTask.self)
    registry.add(AverageTask.self)
    registry.add(EitherTask<ProbeTask, PilotTask>.self)
    registry.add(AcquisitionPhase.Work.self)
    registry.add(AnswerTask.self)
    registry.add(ConnectTask.self)
    registry.add(TraceTask.self)
    registry.add(PathwayTask.self)
    registry.add(CompareTask.self)
    registry.addEstimation(on: \.estimation)
    registry.add(MeansNotice.self)
    registry.add(PlanNotice.self)
    return registry
  }

  /// Follows another plan: the first one without layers that were found not to be scannable.
  func adopt(_ plan: ScanPlan) throws {
    let earlier = self.plan.layers
    means = Dictionary(
      uniqueKeysWithValues: plan.layers.compactMap { layer in
        let known = earlier.firstIndex { $0.tensor == layer.tensor }.flatMap { means[$0] }
        return known.map { (layer.number, $0) }
      })
    self.plan = plan
    geometry = try plan.layers.map { LayerGeometry(try $0.grid(request.measurement)) }
    estimation.plan = plan
    estimation.estimators = try plan.estimators(request.measurement, request.analysis)
    observer = nil
    current = nil
    currentGradient = nil
    tractWorker = nil
    comparison = nil
  }

  /// Lets go of what only the observation of stimuli needs.
  func endObservation() {
    observer = nil
  }

  /// By layer, from what `observe` gave.
  func moments(of outputs: [Tensor]) -> [RegionMoments] {
    zip(geometry, outputs.dropFirst()).map { layer, output in
      output.withFloats { activations in
        RegionMoments(
          of: Span(_unsafeElements: UnsafeBufferPointer(activations)), over: layer.blocks,
          regionCount: layer.grid.regionCount)
      }
    }
  }

  /// The read tensor, then each layer's tensor, of one stimulus.
  func observe(stimulus: Int, of feed: StimulusFeed) throws -> [Tensor] {
    let tensors = [plan.readTensor] + plan.layers.map(\.tensor)
    let observer =
      try self.observer
      ?? Session(
        runtime: feed.runtime, model: model.exposing(tensors).serialized(), options: sessionOptions.runningSeldom)
    self.observer = observer
    let outputs = try observer.run(feed.tensors(observer.inputNames, rows: [stimulus]))
    // A tensor that is asked for twice is an output once.
    let position = Dictionary(uniqueKeysWithValues: zip(observer.outputNames, outputs))
    return tensors.map { position[$0]! }
  }

  /// The time of a batch of a layer, for a forecast. Runs two and takes the second, after everything is warm.
  func secondsPerBatch(layer: Int) throws -> Double {
    if plan.layers[layer].design == .gradients { return try secondsPerGradientBatch(layer: layer) }
    let network = try makeNetwork(layer, lesion: .zero)
    try network.begin(LesionedNetwork.Series(stimulus: 0, target: 0))
    let batch = try estimation.series(layer, 0).rows(0..<min(plan.layers[layer].batch, plan.layers[layer].rows))
    var start = 0.0
    for _ in 0..<2 {
      start = monotonicSeconds()
      _ = try network.values(of: batch.coalitions)
    }
    return monotonicSeconds() - start
  }

  private func secondsPerGradientBatch(layer: Int) throws -> Double {
    let network = try gradientNetwork(layer).get()
    try network.begin(series(layer, 0, target: 0))
    let design = try estimation.series(layer, 0).gradientDesign()
    let masks = design.masks(in: 0..<min(gradientBatch(layer), design.rowCount))
    var start = 0.0
    for _ in 0..<2 {
      start = monotonicSeconds()
      _ = try network.passes(at: masks)
    }
    return monotonicSeconds() - start
  }

  // MARK: Caches

  private var cacheBytes: Int {
    let held = plan.residentBytes - (request.sharesWeights(of: model) ? MemoryEstimate.weightBytes(model) : 0)
    let left = request.resources.memoryBudget.map { max($0 - held, 0) }
    return min(request.resources.cacheBytes ?? left ?? 64 << 20, left ?? .max)
  }

  private var sessionOptions: Session.Options {
    Session.Options(for: model, threads: request.measurement.threads, optimized: weights)
  }

  func tracts() -> TractWorker {
    // Nothing is measured any more.
    current = nil
    currentGradient = nil
    let tracts =
      tractWorker
      ?? TractWorker(
        request: request, plan: plan, model: model, feed: feed, reader: reader, geometry: geometry, session: sessionOptions)
    tractWorker = tracts
    return tracts
  }

  /// Lets go of what traces and lesions pathways, and gives its memory back.
  func endTracts() {
    tractWorker = nil
    returnFreedMemory()
  }

  /// Operators, as messages call them, by which two passes differ.
  var unrepeatableOperators: [String] {
    model.drawingOperators(reading: plan.readTensor) + model.trainingOperators(reading: plan.readTensor)
  }

  /// What goes one way for all rows of a batch by what a layer holds, as messages call it; `nil` where nothing does.
  func operatorSteered(byLayer layer: Int) -> String? {
    model.operatorSteered(by: [plan.layers[layer].tensor], reading: plan.readTensor)
  }

  /// The classes whose scores are read.
  var scoredClasses: Range<Int> { reader.scoredClasses }

  /// By layer, the units of each region.
  var unitCounts: [[Int]] { geometry.map(\.grid.unitCounts) }

  /// The layer's network under the scan's lesion.
  func currentNetwork(_ layer: Int) throws -> LesionedNetwork {
    try network(layer, lesion: request.measurement.lesion)
  }

  /// The layer's network under a lesion, for batches of a size.
  ///
  /// - Parameters:
  ///   - batch: the plan's where `nil`.
  ///   - isHeldOut: fed with stimuli that aren't scanned.
  func network(_ layer: Int, lesion: LesionKind, batch: Int? = nil, isHeldOut: Bool = false) throws -> LesionedNetwork {
    let kind = LesionedKind(layer: layer, lesion: lesion, batch: batch ?? plan.layers[layer].batch, isHeldOut: isHeldOut)
    if let current, current.kind == kind { return current.network }
    // Let go of the old one before the new one takes memory.
    current = nil
    currentGradient = nil
    let network = try makeNetwork(layer, lesion: lesion, batch: kind.batch, isHeldOut: isHeldOut)
    current = (kind, network)
    return network
  }

  /// Rows of batches for so many coalitions of a layer: no more, since the rest would be padding.
  func batch(_ layer: Int, holding coalitions: Int) -> Int { batch(of: plan.layers[layer].batch, holding: coalitions) }

  /// The most where weights are as large as those that are shared, since a shared model is made ready for each size of batches.
  private func batch(of most: Int, holding rows: Int) -> Int {
    model.weightBytes >= WeightSharing.worthwhile ? most : max(1, min(most, rows))
  }

  func makeNetwork(_ layer: Int, lesion: LesionKind, batch: Int? = nil, isHeldOut: Bool = false) throws -> LesionedNetwork {
    try LesionedNetwork(
      cut: cut(layer), feed: isHeldOut ? heldOutFeed! : feed, stimulus: 0,
      configuration: configuration(layer, lesion, batch: batch ?? plan.layers[layer].batch))
  }

  /// The game of a layer and a stimulus, with the stimuli that replacements come from.
  func series(_ layer: Int, _ stimulus: Int, target: Int) -> LesionedNetwork.Series {
    LesionedNetwork.Series(
      stimulus: stimulus, target: target, donors: estimation.series(layer, stimulus).donors)
  }

  /// The activations that a file has of a layer; `nil` where none has. [units]
  func baselineActivations(_ layer: Int) throws -> [Float]? {
    try lesionFile?.activations(of: plan.layers[layer].tensor, shape: plan.layers[layer].shape)
  }

  /// The seed of a layer's draws, where lesions are noise.
  func noiseSeed(_ layer: Int) -> UInt64 { LesionNoise.seed(request.measurement.seed, layer: layer) }

  /// Gradient passes of a layer in one run.
  func gradientBatch(_ layer: Int) -> Int { min(plan.layers[layer].batch, ScanPlan.Layer.gradientBatch) }

  /// Gradient passes of a layer's trial in one run.
  func trialBatch(_ layer: Int) -> Int { batch(of: gradientBatch(layer), holding: ScanPlan.Layer.trialBatch) }

  /// The layer's network under the scan's lesion with its way back, or why there is none.
  ///
  /// - Parameter batch: that of the measurement where `nil`.
  func gradientNetwork(_ layer: Int, batch: Int? = nil) throws -> Result<GradientNetwork, Undifferentiable> {
    let batch = batch ?? gradientBatch(layer)
    if let currentGradient, currentGradient.layer == layer, currentGradient.batch == batch { return currentGradient.network }
    current = nil
    currentGradient = nil
    let network = try makeGradientNetwork(cut(layer), configuration(layer, request.measurement.lesion, batch: batch))
    currentGradient = (layer, batch, network)
    return network
  }

  private func makeGradientNetwork(
    _ cut: Cut, _ configuration: LesionedNetwork.Configuration
  ) throws -> Result<GradientNetwork, Undifferentiable> {
    do {
      return .success(
        try GradientNetwork(
          cut: cut, feed: feed, stimulus: 0, configuration: configuration, value: AdjointValue(plan.readout)))
    } catch let refusal as Undifferentiable {
      return .failure(refusal)
    } catch let error as OnnxRuntimeError where error.code != .libraryMissing {
      // Trying gradients must cost nothing but gradients: the layer is measured by values.
      return .failure(Undifferentiable(error.message))
    } catch let error as LesionError where error.code == .badModel {
      return .failure(Undifferentiable(error.message))
    }
  }

  /// The layer's networks for a comparison: as they are, and with the weights after the layer shuffled.
  func comparisonNetworks(_ layer: Int) throws -> ComparisonNetworks {
    if let comparison, comparison.layer == layer { return comparison }
    current = nil
    currentGradient = nil
    comparison = nil
    let lesion = request.measurement.lesion
    func pair(_ cut: Cut, _ session: Session.Options) throws -> ComparisonNetworks.Pair {
      var values = configuration(layer, lesion, batch: plan.layers[layer].batch)
      var gradients = configuration(layer, lesion, batch: gradientBatch(layer))
      (values.session, gradients.session) = (session, session)
      return ComparisonNetworks.Pair(
        lesioned: try LesionedNetwork(cut: cut, feed: feed, stimulus: 0, configuration: values),
        gradients: try makeGradientNetwork(cut, gradients))
    }
    let cut = try cut(layer)
    let shuffled = cut.shufflingWeights { [seed = request.measurement.seed] weight, count in
      var random = CounterRandom(seed: seed, domain: .shuffledWeights, index: UInt64(layer) << 32 | UInt64(weight))
      var order = Array(0..<count)
      random.shuffle(&order)
      return order
    }
    // Weights that are held once for all ranks are the network's own.
    var session = sessionOptions
    session.optimized = nil
    let networks = ComparisonNetworks(
      layer: layer, own: try pair(cut, sessionOptions), shuffled: try shuffled.map { try pair($0, session) })
    comparison = networks
    return networks
  }

  private func cut(_ layer: Int) throws -> Cut {
    try model.cut(
      at: plan.layers[layer].tensor, reading: plan.readTensor,
      types: plan.layers[layer].elementTypes.mapValues(ElementType.init), freezing: plan.frozen)
  }

  private func configuration(_ layer: Int, _ lesion: LesionKind, batch: Int) -> LesionedNetwork.Configuration {
    LesionedNetwork.Configuration(
      mask: geometry[layer].mask, reader: reader, batch: batch, lesion: lesion,
      restingActivations: [.resting, .noise].contains(lesion.source) ? means[layer]! : [], noiseSeed: noiseSeed(layer),
      session: sessionOptions,
      cacheBytes: cacheBytes, spillFolder: request.resources.spillFolder)
  }
}

/// What tells a rank's lesioned networks apart.
private struct LesionedKind: Equatable {
  let layer: Int
  let lesion: LesionKind
  let batch: Int
  let isHeldOut: Bool
}

/// The regions of a layer, and how they lie in memory.
struct LayerGeometry {
  let grid: Parcellation
  let blocks: RegionBlocks
  let mask: RegionMask

  init(_ grid: Parcellation) {
    self.grid = grid
    blocks = grid.blocks()
    mask = RegionMask(grid)
  }
}

/// Another plan to follow.
struct PlanNotice: RankNotice {
  private var plan: [UInt8] = []

  init() {}
  init(_ plan: ScanPlan) throws { self.plan = try plan.encoded() }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&plan) }

  func apply(to worker: Worker) throws { try worker.adopt(ScanPlan(encoded: plan)) }
}
