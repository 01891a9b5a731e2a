import Anatomy
import Distribution
import Lesion
import OnnxRuntime

/// One forward pass of a stimulus.
package struct ObserveTask: RankTask, Hashable {
  var stimulus = 0

  package init() {}

  package init(stimulus: Int) {
    self.stimulus = stimulus
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&stimulus) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> Observation {
    let outputs = try worker.observe(stimulus: stimulus, of: worker.feed)
    return Observation(
      scores: outputs[0].withFloats { worker.reader.scores(UnsafeBufferPointer($0), stimulus: stimulus) },
      moments: worker.moments(of: outputs).map(\.values))
  }
}

/// What the intact network did with a stimulus.
package struct Observation: Coded {
  /// [classes]
  var scores: [Float] = []
  /// By layer, as `RegionMoments` holds them.
  var moments: [[Double]] = []

  package init() {}

  package init(scores: [Float], moments: [[Double]]) {
    self.scores = scores
    self.moments = moments
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&scores)
    try coder.code(&moments)
  }
}
