import Anatomy
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
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

  func strengths(
    from source: String, _ sources: RegionMap, to target: String, _ targets: RegionMap, stimulus: Int = 0, batch: Int = 3
  ) throws -> [Float] {
    let tracer = try ConnectionTracer(
      model: model, from: source, to: target, sources: sources, targetUnits: targets.unitCount, batch: batch, runtime: runtime,
      session: Session.Options(), feed: feed(0))
    return try tracer.strengths(targets: targets, feed: feed(stimulus)) {}
  }
}

extension RegionMap {
  /// Every unit a region of its own.
  init(unitsOf shape: [Int]) {
    let count = shape.reduce(1, *)
    self.init(regionCount: count, regions: (0..<count).map(UInt32.init))
  }
}
