import Distribution
internal import Glibc
import Scan
import ScanPlan
import ScanStore
import Shapley

/// A scan's phases of many tasks on many ranks, in virtual time: the coordinator, its phases and the checkpoint are the
/// real ones, ranks and messages are simulated.
struct ScaleSimulation {
  /// What a run came to.
  struct Outcome: Sendable {
    let ranks: Int
    let stimuli: Int
    /// Virtual seconds from the first task to the last result.
    let seconds: Double
    /// Work that one rank alone would need as well, as a share of what all ranks could have done.
    let efficiency: Double
    /// The share of the time that the coordinator was busy with coordinating.
    let coordinatorLoad: Double
    /// Messages, in both directions.
    let messages: Int
    /// Runs of prefixes by series.
    let prefixRuns: Double
    /// What they took of the ranks' time, and what those of them took that some rank had made before.
    let prefixShare: (all: Double, repeated: Double)
  }

  private let request: ScanRequest
  private let plan: ScanPlan
  let costs: ScanCosts

  /// Measures a scan's tasks. Cost: the plan and some shards of each layer.
  ///
  init(_ request: ScanRequest) throws {
    self.request = request
    let inputs = try Scan.Inputs(request)
    plan = try inputs.planner(request).makePlan()
    let worker = try Worker(
      request: request, plan: plan, model: inputs.model, stimuli: inputs.stimuli(of: plan), stream: inputs.stream?.stimuli,
      runtime: inputs.runtime)
    let (layers, observation) = try ScanCosts.measureTasks(worker, plan: plan)
    costs = ScanCosts(message: .free, layers: layers, observation: observation)
  }

  var layers: [ScanPlan.Layer] { plan.layers }

  /// Seconds of one stimulus's work on one rank.
  var secondsPerStimulus: Double {
    zip(plan.layers, costs.layers).reduce(costs.observation) { sum, layer in
      sum + Double((layer.0.rows + layer.0.batch - 1) / layer.0.batch) * layer.1.batch + layer.1.estimate
    }
  }

  /// Simulates a scan.
  ///
  /// - Parameters:
  ///   - message: what messages cost; `nil` for a coordinator that takes no time, and messages that take none.
  ///   - folder: where the checkpoint is written.
  func run(
    ranks: Int, stimuli: Int, message: MessageCosts?, in folder: String
  ) throws -> Outcome {
    var plan = plan
    plan.stimulusCount = stimuli
    var costs = costs
    costs.message = message ?? .free
    let cluster = VirtualCluster(ranks: ranks, plan: plan, costs: costs, chargesCoordinator: message != nil)
    var coordinator = Coordinator(
      wire: cluster, stop: StopRequest(folders: [folder]))
    let progress = Progress { _ in }

    cluster.expect(VerifyTask.self)
    var verification = ListPhase(plan.layers.map { VerifyTask(layer: $0.number) }, progress: progress)
    try coordinator.run(&verification, tick: progress.tick, execute: cluster.run)
    cluster.expect(ObservationPhase.Work.self)
    var observation = try ObservationPhase(plan: plan, ranks: ranks, folder: folder, progress: progress)
    try coordinator.run(&observation, tick: progress.tick, execute: cluster.run)
    let path = "\(folder)/simulated.bin"
    let identity = ScanIdentity(
      origin: ScanOrigin(options: [:], modelDigest: "", dataDigest: "", program: "", onnxRuntime: ""), plan: plan,
      instructionSets: [])
    defer { unlink(path) }
    let checkpoint = try Checkpoint(
      path: path, identity: identity, shards: [:],
      interval: 60, clock: { cluster.now })
    let begun = checkpoint.syncSeconds
    // The two hold each other, and an open file keeps its place on the disk after it is removed.
    defer { cluster.waitSeconds = { 0 } }
    cluster.waitSeconds = { checkpoint.syncSeconds - begun }
    cluster.expect(AcquisitionPhase.Work.self)
    var acquisition = AcquisitionPhase(
      plan: plan, request: request, targets: Array(repeating: 0, count: stimuli), store: nil, checkpoint: checkpoint,
      restored: [:], ranks: ranks, progress: progress)
    try coordinator.run(&acquisition, tick: progress.tick, execute: cluster.run)
    try checkpoint.flush()
    return Outcome(
      ranks: ranks, stimuli: stimuli, seconds: cluster.now,
      efficiency: cluster.workSeconds / (Double(ranks) * cluster.now),
      coordinatorLoad: cluster.coordinatorSeconds / cluster.now, messages: cluster.messages,
      prefixRuns: Double(cluster.prefixes.runs) / Double(plan.layers.count * stimuli),
      prefixShare: (
        all: cluster.prefixes.seconds / (Double(ranks) * cluster.now),
        repeated: cluster.prefixes.repeatedSeconds / (Double(ranks) * cluster.now)
      ))
  }
}
