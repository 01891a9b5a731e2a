package import Distribution
internal import FoundationEssentials
import ScanPlan
import Shapley

/// What is to be estimated, told to all ranks before the first task.
package struct EstimationNotice: RankNotice {
  private var plan: [UInt8] = []
  private var measurement: [UInt8] = []
  private var estimators: [String] = []

  package init() {}

  package init(_ estimation: Estimation) throws {
    plan = try estimation.plan.encoded()
    measurement = Array(try JSONEncoder().encode(estimation.measurement))
    estimators = estimation.estimators.flatMap { [$0.name.rawValue, $0.reason] }
  }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&plan)
    try coder.code(&measurement)
    try coder.code(&estimators)
  }

  package func apply(to worker: EstimationWorker) throws {
    var choices: [EstimatorChoice] = []
    for place in stride(from: 0, to: estimators.count - 1, by: 2) {
      guard let name = EstimatorName(rawValue: estimators[place]) else { throw MessageError() }
      choices.append(EstimatorChoice(name, reason: estimators[place + 1]))
    }
    worker.estimation = Estimation(
      plan: try ScanPlan(encoded: plan),
      measurement: try JSONDecoder().decode(MeasurementOptions.self, from: Data(measurement)), estimators: choices)
  }
}

/// A rank that only estimates.
package final class EstimationWorker {
  package fileprivate(set) var estimation: Estimation!

  package init() {}

  /// The tasks and notices that it understands.
  package static var registry: TaskRegistry<EstimationWorker> {
    var registry = TaskRegistry<EstimationWorker>()
    registry.addEstimation { $0.estimation }
    registry.add(EstimationNotice.self)
    return registry
  }
}
