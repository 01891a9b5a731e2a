import Distribution
import ScanStore

/// One forward pass of a stimulus of the stream. Output: each layer's record, as in `StreamStore`.
struct RecordTask: RankTask, Hashable {
  var stimulus = 0

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&stimulus) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> StreamRecords {
    let outputs = try worker.observe(stimulus: stimulus, of: worker.streamFeed!)
    return StreamRecords(layers: worker.moments(of: outputs).map { FloatList(StreamStore.record(of: $0)) })
  }
}

/// A stimulus's record of each layer.
struct StreamRecords: Coded {
  var layers: [FloatList] = []

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&layers) }
}
