import Anatomy
import Distribution
import Scan
import ScanPlan
import ScanResults
import ScanStore
import Shapley

/// A task with what it takes and what its output looks like, without running it.
protocol SimulatedTask: RankTask {
  /// What it does, one after another.
  func steps(_ plan: ScanPlan, _ costs: ScanCosts) -> [SimulatedStep]
  /// An output of the size of a real one.
  func output(_ plan: ScanPlan, _ costs: ScanCosts, seconds: Double) -> Output
  /// Numbers that tasks with outputs of the same bytes share; `nil` where each has its own.
  var outputShape: [Int]? { get }
}

/// A part of a task that needs one layer's sessions at most.
struct SimulatedStep {
  /// The series whose sessions and prefix it needs, where it does.
  var series: (layer: Int, stimulus: Int)?
  /// Seconds of its parts that one rank alone would need as well.
  var work: [Double]
}

extension VerifyTask: SimulatedTask {
  func steps(_ plan: ScanPlan, _ costs: ScanCosts) -> [SimulatedStep] { [SimulatedStep(work: [costs.layers[layer].check])] }
  func output(_ plan: ScanPlan, _ costs: ScanCosts, seconds: Double) -> CutCheck { CutCheck() }
  var outputShape: [Int]? { [] }
}

extension ObserveTask: SimulatedTask {
  func steps(_ plan: ScanPlan, _ costs: ScanCosts) -> [SimulatedStep] { [SimulatedStep(work: [costs.observation])] }

  func output(_ plan: ScanPlan, _ costs: ScanCosts, seconds: Double) -> Observation {
    Observation(
      scores: [Float](repeating: 1, count: plan.outputShape.last ?? 1),
      moments: plan.layers.map { RegionMoments(regionCount: $0.regionCount).values })
  }

  var outputShape: [Int]? { [] }
}

extension AcquireTask: SimulatedTask {
  func steps(_ plan: ScanPlan, _ costs: ScanCosts) -> [SimulatedStep] {
    let rows = shards.reduce(0) { $0 + plan.rows(ofShard: $1, plan.layers[layer]).count }
    let batch = plan.layers[layer].batch
    let measuring = SimulatedStep(
      series: (layer, stimulus), work: Array(repeating: costs.layers[layer].batch, count: (rows + batch - 1) / batch))
    return estimates ? [measuring, SimulatedStep(work: [costs.layers[layer].estimate])] : [measuring]
  }

  func output(_ plan: ScanPlan, _ costs: ScanCosts, seconds: Double) -> AcquiredShards {
    var output = AcquiredShards()
    if estimates {
      output.estimate = EstimateOutput(.zeros(regions: plan.layers[layer].regionCount))
      output.estimateSeconds = min(costs.layers[layer].estimate, seconds)
    }
    output.measured.seconds = seconds - output.estimateSeconds
    for shard in shards {
      let values = [Float](repeating: 1, count: plan.rows(ofShard: shard, plan.layers[layer]).count)
      output.measured.append(Checkpoint.Shard(layer: layer, stimulus: stimulus, shard: shard), values)
    }
    return output
  }

  var outputShape: [Int]? { nil }
}

extension SeriesEstimateTask: SimulatedTask {
  func steps(_ plan: ScanPlan, _ costs: ScanCosts) -> [SimulatedStep] {
    [SimulatedStep(work: [costs.layers[task.layer].estimate])]
  }

  func output(_ plan: ScanPlan, _ costs: ScanCosts, seconds: Double) -> EstimateOutput {
    EstimateOutput(.zeros(regions: plan.layers[task.layer].regionCount))
  }

  var outputShape: [Int]? { [task.layer] }
}

extension Estimate {
  /// One of the size of a real one.
  fileprivate static func zeros(regions: Int) -> Estimate {
    let zeros = [Double](repeating: 0, count: regions)
    return Estimate(
      zeta: zeros, standardError: zeros, degreesOfFreedom: 1, full: 0, empty: 0, evaluations: 0, efficiencyResidual: 0, notes: [])
  }
}

extension EitherTask: SimulatedTask where First: SimulatedTask, Second: SimulatedTask {
  func steps(_ plan: ScanPlan, _ costs: ScanCosts) -> [SimulatedStep] {
    switch self {
    case .first(let task): task.steps(plan, costs)
    case .second(let task): task.steps(plan, costs)
    }
  }

  func output(_ plan: ScanPlan, _ costs: ScanCosts, seconds: Double) -> Output {
    switch self {
    case .first(let task): .first(task.output(plan, costs, seconds: seconds))
    case .second(let task): .second(task.output(plan, costs, seconds: seconds))
    }
  }

  var outputShape: [Int]? {
    switch self {
    case .first(let task): task.outputShape.map { [0] + $0 }
    case .second(let task): task.outputShape.map { [1] + $0 }
    }
  }
}

extension TaskBundle: SimulatedTask where Work: SimulatedTask {
  func steps(_ plan: ScanPlan, _ costs: ScanCosts) -> [SimulatedStep] { tasks.flatMap { $0.steps(plan, costs) } }

  /// The seconds shared out by what each task takes of them, sessions and prefixes left aside.
  func output(_ plan: ScanPlan, _ costs: ScanCosts, seconds: Double) -> Output {
    let work = tasks.map { $0.steps(plan, costs).reduce(0) { $0 + $1.work.reduce(0, +) } }
    let scale = seconds / max(work.reduce(0, +), .leastNormalMagnitude)
    var output = Output()
    for (task, own) in zip(tasks, work) {
      output.append(task.output(plan, costs, seconds: scale * own), seconds: scale * own)
    }
    return output
  }

  var outputShape: [Int]? {
    let shapes = tasks.compactMap(\.outputShape)
    return shapes.count == tasks.count ? shapes.flatMap { [$0.count] + $0 } : nil
  }
}
