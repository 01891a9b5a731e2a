import Anatomy
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
import Testing
import Tractography

/// A network with stimuli, ready to have its connections traced.
struct ConnectionBench {
  let model: Model
  let runtime: Runtime
  let feed: StimulusFeed

  init(model: Model, stimuli: StimulusSet, runtime: Runtime) throws {
    self.model = model
    self.runtime = runtime
    feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: model.inputs)
  }

  func feed(_ stimulus: Int) -> ConnectionTracer.Feed {
    { names, rows in try feed.tensors(names, rows: [Int](repeating: stimulus, count: rows)) }
  }

  /// The values of a tensor under a stimulus.
  func observed(_ tensor: String, stimulus: Int) throws -> Tensor {
    let session = try Session(runtime: runtime, model: model.exposing([tensor]).serialized())
    return try session.run(feed.tensors(session.inputNames, rows: [stimulus]))[0]
  }

  /// The same as numbers.
  func values(_ tensor: String, stimulus: Int) throws -> [Double] {
    let tensor = try observed(tensor, stimulus: stimulus)
    return withExtendedLifetime(tensor) { tensor.floats.map(Double.init) }
  }

  func regions(of tensor: String, _ size: GridSize, stimulus: Int = 0) throws -> RegionMap {
    let shape = try observed(tensor, stimulus: stimulus).shape
    return RegionMap(Grid(size, over: try TensorGeometry(shape: shape)))
  }

  /// Strengths, which have the same bits where regions that lead to different units are traced together.
  func strengths(
    from source: String, _ sources: RegionMap, to target: String, _ targets: RegionMap, stimulus: Int = 0, batch: Int = 3
  ) throws -> [Float] {
    let alone = try tracer(from: source, sources, to: target, targets, batch: batch, isGrouping: false)
    let together = try tracer(from: source, sources, to: target, targets, batch: batch, isGrouping: true)
    let strengths = try alone.strengths(targets: targets, feed: feed(stimulus)) {}
    for round in 0..<2 {
      let same = try together.strengths(targets: targets, feed: feed(stimulus)) {}
      #expect(same.map(\.bitPattern) == strengths.map(\.bitPattern), "round \(round)")
    }
    return strengths
  }

  func tracer(
    from source: String, _ sources: RegionMap, to target: String, _ targets: RegionMap, batch: Int, isGrouping: Bool
  ) throws -> ConnectionTracer {
    try ConnectionTracer(
      model: model, from: source, to: target, sources: sources, targetUnits: targets.unitCount, batch: batch,
      isGrouping: isGrouping, runtime: runtime, session: Session.Options(), feed: feed(0))
  }
}

extension RegionMap {
  /// Every unit a region of its own.
  init(unitsOf shape: [Int]) {
    let count = shape.reduce(1, *)
    self.init(regionCount: count, regions: (0..<count).map(UInt32.init))
  }
}
