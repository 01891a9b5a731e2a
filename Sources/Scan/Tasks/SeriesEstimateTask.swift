import Distribution
import ScanResults

/// Estimate a series on a rank that measures: `EstimateTask` among tasks of the scan's worker.
struct SeriesEstimateTask: RankTask {
  var task = EstimateTask()

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&task) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> EstimateOutput {
    try task.run(on: worker.estimation, pause: pause)
  }
}
