package import Grids
import Lesion
import Random
package import Shapley

/// One series: the game of a layer and a stimulus, with its design and its donors.
///
/// Under `resample`, v(S) is the mean over the series' donors, and every group of the design meets one of them. v(∅)
/// is part of every estimate, so it is measured for each donor: the rows after the design's are ∅ once more for each
/// donor but the first.
package struct SeriesGame: Sendable {
  private let plan: ScanPlan
  package let measurement: MeasurementOptions
  package let layer: ScanPlan.Layer
  private let stimulus: Int
  private let memory: DesignMemory
  /// The stimuli that replacements come from; empty where they come from none. Pairs are numbered after the scan's stimuli.
  package let donors: [Int]

  /// - Parameter memory: one for all series of a scan.
  package init(
    plan: ScanPlan, measurement: MeasurementOptions, layer: Int, stimulus: Int, memory: DesignMemory = DesignMemory()
  ) {
    self.memory = memory
    self.plan = plan
    self.measurement = measurement
    self.layer = plan.layers[layer]
    self.stimulus = stimulus
    donors =
      switch measurement.lesion.source {
      case .nothing, .resting, .noise: []
      case .donors: Self.drawn(plan, measurement, layer: layer, stimulus: stimulus)
      case .partner: [plan.stimulusCount + stimulus]
      case .peers:
        plan.stimulusClasses.map { classes in classes.indices.filter { classes[$0] == classes[stimulus] } } ?? []
      }
  }

  private static func drawn(_ plan: ScanPlan, _ measurement: MeasurementOptions, layer: Int, stimulus: Int) -> [Int] {
    guard plan.donorCount > 0 else { return [] }
    var others = Array(0..<plan.stimulusCount)
    others.remove(at: stimulus)
    var random = CounterRandom(seed: measurement.seed, domain: .donors, index: stream(layer, stimulus))
    random.shuffle(&others)
    return Array(others.prefix(plan.donorCount))
  }

  /// Designs of different series are independent draws.
  private static func stream(_ layer: Int, _ stimulus: Int) -> UInt64 {
    UInt64(layer) << 32 | UInt64(stimulus)
  }

  /// The coalitions of a layer that is measured by values.
  ///
  /// - Throws: `ShapleyError` where the budget is too small for the regions, which plans don't allow.
  package func design() throws(ShapleyError) -> Design {
    try Design(
      layer.design, players: layer.regionCount, budget: layer.budget, index: measurement.index,
      donors: plan.drawnDonors, seed: measurement.seed, stream: Self.stream(layer.number, stimulus), memory: memory)
  }

  /// The gradient passes of a layer that is measured by them.
  ///
  /// - Throws: `ShapleyError` where the passes are too few for the regions, which plans don't allow.
  package func gradientDesign() throws(ShapleyError) -> GradientDesign {
    try GradientDesign(
      players: layer.regionCount, positions: layer.positions, passes: layer.budget, index: measurement.index,
      seed: measurement.seed, stream: Self.stream(layer.number, stimulus))
  }

  /// The coalitions of some rows, and for `resample` the donor of each.
  ///
  /// - Throws: as `design()`.
  package func rows(_ range: Range<Int>) throws(ShapleyError) -> (coalitions: [Coalition], donors: [Int]) {
    let design = try design()
    let designed = range.clamped(to: 0..<layer.designRows)
    let anchors = range.clamped(to: layer.designRows..<layer.rows)
    let coalitions =
      design.coalitions(in: designed) + anchors.map { _ in Coalition(emptyOf: layer.regionCount) }
    guard measurement.lesion.isDrawn, !donors.isEmpty else { return (coalitions, []) }
    return (
      coalitions,
      design.donors(in: designed) + anchors.map { $0 - layer.designRows + 1 }
    )
  }

  /// The design as far as it was measured: a layer ends where an estimate can be made, as `ScanPlan.analyses` sees to.
  ///
  /// - Throws: as `design()`.
  package func design(stoppedAt rows: Int) throws(ShapleyError) -> Design {
    try design().truncated(toRows: rows)!
  }
}
