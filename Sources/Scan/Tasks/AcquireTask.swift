import Distribution
import Files
import Lesion
import Networks
import ScanPlan
package import ScanResults
package import ScanStore
import Shapley

/// Measure shards of a series, and estimate it where they are all of it. Output: those that were complete, if it is interrupted at
/// a later one.
package struct AcquireTask: RankTask, Hashable {
  package var layer = 0
  package var stimulus = 0
  /// The class whose score is the value.
  var target = 0
  package var shards = 0..<0
  /// Whether the shards are the series, and its estimate is asked for.
  package var estimates = false

  package init() {}

  package init(layer: Int, stimulus: Int, target: Int, shards: Range<Int>, estimates: Bool = false) {
    self.layer = layer
    self.stimulus = stimulus
    self.target = target
    self.shards = shards
    self.estimates = estimates
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&stimulus)
    try coder.code(&target)
    try coder.code(&shards)
    var asks = estimates ? 1 : 0
    try coder.code(&asks)
    estimates = asks == 1
  }

  func run(on worker: Worker, pause: () throws -> Void) throws -> AcquiredShards {
    let start = monotonicSeconds()
    var output = AcquiredShards()
    var series: [Float] = []
    for shard in shards {
      do {
        let values = try values(of: shard, worker, pause: pause)
        output.measured.append(Checkpoint.Shard(layer: layer, stimulus: stimulus, shard: shard), values)
        if estimates { series += values }
      } catch is Interruption where output.measured.count > 0 {
        break
      }
    }
    let measured = monotonicSeconds()
    output.measured.seconds = measured - start
    guard estimates, output.measured.count == shards.count, series.allSatisfy(\.isFinite) else { return output }
    // Where it can't be had the values count all the same: the estimate will be asked for alone, and say why.
    output.estimate = try? EstimateOutput(worker.estimation.estimate(layer: layer, stimulus: stimulus, values: series))
    output.estimateSeconds = monotonicSeconds() - measured
    return output
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

/// What a rank measured of a series, and what it estimated from that.
package struct AcquiredShards: Coded {
  package var measured = ShardValues()
  /// `nil` where none was asked for, some shards are missing, or values are not finite.
  package var estimate: EstimateOutput?
  /// What the estimate took.
  package var estimateSeconds = 0.0

  package init() {}

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&measured)
    try coder.code(&estimate)
    try coder.code(&estimateSeconds)
  }
}
