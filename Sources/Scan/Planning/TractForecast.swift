import Files
import Networks
import ScanPlan
import ScanResults

/// What tracing connections and lesions of pathways would take on this machine.
package struct TractForecast: Sendable {
  /// Stimuli that would be traced.
  package let stimuli: Int
  /// Of opening what traces each link.
  package let secondsOnce: Double
  package let secondsPerStimulus: Double

  /// Cost: what opens each link, one stimulus traced, and two batches of pathways.
  init(_ plan: ScanPlan, _ request: ScanRequest, targets: [Int], on worker: Worker) throws {
    stimuli = try plan.tracedStimuli(request.measurement)
    var (once, each) = (0.0, 0.0)
    defer { worker.endTracts() }
    guard stimuli > 0 else {
      (secondsOnce, secondsPerStimulus) = (0, 0)
      return
    }
    let classes = TractStudy.classes(request, of: worker.scoredClasses, targets: targets.prefix(stimuli))
    var links: [Tracts.Link] = []
    for layer in plan.layers {
      let start = monotonicSeconds()
      let reason = try ConnectTask(link: layer.number, classes: classes).run(on: worker) {}
      links.append(
        Tracts.Link(source: layer.number, sourceCount: 0, targetCount: 0, reason: reason.isEmpty ? nil : reason))
      let opened = monotonicSeconds()
      once += opened - start
      guard reason.isEmpty else { continue }
      // The first finds out what can be traced together.
      let task = TraceTask(link: layer.number, stimulus: 0, classes: classes)
      _ = try task.run(on: worker) {}
      let found = monotonicSeconds()
      _ = try task.run(on: worker) {}
      let traced = monotonicSeconds() - found
      once += max(0, found - opened - traced)
      each += traced
    }
    worker.endTracts()
    if let run = TractStudy.longestRun(links) {
      let layers = Array(run.lowerBound...min(run.upperBound, plan.layers.count - 1))
      let rows = layers.map { _ in PathwayLesion.intact }
      let task = PathwayTask(
        layers: layers, stimulus: 0, target: targets[0], first: 0,
        pathways: (0..<plan.pathwayBatch).flatMap { _ in rows })
      _ = try task.run(on: worker) {}
      let start = monotonicSeconds()
      _ = try task.run(on: worker) {}
      let batches = (try plan.mostLesionedPathways(request.measurement) + plan.pathwayBatch - 1) / plan.pathwayBatch
      each += Double(batches) * (monotonicSeconds() - start)
    }
    (secondsOnce, secondsPerStimulus) = (once, each)
  }

  /// Wall time on a number of equal ranks.
  package func seconds(ranks: Int) -> Double {
    secondsOnce / Double(ranks) + secondsPerStimulus * Double(stimuli) / Double(ranks)
  }
}
