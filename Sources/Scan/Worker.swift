import Anatomy
import Files
internal import Glibc
import Grids
import Lesion
import MPI
import ModelGraph
import Networks
import OnnxRuntime
import Shapley
import Stimuli
import UserErrors

/// What a rank does: it runs tasks, and keeps the sessions and prefix results that the next ones are likely to need.
final class Worker: TaskRunner {
  private let request: ScanRequest
  private var plan: ScanPlan
  private let model: Model
  private let feed: StimulusFeed
  /// Of the stream; `nil` for a scan without time.
  private let streamFeed: StimulusFeed?
  private let reader: OutputReader
  private var geometry: [LayerGeometry]
  private var observer: Session?
  /// The layer that is being measured: one at a time, since sessions hold memory and ranks stay on a layer.
  private var current: (layer: Int, network: LesionedNetwork)?
  private var tracts: TractWorker?
  private var means: [Int: [Float]] = [:]
  /// Where weights lie that other ranks hold too.
  var weights: WeightStore?
  private var isInterrupted = false
  private var hasPassedOnSignal = false

  /// - Parameters:
  ///   - model: as read from its file; the plan says whether its batch axis is to be freed.
  ///   - stimuli: those of the scan.
  ///   - stream: those of the stream, where there is one.
  init(
    request: ScanRequest, plan: ScanPlan, model: Model, stimuli: StimulusSet, stream: StimulusSet?, runtime: Runtime
  ) throws {
    self.request = request
    self.plan = plan
    self.model = plan.isBatchFreed ? model.freeingBatchAxis() ?? model : model
    self.feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: self.model.inputs)
    self.streamFeed = try stream.map {
      try StimulusFeed(runtime: runtime, stimuli: $0, inputs: model.inputs)
    }
    self.reader = try OutputReader(
      shape: plan.outputShape, value: request.value, link: OutputReader.Link(rawValue: plan.link)!,
      position: request.position, channelsLast: request.layout == .nhwc)
    self.geometry = try plan.layers.map { try LayerGeometry($0, request: request) }
  }

  /// Runs tasks as they come from the coordinator, until it says stop.
  ///
  /// Waiting costs next to nothing: the rank sleeps between looks at its messages.
  ///
  /// - Returns: the exit code that the coordinator gave.
  func serve(_ mailbox: Mailbox) throws -> Int {
    var pause: UInt32 = 20
    while true {
      try passOnSignal(mailbox)
      guard let message = try mailbox.receive() else {
        usleep(pause)
        pause = min(pause * 2, 1000)
        try mailbox.settle()
        continue
      }
      pause = 20
      var reader = MessageReader(message.bytes)
      switch message.tag {
      case Tag.task:
        let answer = try answer(ScanTask(&reader), mailbox)
        try mailbox.post(answer.bytes, to: Communicator.root, tag: answer.tag)
      case Tag.means:
        var means = MessageReader(try mailbox.world.broadcast([]))
        let layer = means.readInt()
        setMeans(means.readFloats(), layer: layer)
      case Tag.plan:
        try adopt(ScanPlan(encoded: mailbox.world.broadcast([])))
      case Tag.interrupt:
        isInterrupted = true
      default:
        try mailbox.finish()
        return reader.readInt()
      }
    }
  }

  /// What the coordinator is told of a task: its result, why it failed, or that it was left undone.
  private func answer(_ task: ScanTask, _ mailbox: Mailbox) throws(MPIError) -> (bytes: [UInt8], tag: Int32) {
    guard !isInterrupted else { return ([], Tag.abandoned) }
    do {
      let start = monotonicSeconds()
      let result = try run(task) {
        try passOnSignal(mailbox)
        if let envelope = try mailbox.world.probe(tag: Tag.interrupt) {
          _ = try mailbox.world.receive(envelope)
          isInterrupted = true
          throw Interruption()
        }
      }
      return (TaskAnswer.make(result, seconds: monotonicSeconds() - start), Tag.result)
    } catch is Interruption {
      return ([], Tag.abandoned)
    } catch let error as MPIError {
      throw error
    } catch {
      let failure = Failure(error)
      var writer = MessageWriter()
      writer.append(failure.exitStatus.rawValue)
      writer.append(failure.message)
      return (writer.bytes, Tag.failure)
    }
  }

  /// Tells the coordinator, once, that this process has been asked to stop: a signal may reach one rank only.
  private func passOnSignal(_ mailbox: Mailbox) throws {
    guard StopRequest.isSignalled, !hasPassedOnSignal else { return }
    hasPassedOnSignal = true
    try mailbox.post([], to: Communicator.root, tag: Tag.wish)
  }

  /// Follows another plan: the first one without layers that were found not to be scannable.
  func adopt(_ plan: ScanPlan) throws {
    self.plan = plan
    geometry = try plan.layers.map { try LayerGeometry($0, request: request) }
    observer = nil
    current = nil
    tracts = nil
  }

  /// Makes a layer's mean activations known, for mean lesions.
  func setMeans(_ values: [Float], layer: Int) {
    means[layer] = values
  }

  /// Lets go of what only the observation of stimuli needs.
  func endObservation() {
    observer = nil
  }

  /// Runs a task.
  ///
  /// - Parameter pause: called between two batches.
  func run(_ task: ScanTask, pause: () throws -> Void) throws -> [UInt8] {
    var writer = MessageWriter()
    switch task {
    case .verify(let layer):
      writer.append(try deviation(layer))
    case .observe(let stimulus):
      try observe(stimulus, into: &writer)
    case .record(let stimulus):
      try record(stimulus, into: &writer)
    case .average(let layer):
      writer.append(try averageActivations(layer, pause: pause))
    case .acquire(let layer, let stimulus, let target, let shards):
      try acquire(layer, stimulus, target, shards, pause: pause).write(to: &writer)
    case .estimate(let layer, let stimulus, let values):
      let game = SeriesGame(plan: plan, request: request, layer: layer, stimulus: stimulus)
      EstimateMessage.write(try game.estimate(values), to: &writer)
    case .interact(let layer, let stimulus, let regions, let values):
      let game = SeriesGame(plan: plan, request: request, layer: layer, stimulus: stimulus)
      let estimate = try game.interactions(values, RegionPairs(of: regions))
      writer.append(estimate.interaction)
      writer.append(estimate.standardError)
      writer.append(estimate.degreesOfFreedom)
    case .inform(let layer, let labels, let densities):
      LayerInformation(densities: densities, labels: labels, seed: request.seed, layer: layer).encode(to: &writer)
    case .connect(let link, let classes):
      writer.append(try makeTracts().reasonAgainst(link: link, classes: classes))
    case .trace(let link, let stimulus, let classes):
      writer.append(try makeTracts().strengths(link: link, stimulus: stimulus, classes: classes, pause: pause))
    case .lesion(let layers, let stimulus, let target, _, let pathways):
      let rows = stride(from: 0, to: pathways.count, by: layers.count).map { Array(pathways[$0..<$0 + layers.count]) }
      writer.append(
        try makeTracts().values(
          layers: layers, stimulus: stimulus, target: target, pathways: rows,
          replacements: replacements(layers, stimulus), pause: pause))
    }
    return writer.bytes
  }

  // MARK: Tasks

  /// How far a layer's cut is from the whole model, on the first stimulus.
  private func deviation(_ layer: Int) throws -> Double {
    let network = try makeNetwork(layer, lesion: .zero)
    let outputs = try observe(stimulus: 0, of: feed)
    return try network.deviation(from: UnsafeBufferPointer(outputs[0].floats), stimulus: 0)
  }

  /// What lesioned units of several layers become; empty for 0. Under `resample` one donor serves all layers, since a
  /// network in two minds is neither's.
  private func replacements(_ layers: [Int], _ stimulus: Int) throws -> [Tensor] {
    switch request.lesion {
    case .zero:
      return []
    case .mean:
      return try layers.map { layer in
        let tensor = try Tensor(runtime: feed.runtime, shape: plan.layers[layer].shape)
        _ = tensor.floats.update(from: means[layer]!)
        return tensor
      }
    case .resample:
      let donor = SeriesGame(plan: plan, request: request, layer: layers[0], stimulus: stimulus).donors[0]
      let outputs = try observe(stimulus: donor, of: feed)
      return layers.map { outputs[$0 + 1] }
    }
  }

  private func observe(_ stimulus: Int, into writer: inout MessageWriter) throws {
    let outputs = try observe(stimulus: stimulus, of: feed)
    writer.append(reader.scores(UnsafeBufferPointer(outputs[0].floats)))
    for moments in moments(of: outputs) { writer.append(moments.values) }
  }

  private func record(_ stimulus: Int, into writer: inout MessageWriter) throws {
    for moments in moments(of: try observe(stimulus: stimulus, of: streamFeed!)) {
      writer.append(StreamStore.record(of: moments))
    }
  }

  /// By layer, from what `observe` gave.
  private func moments(of outputs: [Tensor]) -> [RegionMoments] {
    zip(geometry, outputs.dropFirst()).map { layer, output in
      RegionMoments(
        of: Span(_unsafeElements: UnsafeBufferPointer(output.floats)), over: layer.blocks,
        regionCount: layer.grid.regionCount)
    }
  }

  /// The read tensor, then each layer's tensor, of one stimulus.
  private func observe(stimulus: Int, of feed: StimulusFeed) throws -> [Tensor] {
    let tensors = [plan.readTensor] + plan.layers.map(\.tensor)
    let observer = try self.observer ?? Session(
      runtime: feed.runtime, model: model.exposing(tensors).serialized(), options: sessionOptions)
    self.observer = observer
    let outputs = try observer.run(feed.tensors(observer.inputNames, rows: [stimulus]))
    // A tensor that is asked for twice is an output once.
    let position = Dictionary(uniqueKeysWithValues: zip(observer.outputNames, outputs))
    return tensors.map { position[$0]! }
  }

  private func averageActivations(_ layer: Int, pause: () throws -> Void) throws -> [Float] {
    let network = try makeNetwork(layer, lesion: .zero)
    var sums = [Double](repeating: 0, count: geometry[layer].grid.unitCount)
    for stimulus in 0..<plan.stimulusCount {
      for (unit, activation) in try network.activations(of: stimulus).enumerated() { sums[unit] += Double(activation) }
      try pause()
    }
    return sums.map { Float($0 / Double(plan.stimulusCount)) }
  }

  /// Measures shards; those that were complete, if it is interrupted at a later one.
  private func acquire(
    _ layer: Int, _ stimulus: Int, _ target: Int, _ shards: Range<Int>, pause: () throws -> Void
  ) throws -> ShardValues {
    let start = monotonicSeconds()
    var measured = ShardValues()
    for shard in shards {
      do {
        measured.append(
          Checkpoint.Shard(layer: layer, stimulus: stimulus, shard: shard),
          try acquire(layer, stimulus, target, shard, pause: pause))
      } catch is Interruption where measured.count > 0 {
        break
      }
    }
    measured.seconds = monotonicSeconds() - start
    return measured
  }

  private func acquire(
    _ layer: Int, _ stimulus: Int, _ target: Int, _ shard: Int, pause: () throws -> Void
  ) throws -> [Float] {
    let network = try currentNetwork(layer)
    let game = SeriesGame(plan: plan, request: request, layer: layer, stimulus: stimulus)
    try network.begin(
      LesionedNetwork.Series(stimulus: stimulus, target: target, donors: game.donors))
    let rows = plan.rows(ofShard: shard, plan.layers[layer])
    var values: [Float] = []
    values.reserveCapacity(rows.count)
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: plan.batch) {
      let batch = try game.rows(start..<min(start + plan.batch, rows.upperBound))
      values += try network.values(of: batch.coalitions, donors: batch.donors)
      try pause()
    }
    return values
  }

  /// The time of a batch of a layer, for a forecast. Runs two and takes the second, after everything is warm.
  func secondsPerBatch(layer: Int) throws -> Double {
    let network = try makeNetwork(layer, lesion: .zero)
    let game = SeriesGame(plan: plan, request: request, layer: layer, stimulus: 0)
    try network.begin(LesionedNetwork.Series(stimulus: 0, target: 0))
    let batch = try game.rows(0..<min(plan.batch, plan.layers[layer].rows))
    var start = 0.0
    for _ in 0..<2 {
      start = monotonicSeconds()
      _ = try network.values(of: batch.coalitions)
    }
    return monotonicSeconds() - start
  }

  // MARK: Caches

  private var cacheBytes: Int {
    let held = plan.residentBytes - (request.sharesWeights(of: model) ? MemoryEstimate.weightBytes(model) : 0)
    let left = request.memoryBudget.map { max($0 - held, 0) }
    return min(request.cacheBytes ?? left ?? 64 << 20, left ?? .max)
  }

  private var sessionOptions: Session.Options {
    Session.Options(threads: request.threads, externalDataFolder: model.folder, optimized: weights)
  }

  private func makeTracts() -> TractWorker {
    // Nothing is measured any more.
    current = nil
    let tracts = self.tracts ?? TractWorker(
      request: request, plan: plan, model: model, feed: feed, reader: reader, geometry: geometry, session: sessionOptions)
    self.tracts = tracts
    return tracts
  }

  /// How many classes have a score.
  var classCount: Int { reader.classCount }

  /// By layer, the units of each region.
  var unitCounts: [[Int]] { geometry.map(\.grid.unitCounts) }

  private func currentNetwork(_ layer: Int) throws -> LesionedNetwork {
    if let current, current.layer == layer { return current.network }
    // Let go of the old one before the new one takes memory.
    current = nil
    let network = try makeNetwork(layer, lesion: request.lesion)
    current = (layer, network)
    return network
  }

  private func makeNetwork(_ layer: Int, lesion: LesionKind) throws -> LesionedNetwork {
    let cut = try model.cut(
      at: plan.layers[layer].tensor, reading: plan.readTensor,
      types: plan.layers[layer].sideTypes.mapValues(ElementType.init))
    return try LesionedNetwork(
      cut: cut, feed: feed, stimulus: 0,
      configuration: LesionedNetwork.Configuration(
        stencil: geometry[layer].stencil, reader: reader, batch: plan.batch, lesion: lesion,
        meanActivations: lesion == .mean ? means[layer]! : [], session: sessionOptions,
        cacheBytes: cacheBytes, spillFolder: request.spillFolder))
  }
}
