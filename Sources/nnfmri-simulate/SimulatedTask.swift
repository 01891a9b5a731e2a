import Anatomy
import Distribution
import Scan
import ScanPlan
import ScanResults
import ScanStore
import Shapley

/// A task with what it takes and what its output looks like, without running it.
protocol SimulatedTask: RankTask {
  /// The series whose sessions and prefix it needs, where it does.
  var series: (layer: Int, stimulus: Int)? { get }
  /// Seconds of its parts that one rank alone would need as well.
  func work(_ plan: ScanPlan, _ costs: ScanCosts) -> [Double]
  /// An output of the size of a real one.
  func output(_ plan: ScanPlan, seconds: Double) -> Output
  /// A number that tasks with outputs of the same bytes share; `nil` where each has its own.
  var outputShape: Int? { get }
}

extension SimulatedTask {
  var series: (layer: Int, stimulus: Int)? { nil }
}

extension VerifyTask: SimulatedTask {
  func work(_ plan: ScanPlan, _ costs: ScanCosts) -> [Double] { [costs.layers[layer].check] }
  func output(_ plan: ScanPlan, seconds: Double) -> CutCheck { CutCheck() }
  var outputShape: Int? { 0 }
}

extension ObserveTask: SimulatedTask {
  func work(_ plan: ScanPlan, _ costs: ScanCosts) -> [Double] { [costs.observation] }

  func output(_ plan: ScanPlan, seconds: Double) -> Observation {
    Observation(
      scores: [Float](repeating: 1, count: plan.outputShape.last ?? 1),
      moments: plan.layers.map { RegionMoments(regionCount: $0.regionCount).values })
  }

  var outputShape: Int? { 0 }
}

extension AcquireTask: SimulatedTask {
  var series: (layer: Int, stimulus: Int)? { (layer, stimulus) }

  func work(_ plan: ScanPlan, _ costs: ScanCosts) -> [Double] {
    let rows = shards.reduce(0) { $0 + plan.rows(ofShard: $1, plan.layers[layer]).count }
    let batch = plan.layers[layer].batch
    return Array(repeating: costs.layers[layer].batch, count: (rows + batch - 1) / batch)
  }

  func output(_ plan: ScanPlan, seconds: Double) -> ShardValues {
    var measured = ShardValues()
    measured.seconds = seconds
    for shard in shards {
      let values = [Float](repeating: 1, count: plan.rows(ofShard: shard, plan.layers[layer]).count)
      measured.append(Checkpoint.Shard(layer: layer, stimulus: stimulus, shard: shard), values)
    }
    return measured
  }

  var outputShape: Int? { nil }
}

extension SeriesEstimateTask: SimulatedTask {
  func work(_ plan: ScanPlan, _ costs: ScanCosts) -> [Double] { [costs.layers[task.layer].estimate] }

  func output(_ plan: ScanPlan, seconds: Double) -> EstimateOutput {
    let zeros = [Double](repeating: 0, count: plan.layers[task.layer].regionCount)
    return EstimateOutput(
      Estimate(
        zeta: zeros, standardError: zeros, degreesOfFreedom: 1, full: 0, empty: 0, evaluations: 0,
        efficiencyResidual: 0, notes: []))
  }

  var outputShape: Int? { task.layer }
}

extension EitherTask: SimulatedTask where First: SimulatedTask, Second: SimulatedTask {
  var series: (layer: Int, stimulus: Int)? {
    switch self {
    case .first(let task): task.series
    case .second(let task): task.series
    }
  }

  func work(_ plan: ScanPlan, _ costs: ScanCosts) -> [Double] {
    switch self {
    case .first(let task): task.work(plan, costs)
    case .second(let task): task.work(plan, costs)
    }
  }

  func output(_ plan: ScanPlan, seconds: Double) -> Output {
    switch self {
    case .first(let task): .first(task.output(plan, seconds: seconds))
    case .second(let task): .second(task.output(plan, seconds: seconds))
    }
  }

  var outputShape: Int? {
    switch self {
    case .first(let task): task.outputShape.map { 2 * $0 }
    case .second(let task): task.outputShape.map { 2 * $0 + 1 }
    }
  }
}
