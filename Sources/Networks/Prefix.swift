import Lesion
import ModelGraph
import OnnxRuntime

/// The part of a network up to a layer, with a cache of what it gave for recent stimuli.
final class Prefix {
  /// What the suffix needs of one stimulus: the layer's activations and the side inputs.
  final class State {
    /// At a batch of one.
    let activations: Tensor
    /// At a batch of one, or of the suffix's size where a side input has no batch axis.
    let sides: [Tensor]

    init(activations: Tensor, sides: [Tensor]) {
      self.activations = activations
      self.sides = sides
    }

    var byteCount: Int { ([activations] + sides).reduce(0) { $0 + $1.bytes.count } }
  }

  /// How a side input grows with the batch.
  private enum Growth {
    /// It has a batch axis: repeat one sample.
    case tiled(axis: Int)
    /// It has none, but depends on the batch (a shape) or on the stimulus (a rate), or rows of equal stimuli differ (they are
    /// numbered): take it from a run of the prefix at the suffix's batch size.
    case whole
  }

  private let feed: StimulusFeed
  private let session: Session
  private let batch: Int
  private let growth: [Growth]
  private let cacheBytes: Int
  private let spill: SpillFile?
  private var cache: [(stimulus: Int, state: State)] = []
  /// Side inputs that depend on shapes only, at the suffix's batch size; the same for all stimuli.
  private var shapeSides: [Int: Tensor] = [:]
  private let dependsOnData: [Bool]
  /// Runs for a stimulus so far.
  private(set) var runs = 0

  init(
    cut: Cut, feed: StimulusFeed, batch: Int, sample: Int, options: Session.Options, cacheBytes: Int,
    spillFolder: String?
  ) throws {
    self.feed = feed
    self.batch = batch
    self.cacheBytes = cacheBytes
    self.spill = try spillFolder.map { folder throws(LesionError) in try SpillFile(folder: folder) }
    self.session = try Session(runtime: feed.runtime, model: cut.prefix.serialized(), options: options.runningSeldom)
    self.dependsOnData = cut.sideInputs.map(\.dependsOnData)
    guard batch > 1, !cut.sideInputs.isEmpty else {
      growth = cut.sideInputs.map { _ in .whole }
      return
    }
    let one = try session.run(feed.tensors(session.inputNames, rows: [sample]))
    let two = try session.run(feed.tensors(session.inputNames, rows: [sample, sample]))
    growth = try zip(cut.sideInputs, zip(one, two).dropFirst()).map { side, tensors throws(LesionError) in
      let (single, double) = (tensors.0.shape, tensors.1.shape)
      guard single != double else { return .whole }
      let axes = single.count == double.count ? single.indices.filter { single[$0] != double[$0] } : []
      guard axes.count == 1, double[axes[0]] == 2 * single[axes[0]] else {
        throw LesionError(
          .badModel,
          "side input \"\(side.name)\" of layer \"\(cut.tensor)\" has shape \(single) for one stimulus and \(double) for two: no batch axis"
        )
      }
      return tensors.1.repeatsSamples(along: axes[0]) ? .tiled(axis: axes[0]) : .whole
    }
  }

  /// The result of the prefix for a stimulus. Cost: one prefix run, or none if cached in memory or on disk.
  func state(of stimulus: Int) throws -> State {
    if let index = cache.firstIndex(where: { $0.stimulus == stimulus }) {
      let entry = cache.remove(at: index)
      cache.append(entry)
      return entry.state
    }
    let state = try spilled(stimulus) ?? run(stimulus)
    cache.append((stimulus, state))
    var total = cache.reduce(0) { $0 + $1.state.byteCount }
    while total > cacheBytes, cache.count > 1 {
      let oldest = cache.removeFirst()
      total -= oldest.state.byteCount
      spill?.store([oldest.state.activations] + oldest.state.sides, of: oldest.stimulus)
    }
    return state
  }

  private func spilled(_ stimulus: Int) throws -> State? {
    guard let tensors = try spill?.tensors(of: stimulus, runtime: feed.runtime) else { return nil }
    return State(activations: tensors[0], sides: Array(tensors.dropFirst()))
  }

  private func run(_ stimulus: Int) throws -> State {
    let outputs = try session.run(feed.tensors(session.inputNames, rows: [stimulus]))
    runs += 1
    return State(activations: outputs[0], sides: try completeSides(Array(outputs.dropFirst()), of: stimulus))
  }

  private func completeSides(_ sides: [Tensor], of stimulus: Int) throws -> [Tensor] {
    guard batch > 1 else { return sides }
    let wholes = growth.indices.filter { if case .whole = growth[$0] { true } else { false } }
    var sides = sides
    let stale = wholes.filter { dependsOnData[$0] || shapeSides[$0] == nil }
    if !stale.isEmpty {
      let outputs = try session.run(
        feed.tensors(session.inputNames, rows: [Int](repeating: stimulus, count: batch)))
      for index in stale { shapeSides[index] = outputs[index + 1] }
    }
    for index in wholes { sides[index] = shapeSides[index]! }
    return sides
  }

  /// Tensors for the suffix's side inputs at its batch size.
  func makeSideTensors(_ state: State) throws -> [Tensor] {
    try zip(state.sides, growth).map { side, growth in
      try Tensor(runtime: feed.runtime, shape: shape(of: side, growth), elementType: side.elementType)
    }
  }

  /// Fills the suffix's side inputs from a state.
  ///
  /// - Returns: the tensors that were filled: others where the state's are of another length, as what values choose is.
  func load(_ state: State, into tensors: [Tensor]) throws -> [Tensor] {
    let made = zip(state.sides, growth).map { side, growth in shape(of: side, growth) }
    let isFitting = zip(made, tensors).allSatisfy { $0 == $1.shape }
    let tensors = isFitting ? tensors : try makeSideTensors(state)
    for (index, tensor) in tensors.enumerated() {
      let side = state.sides[index]
      switch growth[index] {
      case .whole:
        side.withBytes { tensor.bytes.copyMemory(from: UnsafeRawBufferPointer($0)) }
      case .tiled(let axis):
        let size = Tensor.byteSize(of: side.elementType)!
        let tiling = BatchTiling(shape: side.shape, axis: axis, elementSize: size)
        side.withBytes { sample in
          for row in 0..<batch { tiling.copy(UnsafeRawBufferPointer(sample), to: row, of: batch, in: tensor.bytes) }
        }
      }
    }
    return tensors
  }

  private func shape(of side: Tensor, _ growth: Growth) -> [Int] {
    var shape = side.shape
    if case .tiled(let axis) = growth { shape[axis] *= batch }
    return shape
  }
}
