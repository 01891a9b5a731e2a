import Distribution
package import ScanResults

/// Estimate a series on a rank that measures: `EstimateTask` among tasks of the scan's worker.
package struct SeriesEstimateTask: RankTask {
  package var task = EstimateTask()

  package init() {}

  package init(task: EstimateTask) {
    self.task = task
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&task) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> EstimateOutput {
    try task.run(on: worker.estimation, pause: pause)
  }
}
