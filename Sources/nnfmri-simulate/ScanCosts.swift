import Distribution
import Files
internal import Glibc
import Scan
import ScanPlan
import ScanResults
import Shapley

/// What the tasks and messages of a scan take, measured on this machine.
struct ScanCosts: Sendable {
  /// Of one layer, in seconds.
  struct Layer: Sendable {
    /// A batch of coalitions.
    var batch: Double
    /// What a rank does before it can measure a layer: sessions, and the first runs.
    var opening: Double
    /// A run of the prefix.
    var prefix: Double
    /// The check of the cut.
    var check: Double
    /// The estimate of one series.
    var estimate: Double
  }

  var message: MessageCosts
  var layers: [Layer]
  /// Seconds of one stimulus's observation.
  var observation: Double

  /// Measures tasks by running them on one thread, in processor time, so that other programs disturb less. Cost: three
  /// shards of each layer, and what else a rank does.
  static func measureTasks(_ worker: Worker, plan: ScanPlan) throws -> (layers: [Layer], observation: Double) {
    func seconds<Work: RankTask>(_ task: Work) throws -> Double where Work.Worker == Worker {
      let start = processorSeconds()
      _ = try task.run(on: worker) {}
      return processorSeconds() - start
    }
    let layers = try plan.layers.map { layer in
      let check = try seconds(VerifyTask(layer: layer.number))
      func acquire(_ stimulus: Int) throws -> Double {
        try seconds(AcquireTask(layer: layer.number, stimulus: stimulus, target: 0, shards: 0..<1))
      }
      let first = try acquire(0)
      let again = try acquire(0)
      let other = plan.stimulusCount > 1 ? try acquire(1) : again
      let values = (0..<layer.rows).map { Float(sin(Double($0))) }
      let estimate = try seconds(
        SeriesEstimateTask(task: EstimateTask(layer: layer.number, stimulus: 0, values: values)))
      let batches = (plan.rows(ofShard: 0, layer).count + layer.batch - 1) / layer.batch
      return Layer(
        batch: again / Double(batches), opening: max(first - other, 0), prefix: max(other - again, 0), check: check,
        estimate: estimate)
    }
    _ = try seconds(ObserveTask(stimulus: 0))
    return (layers, try seconds(ObserveTask(stimulus: 0)))
  }
}
