import Distribution
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
    switch worker.request.measurement.lesion.source {
    case .nothing:
      return []
    case .resting:
      return try layers.map { layer in
        let tensor = try Tensor(runtime: worker.feed.runtime, shape: worker.plan.layers[layer].shape)
        _ = tensor.floats.update(from: worker.means[layer]!)
        return tensor
      }
    case .donors:
      let donor = worker.estimation.series(layers[0], stimulus).donors[0]
      let outputs = try worker.observe(stimulus: donor, of: worker.feed)
      return layers.map { outputs[$0 + 1] }
    }
  }
}
