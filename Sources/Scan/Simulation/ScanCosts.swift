import Files
internal import Glibc
import Shapley

/// What the tasks and messages of a scan take, measured on this machine.
package struct ScanCosts: Sendable {
  /// Of one layer, in seconds.
  package struct Layer: Sendable {
    /// A batch of coalitions.
    package var batch: Double
    /// What a rank does before it can measure a layer: sessions, and the first runs.
    package var opening: Double
    /// A run of the prefix.
    package var prefix: Double
    /// The check of the cut.
    package var check: Double
    /// The estimate of one series.
    package var estimate: Double
  }

  package var message: MessageCosts
  package var layers: [Layer]
  /// Seconds of one stimulus's observation.
  package var observation: Double

  /// Measures tasks by running them on one thread, in processor time, so that other programs disturb less. Cost: three
  /// shards of each layer, and what else a rank does.
  static func measureTasks(_ worker: Worker, plan: ScanPlan) throws -> (layers: [Layer], observation: Double) {
    func seconds(_ task: ScanTask) throws -> Double {
      let start = processorSeconds()
      _ = try worker.run(task) {}
      return processorSeconds() - start
    }
    let layers = try plan.layers.map { layer in
      let check = try seconds(.verify(layer: layer.number))
      func acquire(_ stimulus: Int) throws -> Double {
        try seconds(.acquire(layer: layer.number, stimulus: stimulus, target: 0, shards: 0..<1))
      }
      let first = try acquire(0)
      let again = try acquire(0)
      let other = plan.stimulusCount > 1 ? try acquire(1) : again
      let values = (0..<layer.rows).map { Float(sin(Double($0))) }
      let estimate = try seconds(.estimate(layer: layer.number, stimulus: 0, values: values))
      let batches = (plan.rows(ofShard: 0, layer).count + plan.batch - 1) / plan.batch
      return Layer(
        batch: again / Double(batches), opening: max(first - other, 0), prefix: max(other - again, 0), check: check,
        estimate: estimate)
    }
    _ = try seconds(.observe(stimulus: 0))
    return (layers, try seconds(.observe(stimulus: 0)))
  }
}
