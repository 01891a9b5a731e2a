import Distribution
import Lesion
import ScanPlan
import ScanResults
import Shapley

/// Asks the network what it answers with the regions lesioned that the scan ranked, and with everything lesioned, on rank 0.
struct LesionTrialStudy {
  let request: ScanRequest
  let plan: ScanPlan
  /// By stimulus.
  let targets: [Int]
  /// By layer, by stimulus; `nil` for a series that was skipped.
  let estimates: [[Estimate?]]
  let progress: Progress

  /// The other way in which everything is lesioned; `nil` where there are too few stimuli for means.
  private var otherLesion: LesionKind? {
    let other = request.measurement.lesion.other
    return other.reasonForSeveralStimuli != nil && plan.stimulusCount < 2 ? nil : other
  }

  /// Whether means have to be known first.
  var needsMeans: Bool { otherLesion?.rest != nil }

  /// Cost: for each layer and stimulus two prefix runs and some ten evaluations.
  func run(_ runner: inout PhaseRunner<Mailbox>, on worker: Worker) throws -> LesionTrials {
    let tasks = plan.layers.flatMap(tasks)
    var phase = ListPhase(tasks, progress: progress, weight: \.lesioned.count)
    try runner.run("looking at answers", tasks.reduce(0) { $0 + $1.lesioned.count }, &phase, on: worker)
    var layers = plan.layers.map { layer in
      LesionTrials.Layer(
        trials: LesionTrials.trials(regions: layer.regionCount), answers: estimates[layer.number].map { _ in [] }, otherEmpty: [])
    }
    for (task, output) in zip(tasks, phase.outputs) {
      if task.source == .otherLesion {
        layers[task.layer].otherEmpty += output.answers
      } else {
        layers[task.layer].answers[task.stimulus] = output.answers
      }
    }
    return LesionTrials(
      lesion: request.measurement.lesion.rawValue, otherLesion: otherLesion?.rawValue, layers: layers)
  }

  /// A layer's own lesions, stimulus by stimulus, and then the other one's.
  private func tasks(_ layer: ScanPlan.Layer) -> [AnswerTask] {
    let estimates = estimates[layer.number]
    let known = estimates.compactMap { $0?.zeta }
    let mean = (0..<layer.regionCount).map { region in
      known.reduce(0) { $0 + $1[region] } / Double(max(1, known.count))
    }
    let trials = LesionTrials.trials(regions: layer.regionCount)
    let all = Array(0..<layer.regionCount)
    let own = estimates.indices.compactMap { stimulus -> AnswerTask? in
      guard let zeta = estimates[stimulus]?.zeta else { return nil }
      return AnswerTask(
        layer: layer.number, stimulus: stimulus, target: targets[stimulus],
        lesioned: LesionTrials.lesioned(
          trials, zeta: zeta, mean: mean, all: all, seed: request.measurement.seed, layer: layer.number, stimulus: stimulus))
    }
    guard otherLesion != nil else { return own }
    return own
      + own.map { task in
        AnswerTask(
          layer: layer.number, stimulus: task.stimulus, target: task.target, source: .otherLesion, lesioned: [all])
      }
  }
}
