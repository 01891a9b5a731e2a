import Distribution
import Grids
import Lesion
import ScanPlan
import ScanResults
import Shapley

/// Takes channels out that the scan found to matter least, and asks the network about stimuli that weren't scanned, on rank 0.
struct PruningStudy {
  let request: ScanRequest
  let plan: ScanPlan
  /// By layer, by stimulus; `nil` for a series that was skipped.
  let estimates: [[Estimate?]]
  /// Of a layer, by stimulus, by region.
  let densities: (_ layer: Int) throws -> [[Double]]
  /// Of the stimuli that weren't scanned: where they stand, and their labels.
  let places: [Int]
  let labels: [Int]?
  let progress: Progress

  /// `nil` where no layer's regions are channels. Cost: for each such layer and stimulus a prefix run and some 25 evaluations.
  func run(_ runner: inout PhaseRunner<Mailbox>, on worker: Worker) throws -> PruningTrial? {
    var layers = try plan.layers.compactMap { layer -> PruningTrial.Layer? in
      let zeta = estimates[layer.number].compactMap { $0?.zeta }
      guard try layer.grid(request.measurement).isByChannel, layer.regionCount > 1, !zeta.isEmpty else { return nil }
      let removals = PruningTrial.removals(
        zeta: zeta, densities: try densities(layer.number), seed: request.measurement.seed, layer: layer.number)
      return PruningTrial.Layer(layer: layer.number, removals: removals)
    }
    guard !layers.isEmpty, !places.isEmpty else { return nil }
    let tasks = layers.flatMap { layer in
      places.indices.map { stimulus in
        AnswerTask(
          layer: layer.layer, stimulus: stimulus, source: .heldOut, lesioned: [[]] + layer.removals.map(\.regions))
      }
    }
    var phase = ListPhase(tasks, progress: progress, weight: \.lesioned.count)
    try runner.run("taking channels out", tasks.reduce(0) { $0 + $1.lesioned.count }, &phase, on: worker)
    var intactCorrect = 0
    for (number, output) in phase.outputs.enumerated() {
      let (layer, stimulus) = number.quotientAndRemainder(dividingBy: places.count)
      let answers = output.answers
      if layer == 0, answers[0].predicted == labels?[stimulus] { intactCorrect += 1 }
      for removal in layers[layer].removals.indices {
        // Without numbers there is no answer.
        guard answers[removal + 1].isFinite else { continue }
        let answer = answers[removal + 1].predicted
        if answer == answers[0].predicted { layers[layer].removals[removal].kept += 1 }
        if answer == labels?[stimulus] { layers[layer].removals[removal].correct += 1 }
      }
    }
    return PruningTrial(places: places, intactCorrect: labels == nil ? nil : intactCorrect, layers: layers)
  }
}
