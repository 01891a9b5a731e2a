import Distribution
import Grids
import Lesion
import Networks
import OnnxRuntime
import ScanPlan
import ScanResults

/// Prepare to trace a link, from a layer to the next or to the output's classes. Output: why it can't be; empty if it can.
struct ConnectTask: RankTask, Hashable {
  var link = 0
  var classes: [Int] = []

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&link)
    try coder.code(&classes)
  }

  func run(on worker: Worker, pause: () throws -> Void) throws -> String {
    try worker.tracts().reasonAgainst(link: link, classes: classes)
  }
}

/// Trace a link for a stimulus. Output: [sources x targets].
struct TraceTask: RankTask, Hashable {
  var link = 0
  var stimulus = 0
  var classes: [Int] = []

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&link)
    try coder.code(&stimulus)
    try coder.code(&classes)
  }

  func run(on worker: Worker, pause: () throws -> Void) throws -> FloatList {
    FloatList(try worker.tracts().strengths(link: link, stimulus: stimulus, classes: classes, pause: pause))
  }
}

/// Lesion pathways through layers. Output: v of each.
struct PathwayTask: RankTask, Hashable {
  var layers: [Int] = []
  var stimulus = 0
  var target = 0
  /// The number of the first pathway among all of the stimulus.
  var first = 0
  /// [pathways x layers]
  var pathways: [Int] = []

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layers)
    try coder.code(&stimulus)
    try coder.code(&target)
    try coder.code(&first)
    try coder.code(&pathways)
  }

  func run(on worker: Worker, pause: () throws -> Void) throws -> FloatList {
    let rows = stride(from: 0, to: pathways.count, by: layers.count).map { Array(pathways[$0..<$0 + layers.count]) }
    return FloatList(
      try worker.tracts().values(
        layers: layers, stimulus: stimulus, target: target, pathways: rows,
        replacements: replacements(worker), pause: pause))
  }

  /// What lesioned units of several layers become; empty for 0. Under `resample` one donor serves all layers, since a
  /// network in two minds is neither's.
  private func replacements(_ worker: Worker) throws -> [Tensor] {
    let others = worker.series(layers[0], stimulus, target: target).donors
    switch worker.request.measurement.lesion.source {
    case .nothing:
      return []
    case .resting:
      return try layers.map { try tensor($0, worker.means[$0]!, worker) }
    case .noise:
      return try layers.map { layer in
        let draw = LesionNoise.draw(
          moments: worker.means[layer]!, seed: worker.noiseSeed(layer), stimulus: stimulus)
        return try tensor(layer, draw, worker)
      }
    case .donors, .partner:
      let outputs = try worker.observe(stimulus: others[0], of: worker.feed)
      return layers.map { outputs[$0 + 1] }
    case .peers:
      var means = layers.map { MeanActivation(unitCount: worker.geometry[$0].grid.unitCount) }
      for peer in others {
        let outputs = try worker.observe(stimulus: peer, of: worker.feed)
        for (place, layer) in layers.enumerated() {
          outputs[layer + 1].withFloats { means[place].add(UnsafeBufferPointer($0)) }
        }
      }
      return try zip(layers, means).map { try tensor($0, $1.floats, worker) }
    }
  }

  private func tensor(_ layer: Int, _ values: [Float], _ worker: Worker) throws -> Tensor {
    let tensor = try Tensor(runtime: worker.feed.runtime, shape: worker.plan.layers[layer].shape)
    _ = tensor.floats.update(from: values)
    return tensor
  }
}
