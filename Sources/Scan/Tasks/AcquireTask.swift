import Distribution
import Files
import Networks
import ScanPlan
import ScanResults
import ScanStore

/// Measure shards of a series. Output: those that were complete, if it is interrupted at a later one.
package struct AcquireTask: RankTask, Hashable {
  package var layer = 0
  package var stimulus = 0
  /// The class whose score is the value.
  var target = 0
  package var shards = 0..<0

  package init() {}

  package init(layer: Int, stimulus: Int, target: Int, shards: Range<Int>) {
    self.layer = layer
    self.stimulus = stimulus
    self.target = target
    self.shards = shards
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&stimulus)
    try coder.code(&target)
    try coder.code(&shards)
  }

  func run(on worker: Worker, pause: () throws -> Void) throws -> ShardValues {
    let start = monotonicSeconds()
    var measured = ShardValues()
    for shard in shards {
      do {
        measured.append(
          Checkpoint.Shard(layer: layer, stimulus: stimulus, shard: shard), try values(of: shard, worker, pause: pause))
      } catch is Interruption where measured.count > 0 {
        break
      }
    }
    measured.seconds = monotonicSeconds() - start
    return measured
  }

  private func values(of shard: Int, _ worker: Worker, pause: () throws -> Void) throws -> [Float] {
    let network = try worker.currentNetwork(layer)
    let game = worker.estimation.series(layer, stimulus)
    try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target, donors: game.donors))
    let rows = worker.plan.rows(ofShard: shard, worker.plan.layers[layer])
    var values: [Float] = []
    values.reserveCapacity(rows.count)
    let size = worker.plan.layers[layer].batch
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: size) {
      let batch = try game.rows(start..<min(start + size, rows.upperBound))
      values += try network.values(of: batch.coalitions, donors: batch.donors)
      try pause()
    }
    return values
  }
}
