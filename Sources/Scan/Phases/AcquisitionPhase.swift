package import Distribution
package import ScanPlan
import ScanResults
package import ScanStore
import Shapley
import UserErrors

/// Measures every series shard by shard, and has each estimated: by the rank that measures all of it at a time, else on whichever
/// rank is free once its values are in.
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
    /// Empty until some have come in.
    var values: [Float] = []
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

  /// What is asked of a layer's plan again and again.
  private struct Shape {
    let rows: Int
    let designRows: Int
    let rowsPerShard: Int
    let width: Int
    let shardCount: Int
    let numberCount: Int
    let regionCount: Int
    private let batch: Int
    private let isGradients: Bool

    init(_ layer: ScanPlan.Layer, of plan: ScanPlan) {
      (rows, designRows, width, numberCount) = (layer.rows, layer.designRows, layer.width, layer.numberCount)
      (rowsPerShard, shardCount) = (plan.rowsPerShard(layer), plan.shardCount(layer))
      (regionCount, batch, isGradients) = (layer.regionCount, layer.batch, layer.design == .gradients)
    }

    /// Whether a row is measured in the same way.
    func isLike(_ other: Shape) -> Bool { batch == other.batch && isGradients == other.isGradients }

    func rows(ofShard shard: Int) -> Range<Int> { shard * rowsPerShard..<min((shard + 1) * rowsPerShard, rows) }
  }

  private let plan: ScanPlan
  /// By layer.
  private let shapes: [Shape]
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
  /// By rank: the series that it measured last.
  private var current: [Int?]
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
    self.shapes = plan.layers.map { Shape($0, of: plan) }
    self.current = Array(repeating: nil, count: ranks)
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
    let layer: Int
    var seconds: Double
    switch step {
    case .first(let task):
      layer = task.layer
      guard let pace = pace(layer) else { return nil }
      seconds = pace * Double(task.shards.count)
      if task.estimates {
        guard let pace = estimatePace(layer) else { return nil }
        seconds += pace
      }
    case .second(let task):
      layer = task.task.layer
      guard let pace = estimatePace(layer) else { return nil }
      seconds = pace
    }
    guard let turn = turnSeconds(layer) else { return nil }
    return seconds / max(turn, 1e-9)
  }

  private func numberCount(_ step: Step) -> Int {
    switch step {
    case .first(let task): task.shards.count * numbersPerShard(task.layer)
    case .second(let task): task.task.values.count
    }
  }

  private func numbersPerShard(_ layer: Int) -> Int { shapes[layer].rowsPerShard * shapes[layer].width }

  /// Seconds of a turn on a layer; `nil` where none of it was measured yet.
  private func turnSeconds(_ layer: Int) -> Double? {
    pace(layer).map { turn.seconds(left: $0 * Double(max(shardsLeft, 0))) }
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
    case (.first(let task), .first(let output)):
      let measured = output.measured
      if measured.count > 0 { pace[task.layer] = measured.seconds / Double(measured.count) }
      try checkpoint.record(measured.records)
      if let estimate = output.estimate?.estimate {
        guard task.estimates, measured.count == task.shards.count else { throw MessageError() }
        try take(measured, of: task)
        note(estimate, task.layer, task.stimulus, seconds: output.estimateSeconds)
      } else {
        for (shard, values) in try measured.shards() { try take(values, task.layer, task.stimulus, shard.shard) }
      }
    case (.second(let task), .second(let output)):
      note(output.estimate, task.task.layer, task.task.stimulus, seconds: seconds)
    case (.first, .second), (.second, .first):
      throw MessageError()
    }
  }

  private mutating func note(_ estimate: Estimate, _ layer: Int, _ stimulus: Int, seconds: Double) {
    estimatePace[layer] = seconds
    intervals.replace(results[layer][stimulus], by: estimate, layer: layer)
    results[layer][stimulus] = estimate
    if progress.isNoteOld || intervals.holdAll(layer: layer) { progress.note(intervals.widest()) }
    finishRound(layer)
  }

  /// A whole series that its rank has estimated, so that its values are finite.
  private mutating func take(_ measured: ShardValues, of task: AcquireTask) throws {
    open[task.layer * plan.stimulusCount + task.stimulus] = nil
    progress.advance(by: shapes[task.layer].rows)
    guard let store else { return }
    var values: [Float] = []
    values.reserveCapacity(shapes[task.layer].numberCount)
    for (_, shard) in try measured.shards() { values += shard }
    try store.write(values, layer: task.layer, stimulus: task.stimulus)
  }

  /// Opens a series for its next shards, with what an earlier run measured of them.
  private mutating func begin(_ number: Int, _ shards: [Int]) throws {
    let rows = shapes[number / plan.stimulusCount].rows
    let known = restored[number] ?? [:]
    var series = paused.removeValue(forKey: number) ?? Series(waiting: [], missing: 0, rows: rows)
    series.waiting = shards.reversed()
    if !known.isEmpty { series.waiting.removeAll { known[$0] != nil } }
    series.missing = shards.count
    open[number] = series
    guard !known.isEmpty else { return }
    for shard in shards {
      guard let values = restored[number]?.removeValue(forKey: shard) else { continue }
      try take(values, number / plan.stimulusCount, number % plan.stimulusCount, shard)
    }
  }

  /// The next shards of a series that lie side by side. - Parameter room: the share of a turn that they may take.
  private mutating func shards(of series: Int, room: Double) -> AcquireTask? {
    guard let place = open.index(forKey: series), let first = open.values[place].waiting.last else { return nil }
    let (layer, stimulus) = series.quotientAndRemainder(dividingBy: plan.stimulusCount)
    let left = open.values[place].waiting.count
    var most = shardsAtATime(layer, room: room)
    // A small rest isn't worth a turn, and a series in one piece is estimated where it was measured.
    if left <= most + most / 4 { most = left }
    var count = 1
    while count < min(most, left), open.values[place].waiting[left - 1 - count] == first + count { count += 1 }
    open.values[place].waiting.removeLast(count)
    shardsLeft -= count
    let shape = shapes[layer]
    return AcquireTask(
      layer: layer, stimulus: stimulus, target: targets[stimulus], shards: first..<first + count,
      estimates: !isPart && count == shape.shardCount && rounds.designRows(layer, stimulus) == shape.designRows)
  }

  /// Seconds that a shard of a layer takes; `nil` where nobody knows.
  ///
  /// A layer of which nothing was measured is taken for as slow as the one before: its passes run no more of the network, mostly less.
  private func pace(_ layer: Int) -> Double? {
    if let known = pace[layer] { return known }
    guard layer > 0, shapes[layer].isLike(shapes[layer - 1]) else { return nil }
    return pace(layer - 1).map { $0 * Double(shapes[layer].rowsPerShard) / Double(shapes[layer - 1].rowsPerShard) }
  }

  /// Seconds that an estimate of a layer takes; `nil` where nobody knows.
  private func estimatePace(_ layer: Int) -> Double? {
    if let known = estimatePace[layer] { return known }
    guard layer > 0, shapes[layer].isLike(shapes[layer - 1]), shapes[layer].numberCount <= shapes[layer - 1].numberCount,
      shapes[layer].regionCount <= shapes[layer - 1].regionCount
    else { return nil }
    return estimatePace(layer - 1)
  }

  private func shardsAtATime(_ layer: Int, room: Double) -> Int {
    guard let pace = pace(layer), let turn = turnSeconds(layer) else { return 1 }
    let most = Double(TurnLength.mostNumbers / max(numbersPerShard(layer), 1))
    return max(1, Int(min(room * turn / max(pace, 1e-9), most)))
  }

  private mutating func take(_ values: [Float], _ layer: Int, _ stimulus: Int, _ shard: Int) throws {
    let number = layer * plan.stimulusCount + stimulus
    let shape = shapes[layer]
    let (rows, width) = (shape.rows(ofShard: shard), shape.width)
    guard var series = open.removeValue(forKey: number) else { throw MessageError() }
    if series.values.isEmpty { series.values = Array(repeating: .nan, count: shape.numberCount) }
    series.values.replaceSubrange(rows.lowerBound * width..<rows.upperBound * width, with: values)
    series.missing -= 1
    series.nonFinite += values.count { !$0.isFinite }
    series.measured += rows.count
    progress.advance(by: rows.count)
    if series.nonFinite > 0 && !allowsNonFinite {
      open[number] = series
      throw Failure(
        .badInput,
        """
        layer_\(layer) (\(plan.layers[layer].tensor)), stimulus \(stimulus): \(series.nonFinite) of the first \
        \(rows.upperBound) passes give NaN or an infinite value; try --lesion mean or another --value, or skip such \
        series with --allow-nonfinite
        """)
    }
    guard series.missing == 0 else {
      open[number] = series
      return
    }
    if rounds.isOpen(layer) { paused[number] = series }
    try store?.write(series.values, layer: layer, stimulus: stimulus)
    guard series.nonFinite == 0 else {
      // Skipped, though an earlier round may have estimated it.
      results[layer][stimulus] = nil
      finishRound(layer)
      return
    }
    guard !isPart else { return }
    let anchors = shape.rows - shape.designRows
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
      shardsLeft -= series.unmeasured / shapes[layer].rowsPerShard
    }
  }
}
