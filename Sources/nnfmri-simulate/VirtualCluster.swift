import Anatomy
import Distribution
import Files
internal import Glibc
import Scan
import ScanPlan
import ScanResults
import ScanStore
import Shapley

/// Ranks that take the time of their tasks and run none, for the coordinator's own code to lead.
///
/// Time is virtual. What the coordinator's code takes is measured while it runs, by the processor time between its calls,
/// and put on the virtual clock; tasks and messages take what `ScanCosts` says. Outputs have the size of real ones.
final class VirtualCluster: Transport {
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
  private var arrivals = EventQueue<(rank: Int, answer: [UInt8])>()
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
  /// Runs of prefixes, their seconds, and those of them that some rank had made before.
  private(set) var prefixes = (runs: 0, seconds: 0.0, repeatedSeconds: 0.0)
  /// Series whose prefix has been run, by layer and stimulus.
  private var prefixed: Set<[Int]> = []
  /// How the phase's tasks are read and answered.
  private var answer: (_ task: [UInt8], _ rank: Int) throws -> (seconds: Double, output: [UInt8]) = { _, _ in
    preconditionFailure("a task outside of a phase")
  }

  init(ranks: Int, plan: ScanPlan, costs: ScanCosts, chargesCoordinator: Bool) {
    self.size = ranks
    self.plan = plan
    self.costs = costs
    self.chargesCoordinator = chargesCoordinator
    self.ranks = Array(repeating: Rank(), count: ranks)
    self.mark = processorSeconds()
  }

  var now: Double { clock }

  /// From now on ranks are given tasks of one kind.
  func expect<Work: SimulatedTask>(_: Work.Type) {
    var known: [[Int]: [UInt8]] = [:]
    answer = { [unowned self] message, rank in
      let task = try Work(posted: message)
      let seconds = parts(of: task, on: rank).reduce(0, +)
      // Outputs of one shape are all the same bytes; those with values differ.
      guard let shape = task.outputShape else {
        return (seconds, task.output(plan, costs, seconds: seconds).message)
      }
      let output = known[shape] ?? task.output(plan, costs, seconds: seconds).message
      known[shape] = output
      return (seconds, output)
    }
  }

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

  func post(_ bytes: [UInt8], to rank: Int, kind: MessageKind) throws {
    enter()
    defer { leave() }
    messages += 1
    charge(costs.message.send + Double(bytes.count) * costs.message.sendByte)
    guard kind == .task else { return }
    let (seconds, output) = try answer(bytes, rank)
    let arrival = clock + costs.message.latency
    let wait = max(arrival - ranks[rank].freeAt, 0)
    let start = max(arrival, ranks[rank].freeAt) + min(wait, Self.longestNap) / 2
    let end = start + seconds + costs.message.receive + costs.message.send
    ranks[rank].freeAt = end
    arrivals.add((rank, TaskAnswer(output, seconds: seconds).message), at: end + costs.message.latency)
  }

  func receive(_ kind: MessageKind?) -> Message? {
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
    return Message(source: rank, kind: .output, bytes: bytes)
  }

  func rest() {
    enter()
    defer { leave() }
    // As many naps at once as pass until something arrives.
    let wait = (arrivals.nextTime ?? clock) - clock
    clock += max((wait / Self.nap).rounded(.up), 1) * Self.nap
  }

  func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
  func finish() {}

  // MARK: Tasks

  /// A task of rank 0.
  func run<Work: SimulatedTask>(_ task: Work, pause: () throws -> Void) throws -> Work.Output {
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
    return task.output(plan, costs, seconds: seconds)
  }

  /// What a task takes a rank, cut where rank 0 would look at its messages.
  private func parts(of task: some SimulatedTask, on rank: Int) -> [Double] {
    var parts: [Double] = []
    for step in task.steps(plan, costs) {
      if let (layer, stimulus) = step.series {
        if ranks[rank].layer != layer { parts.append(costs.layers[layer].opening) }
        if ranks[rank].layer != layer || ranks[rank].stimulus != stimulus {
          let seconds = costs.layers[layer].prefix
          parts.append(seconds)
          prefixes.runs += 1
          prefixes.seconds += seconds
          if !prefixed.insert([layer, stimulus]).inserted { prefixes.repeatedSeconds += seconds }
        }
        ranks[rank].layer = layer
        ranks[rank].stimulus = stimulus
      }
      workSeconds += step.work.reduce(0, +)
      parts += step.work
    }
    return parts
  }
}
