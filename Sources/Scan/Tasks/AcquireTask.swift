import Distribution
import Files
import Lesion
import Networks
import ScanPlan
import ScanResults
import ScanStore
import Shapley

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
    if worker.plan.layers[layer].design == .gradients { return try passes(of: shard, worker, pause: pause) }
    let network = try worker.currentNetwork(layer)
    let game = worker.estimation.series(layer, stimulus)
    try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target, donors: game.donors))
    let rows = worker.plan.rows(ofShard: shard, worker.plan.layers[layer])
    var values: [Float] = []
    let plan = worker.plan.layers[layer]
    values.reserveCapacity(rows.count * plan.width)
    let size = plan.batch
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: size) {
      let batch = try game.rows(start..<min(start + size, rows.upperBound))
      let measured = try network.values(of: batch.coalitions, donors: batch.donors)
      if plan.scoreCount == nil {
        values += measured
      } else {
        let kept = worker.plan.keptClasses?[stimulus]
        for row in measured.indices {
          let scores = network.scores(ofRow: row)
          values.append(measured[row])
          values += kept.map { LeadingScores.numbers(scores, of: $0) } ?? scores
        }
      }
      try pause()
    }
    return values
  }

  /// v and its derivatives, row by row.
  private func passes(of shard: Int, _ worker: Worker, pause: () throws -> Void) throws -> [Float] {
    let plan = worker.plan.layers[layer]
    let network = try worker.gradientNetwork(layer).get()
    try network.begin(worker.series(layer, stimulus, target: target))
    let design = try worker.estimation.series(layer, stimulus).gradientDesign()
    let rows = worker.plan.rows(ofShard: shard, plan)
    var numbers: [Float] = []
    numbers.reserveCapacity(rows.count * plan.width)
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: worker.gradientBatch(layer)) {
      let range = start..<min(start + worker.gradientBatch(layer), rows.upperBound)
      let passes = try network.passes(at: design.masks(in: range))
      for row in 0..<range.count {
        numbers.append(passes.values[row])
        numbers += passes.derivatives[(row * plan.regionCount)..<((row + 1) * plan.regionCount)]
      }
      try pause()
    }
    return numbers
  }
}
