import Grids
import Shapley

extension ScanPlan {
  /// Stimuli that are traced at most: wiring differs little from one to the next.
  package static let mostTracedStimuli = 64
  /// Random pathways that each profile of region sizes is compared with.
  package static let randomPathways = 199

  /// How many stimuli's connections are traced, the first ones of the scan: as many as asked for, or by default as make
  /// tracing and lesions of pathways no dearer than the measurement. 0 where one stimulus would be.
  ///
  /// Operations are counted, not seconds, so that it is the same on all machines and numbers of ranks. A link costs a run up
  /// to its target, and one of the part between for each source region; lesions of pathways are runs of the whole network.
  ///
  /// - Throws: what laying a grid over a layer throws.
  package func tracedStimuli(_ options: MeasurementOptions) throws -> Int {
    let most = min(stimulusCount, Self.mostTracedStimuli)
    guard options.boundsTracts else { return most }
    let measured = layers.reduce(0.0) { $0 + Double($1.rows) * $1.costOfPass } * Double(stimulusCount)
    let traced = try tractCost(options)
    guard traced > 0, measured > 0 else { return most }
    return min(most, Int(measured / traced))
  }

  /// Operations of tracing and lesioning pathways of one stimulus.
  private func tractCost(_ options: MeasurementOptions) throws -> Double {
    let whole = layers.map { $0.suffixCostShare > 0 ? $0.evaluationCost / $0.suffixCostShare : $0.evaluationCost }.max() ?? 0
    var cost = 0.0
    for (number, layer) in layers.enumerated() {
      let behind = number + 1 < layers.count ? layers[number + 1].evaluationCost : 0
      cost += max(whole - behind, 0) + Double(layer.regionCount) * max(layer.evaluationCost - behind, 0)
    }
    return cost + Double(try mostLesionedPathways(options)) * whole
  }

  /// Pathways of a stimulus that are lesioned at most: the strongest, random ones for each profile of region sizes that they
  /// may have, and none.
  package func mostLesionedPathways(_ options: MeasurementOptions) throws -> Int {
    var profiles = 1
    for layer in layers { profiles = min(profiles * Set(try layer.grid(options).unitCounts).count, options.pathwayCount) }
    return 1 + options.pathwayCount + Self.randomPathways * profiles
  }

  /// The plan with a note on stimuli whose connections aren't traced by default.
  package func notingTracts(_ options: MeasurementOptions) throws -> ScanPlan {
    guard options.tracesConnections, options.boundsTracts else { return self }
    let (traced, most) = (try tracedStimuli(options), min(stimulusCount, Self.mostTracedStimuli))
    guard traced < most else { return self }
    var plan = self
    plan.notes.append(
      traced == 0
        ? "Connections aren't traced: for one stimulus that would take more operations than the measurement; --tracts traces them."
        : "Connections are traced for the first \(traced) of \(stimulusCount) stimuli, so that they take no more operations than the measurement; --tracts traces \(most)."
    )
    return plan
  }
}

extension ScanPlan.Layer {
  /// Operations of a row.
  fileprivate var costOfPass: Double { design == .gradients ? Self.gradientCost * evaluationCost : evaluationCost }
}
