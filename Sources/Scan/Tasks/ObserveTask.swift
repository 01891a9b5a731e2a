import Anatomy
import Distribution

/// One forward pass of a stimulus.
struct ObserveTask: RankTask, Hashable {
  var stimulus = 0

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&stimulus) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> Observation {
    let outputs = try worker.observe(stimulus: stimulus, of: worker.feed)
    return Observation(
      scores: worker.reader.scores(UnsafeBufferPointer(outputs[0].floats)),
      moments: worker.moments(of: outputs).map(\.values))
  }
}

/// What the intact network did with a stimulus.
struct Observation: Coded {
  /// [classes]
  var scores: [Float] = []
  /// By layer, as `RegionMoments` holds them.
  var moments: [[Double]] = []

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&scores)
    try coder.code(&moments)
  }
}
