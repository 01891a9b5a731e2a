package import Distribution
package import Shapley

extension StoredScan {
  /// ζ of every series as the scan estimated it, by layer and stimulus; `nil` for those that were skipped.
  ///
  /// Cost: that of the estimates, spread over the ranks of the runner, whose workers must know the scan's plan.
  /// - Throws: `FileError` where values can't be read, or what stopped the phase.
  package func estimates<Wire: Transport>(_ runner: inout PhaseRunner<Wire>) throws -> [[Estimate?]] {
    var pipeline = ResultPipeline(
      runner: runner, estimation: try measurements.estimation(), values: values(layer:stimulus:))
    let estimates = try pipeline.estimates()
    runner = pipeline.runner
    return estimates
  }
}
