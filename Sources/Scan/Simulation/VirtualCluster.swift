import Anatomy
import Files
internal import Glibc
import Shapley

/// Ranks that take the time of their tasks and run none, for the coordinator's own code to lead.
///
/// Time is virtual. What the coordinator's code takes is measured while it runs, by the processor time between its calls,
/// and put on the virtual clock; tasks and messages take what `ScanCosts` says. Results have the size of real ones.
final class VirtualCluster: Transport, TaskRunner {
  /// What a rank is at.
  private struct Rank {
    var layer: Int?
    var stimulus: Int?
    /// When it has done all it was given.
    var freeAt = 0.0
  }

  /// A worker that waits looks at its messages ever less often, up to this.
  private static let longestNap = 0.001
  /// The coordinator's, and what the system adds to a nap.
  private static let nap = 0.00026

  let size: Int
  private let plan: ScanPlan
  private let costs: ScanCosts
  /// Whether the coordinator's own time counts.
  private let chargesCoordinator: Bool
  private var ranks: [Rank]
  private var arrivals = EventQueue<(rank: Int, result: [UInt8])>()
  private var clock = 0.0
  /// The coordinator's processor time when its code was last gone on with.
  private var mark = 0.0
  /// Seconds that the coordinator's code has waited so far, for a disk.
  var waitSeconds: () -> Double = { 0 }
  private var waited = 0.0
  private(set) var messages = 0
  /// Seconds that the coordinator was neither asleep nor computing a task.
  private(set) var coordinatorSeconds = 0.0
  /// Seconds of tasks that one rank alone would need as well.
  private(set) var workSeconds = 0.0
  private var results: [ResultShape: [UInt8]] = [:]

  init(ranks: Int, plan: ScanPlan, costs: ScanCosts, chargesCoordinator: Bool) {
    self.size = ranks
    self.plan = plan
    self.costs = costs
    self.chargesCoordinator = chargesCoordinator
    self.ranks = Array(repeating: Rank(), count: ranks)
    self.mark = processorSeconds()
  }

  var now: Double { clock }

  /// Puts what the coordinator's code has taken since `leave()` on the clock.
  private func enter() {
    charge(processorSeconds() - mark + waitSeconds() - waited)
    waited = waitSeconds()
  }

  /// Back to the coordinator's code.
  private func leave() {
    mark = processorSeconds()
  }

  private func charge(_ seconds: Double) {
    guard chargesCoordinator else { return }
    clock += seconds
    coordinatorSeconds += seconds
  }

  // MARK: Messages

  func post(_ bytes: [UInt8], to rank: Int, tag: Int32) {
    enter()
    defer { leave() }
    messages += 1
    charge(costs.message.send + Double(bytes.count) * costs.message.sendByte)
    guard tag == Tag.task else { return }
    var reader = MessageReader(bytes)
    let task = ScanTask(&reader)
    let arrival = clock + costs.message.latency
    let wait = max(arrival - ranks[rank].freeAt, 0)
    let start = max(arrival, ranks[rank].freeAt) + min(wait, Self.longestNap) / 2
    let seconds = parts(of: task, on: rank).reduce(0, +)
    let end = start + seconds + costs.message.receive + costs.message.send
    ranks[rank].freeAt = end
    arrivals.add((rank, TaskAnswer.make(result(of: task, seconds: seconds), seconds: seconds)), at: end + costs.message.latency)
  }

  func receive() -> Message? {
    enter()
    defer { leave() }
    guard let time = arrivals.nextTime, time <= clock else {
      // A look that finds nothing costs about what one that finds something does.
      charge(costs.message.receive / 2)
      return nil
    }
    let (rank, bytes) = arrivals.takeNext()
    messages += 1
    charge(costs.message.receive + Double(bytes.count) * costs.message.receiveByte)
    return Message(source: rank, tag: Tag.result, bytes: bytes)
  }

  func rest() {
    enter()
    defer { leave() }
    // As many naps at once as pass until something arrives.
    let wait = (arrivals.nextTime ?? clock) - clock
    clock += max((wait / Self.nap).rounded(.up), 1) * Self.nap
  }

  // MARK: Tasks

  func run(_ task: ScanTask, pause: () throws -> Void) throws -> [UInt8] {
    enter()
    var seconds = 0.0
    for part in parts(of: task, on: 0) {
      clock += part
      seconds += part
      leave()
      try pause()
      enter()
    }
    defer { leave() }
    return result(of: task, seconds: seconds)
  }

  /// What a task takes a rank, cut where rank 0 would look at its messages.
  private func parts(of task: ScanTask, on rank: Int) -> [Double] {
    switch task {
    case .verify(let layer):
      return work([costs.layers[layer].check])
    case .observe:
      return work([costs.observation])
    case .estimate(let layer, _, _):
      return work([costs.layers[layer].estimate])
    case .acquire(let layer, let stimulus, _, let shards):
      let cost = costs.layers[layer]
      var parts: [Double] = []
      if ranks[rank].layer != layer { parts.append(cost.opening) }
      if ranks[rank].layer != layer || ranks[rank].stimulus != stimulus { parts.append(cost.prefix) }
      ranks[rank].layer = layer
      ranks[rank].stimulus = stimulus
      let rows = shards.reduce(0) { $0 + plan.rows(ofShard: $1, plan.layers[layer]).count }
      return parts + work(Array(repeating: cost.batch, count: (rows + plan.batch - 1) / plan.batch))
    case .average, .inform, .record, .connect, .trace, .lesion, .interact:
      preconditionFailure("\(task) isn't simulated")
    }
  }

  private func work(_ parts: [Double]) -> [Double] {
    workSeconds += parts.reduce(0, +)
    return parts
  }

  // MARK: Results

  /// Results of one shape are all the same bytes but for the seconds.
  private enum ResultShape: Hashable {
    case observation
    case estimate(layer: Int)
  }

  private func result(of task: ScanTask, seconds: Double) -> [UInt8] {
    var writer = MessageWriter()
    switch task {
    case .verify:
      writer.append(0.0)
    case .acquire(let layer, let stimulus, _, let shards):
      var measured = ShardValues()
      measured.seconds = seconds
      for shard in shards {
        let values = [Float](repeating: 1, count: plan.rows(ofShard: shard, plan.layers[layer]).count)
        measured.append(Checkpoint.Shard(layer: layer, stimulus: stimulus, shard: shard), values)
      }
      measured.write(to: &writer)
    case .observe:
      return cached(.observation) { writer in
        writer.append([Float](repeating: 1, count: plan.outputShape.last ?? 1))
        for layer in plan.layers { writer.append(RegionMoments(regionCount: layer.regionCount).values) }
      }
    case .estimate(let layer, _, _):
      return cached(.estimate(layer: layer)) { writer in
        let zeros = [Double](repeating: 0, count: plan.layers[layer].regionCount)
        EstimateMessage.write(
          Estimate(
            zeta: zeros, standardError: zeros, degreesOfFreedom: 1, full: 0, empty: 0, evaluations: 0,
            efficiencyResidual: 0, notes: []), to: &writer)
      }
    case .average, .inform, .record, .connect, .trace, .lesion, .interact:
      preconditionFailure("\(task) isn't simulated")
    }
    return writer.bytes
  }

  private func cached(_ shape: ResultShape, _ write: (inout MessageWriter) -> Void) -> [UInt8] {
    if let bytes = results[shape] { return bytes }
    var writer = MessageWriter()
    write(&writer)
    results[shape] = writer.bytes
    return writer.bytes
  }
}
