package import Distribution
package import ScanPlan
import ScanResults
package import ScanStore
import Shapley
import UserErrors

/// Measures every series shard by shard, and has each estimated, on whichever rank is free, once its values are in.
///
/// A rank stays on the series whose prefix it has cached, then takes the next one that nobody has begun, then helps
/// with the one that was begun last, which has most left. Where layers may end early, a series is measured in rounds and
/// kept until its layer has ended.
///
/// It gets as many shards and series at a time as take a turn (`TurnLength`), so that messages cost nothing, but never more than a
/// small part of what is left, so that ranks end together.
package struct AcquisitionPhase: Phase {
  package typealias Step = EitherTask<AcquireTask, SeriesEstimateTask>
  package typealias Work = TaskBundle<Step>

  /// A turn that is so far filled isn't filled up with another step.
  private static let filled = 0.75

  /// A series that is being measured.
  private struct Series {
    var values: [Float]
    /// Shards that nobody has been given, the next one last.
    var waiting: [Int]
    /// Shards whose values have not come in.
    var missing: Int
    var nonFinite = 0
    /// Rows that are measured, of all.
    var measured = 0
    let rows: Int

    /// Rows that no round has asked for.
    var unmeasured: Int { rows - measured }
  }

  private let plan: ScanPlan
  private let targets: [Int]
  private let allowsNonFinite: Bool
  /// Whether estimates are left to the merging of parts.
  private let isPart: Bool
  private let turn: TurnLength
  private let progress: Progress
  private let store: AcquisitionStore?
  private let checkpoint: Checkpoint
  /// What an earlier run measured, by series, until it is taken up.
  private var restored: [Int: [Int: [Float]]] = [:]
  /// Begun and not yet measured, by number.
  private var open: [Int: Series] = [:]
  /// Between two rounds, by number.
  private var paused: [Int: Series] = [:]
  private var rounds: Rounds
  /// Begun series that may have shards waiting, in the order of their beginning.
  private var helpable: [Int] = []
  /// Shards that nobody has been given, as far as is known.
  private var shardsLeft: Int
  /// Seconds that a shard and an estimate took last, by layer.
  private var pace: [Double?]
  private var estimatePace: [Double?]
  private var current: [Int: Int] = [:]
  private var estimates: [SeriesEstimateTask] = []
  private var intervals: RunningIntervals
  /// By layer, by stimulus; `nil` for a series that was skipped because its values are not finite.
  private(set) var results: [[Estimate?]]
  /// By layer: how it was measured; `nil` where all was from the start.
  var layerRounds: [LayerRounds?] { rounds.ended }

  /// - Parameters:
  ///   - targets: the class whose score is the value, by stimulus.
  ///   - restored: shards that an earlier run measured; `checkpoint` holds them already.
  ///   - ranks: how many share the work.
  package init(
    plan: ScanPlan, request: ScanRequest, targets: [Int], store: AcquisitionStore?, checkpoint: Checkpoint,
    restored: [Checkpoint.Shard: [Float]], ranks: Int, progress: Progress
  ) {
    self.plan = plan
    self.targets = targets
    self.allowsNonFinite = request.measurement.allowsNonFinite
    self.rounds = Rounds(plan: plan, request: request)
    self.store = store
    self.checkpoint = checkpoint
    self.turn = TurnLength(ranks: ranks, limit: checkpoint.interval / 4)
    self.progress = progress
    self.isPart = request.run.part != nil
    self.shardsLeft = plan.shardCount(of: request.run.part) - restored.count
    self.pace = plan.layers.map { _ in nil }
    self.estimatePace = pace
    self.intervals = RunningIntervals(plan, confidence: request.analysis.confidence)
    self.results = plan.layers.map { _ in Array(repeating: nil, count: plan.stimulusCount) }
    for (shard, values) in restored {
      self.restored[shard.layer * plan.stimulusCount + shard.stimulus, default: [:]][shard.shard] = values
    }
  }

  package mutating func next(for rank: Int) throws -> Work? {
    var steps: [Step] = []
    var (filled, numbers) = (0.0, 0)
    while filled < Self.filled, numbers < TurnLength.mostNumbers, let step = try next(for: rank, room: 1 - filled) {
      steps.append(step)
      // What takes nobody knows how long comes alone.
      guard let share = share(step) else { break }
      filled += share
      numbers += numberCount(step)
    }
    return steps.isEmpty ? nil : Work(steps)
  }

  /// The share of a turn that a step takes; `nil` where nothing like it was done before.
  private func share(_ step: Step) -> Double? {
    let (layer, seconds) =
      switch step {
      case .first(let task): (task.layer, pace[task.layer].map { $0 * Double(task.shards.count) })
      case .second(let task): (task.task.layer, estimatePace[task.task.layer])
      }
    guard let seconds, let turn = turnSeconds(layer) else { return nil }
    return seconds / max(turn, 1e-9)
  }

  private func numberCount(_ step: Step) -> Int {
    switch step {
    case .first(let task): task.shards.count * numbersPerShard(task.layer)
    case .second(let task): task.task.values.count
    }
  }

  private func numbersPerShard(_ layer: Int) -> Int { plan.rowsPerShard(plan.layers[layer]) * plan.layers[layer].width }

  /// Seconds of a turn on a layer; `nil` where none of it was measured yet.
  private func turnSeconds(_ layer: Int) -> Double? {
    pace[layer].map { turn.seconds(left: $0 * Double(max(shardsLeft, 0))) }
  }

  /// The next step for a rank. - Parameter room: the share of a turn that it may take, if it can be divided.
  private mutating func next(for rank: Int, room: Double) throws -> Step? {
    if let estimate = estimates.popLast() { return .second(estimate) }
    if let series = current[rank], let task = shards(of: series, room: room) { return .first(task) }
    while let (series, shards) = rounds.takeUp() {
      try begin(series, shards)
      current[rank] = series
      if let task = self.shards(of: series, room: room) {
        helpable.append(series)
        return .first(task)
      }
      // All of it was measured by an earlier run.
      if let estimate = estimates.popLast() { return .second(estimate) }
    }
    while let series = helpable.last {
      if let task = shards(of: series, room: room) {
        current[rank] = series
        return .first(task)
      }
      helpable.removeLast()
    }
    return nil
  }

  package mutating func complete(_ task: Work, with output: Work.Output) throws {
    for (step, output, seconds) in try output.results(of: task) { try complete(step, with: output, seconds: seconds) }
  }

  private mutating func complete(_ step: Step, with output: Step.Output, seconds: Double) throws {
    switch (step, output) {
    case (.first(let task), .first(let measured)):
      if measured.count > 0 { pace[task.layer] = measured.seconds / Double(measured.count) }
      try checkpoint.record(measured.records)
      for (shard, values) in try measured.shards() { try take(values, task.layer, task.stimulus, shard.shard) }
    case (.second(let task), .second(let output)):
      let (layer, stimulus) = (task.task.layer, task.task.stimulus)
      estimatePace[layer] = seconds
      intervals.replace(results[layer][stimulus], by: output.estimate, layer: layer)
      results[layer][stimulus] = output.estimate
      progress.note(intervals.widest)
      finishRound(layer)
    case (.first, .second), (.second, .first):
      throw MessageError()
    }
  }

  /// Opens a series for its next shards, with what an earlier run measured of them.
  private mutating func begin(_ number: Int, _ shards: [Int]) throws {
    let layer = plan.layer(ofSeries: number)
    let known = restored[number] ?? [:]
    var series =
      paused.removeValue(forKey: number)
      ?? Series(values: Array(repeating: .nan, count: layer.numberCount), waiting: [], missing: 0, rows: layer.rows)
    series.waiting = shards.reversed().filter { known[$0] == nil }
    series.missing = shards.count
    open[number] = series
    for shard in shards {
      guard let values = restored[number]?.removeValue(forKey: shard) else { continue }
      try take(values, number / plan.stimulusCount, number % plan.stimulusCount, shard)
    }
  }

  /// The next shards of a series that lie side by side. - Parameter room: the share of a turn that they may take.
  private mutating func shards(of series: Int, room: Double) -> AcquireTask? {
    guard let first = open[series]?.waiting.popLast() else { return nil }
    let (layer, stimulus) = (series / plan.stimulusCount, series % plan.stimulusCount)
    var end = first + 1
    let most = first + shardsAtATime(layer, room: room)
    while end < most, open[series]!.waiting.last == end {
      open[series]!.waiting.removeLast()
      end += 1
    }
    shardsLeft -= end - first
    return AcquireTask(layer: layer, stimulus: stimulus, target: targets[stimulus], shards: first..<end)
  }

  private func shardsAtATime(_ layer: Int, room: Double) -> Int {
    guard let pace = pace[layer], let turn = turnSeconds(layer) else { return 1 }
    let most = Double(TurnLength.mostNumbers / max(numbersPerShard(layer), 1))
    return max(1, Int(min(room * turn / max(pace, 1e-9), most)))
  }

  private mutating func take(_ values: [Float], _ layer: Int, _ stimulus: Int, _ shard: Int) throws {
    let number = layer * plan.stimulusCount + stimulus
    let rows = plan.rows(ofShard: shard, plan.layers[layer])
    let width = plan.layers[layer].width
    open[number]!.values.replaceSubrange(rows.lowerBound * width..<rows.upperBound * width, with: values)
    open[number]!.missing -= 1
    open[number]!.nonFinite += values.count { !$0.isFinite }
    open[number]!.measured += rows.count
    let series = open[number]!
    progress.advance(by: rows.count)
    if series.nonFinite > 0 && !allowsNonFinite {
      throw Failure(
        .badInput,
        """
        layer_\(layer) (\(plan.layers[layer].tensor)), stimulus \(stimulus): \(series.nonFinite) of the first \
        \(rows.upperBound) passes give NaN or an infinite value; try --lesion mean or another --value, or skip such \
        series with --allow-nonfinite
        """)
    }
    guard series.missing == 0 else { return }
    open[number] = nil
    if rounds.isOpen(layer) { paused[number] = series }
    try store?.write(series.values, layer: layer, stimulus: stimulus)
    guard series.nonFinite == 0 else {
      // Skipped, though an earlier round may have estimated it.
      results[layer][stimulus] = nil
      finishRound(layer)
      return
    }
    guard !isPart else { return }
    let anchors = plan.layers[layer].rows - plan.layers[layer].designRows
    estimates.append(
      SeriesEstimateTask(
        task: EstimateTask(
          layer: layer, stimulus: stimulus,
          values: series.values.prefix(rounds.designRows(layer, stimulus) * width) + series.values.suffix(anchors * width))))
  }

  private mutating func finishRound(_ layer: Int) {
    guard rounds.finish(layer, estimates: results[layer]) else { return }
    for stimulus in 0..<plan.stimulusCount {
      guard let series = paused.removeValue(forKey: layer * plan.stimulusCount + stimulus) else { continue }
      // What the layer doesn't need any more is no part of the work.
      progress.shrink(by: series.unmeasured)
      shardsLeft -= series.unmeasured / plan.rowsPerShard(plan.layers[layer])
    }
  }
}
