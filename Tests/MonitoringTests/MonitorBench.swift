import Arrays
import Files
import Foundation
import Grids
import ModelGraph
import Monitoring
import Stimuli
import TestSupport

/// A small network whose reference has been learnt from files.
struct MonitorBench {
  let folder = TemporaryFolder()
  let files: SmallNetwork.Files
  let reference: MonitorReference

  init(_ network: SmallNetwork = .residual, stimuli: Int = 160, grid: GridSize = GridSize(height: 3, width: 3, channels: 2))
    throws
  {
    // Held while tests run, since runtimes that come and go at once fail.
    _ = try TestRuntime.make()
    files = try network.write(to: folder, stimuli: stimuli)
    var request = LearningRequest(model: files.model, data: files.data)
    request.grid = grid
    let learner = try MonitorLearner(request)
    reference = try learner.reference([try learner.observe(rank: 0, of: 1) { _, _ in }], program: "test")
  }

  /// More stimuli of the network's own kind; those that follow the ones that were learnt from.
  func stimuli(of network: SmallNetwork = .residual, after learnt: Int = 160, count: Int) throws -> StimulusSet {
    try network.stimuli(learnt + count).select(Array(learnt..<learnt + count))
  }
}
