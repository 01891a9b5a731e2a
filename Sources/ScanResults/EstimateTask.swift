package import Distribution
package import ScanPlan
package import Shapley

/// What a rank needs to estimate series: the plan, and what was asked.
package final class Estimation {
  package var plan: ScanPlan
  package let measurement: MeasurementOptions
  /// By layer.
  package var estimators: [EstimatorChoice]
  private let memory = DesignMemory()

  package init(plan: ScanPlan, measurement: MeasurementOptions, estimators: [EstimatorChoice]) {
    self.plan = plan
    self.measurement = measurement
    self.estimators = estimators
  }

  /// The first-level estimate of a series.
  ///
  /// - Parameter values: those that were measured of the layer's design, and then its anchors.
  package func estimate(layer: Int, stimulus: Int, values: [Float]) throws(ShapleyError) -> Estimate {
    try series(layer, stimulus).estimate(values, by: estimators[layer].name)
  }

  package func series(_ layer: Int, _ stimulus: Int) -> SeriesGame {
    SeriesGame(plan: plan, measurement: measurement, layer: layer, stimulus: stimulus, memory: memory)
  }
}

/// Estimate ζ of a series from its values.
package struct EstimateTask: RankTask, Hashable {
  package var layer = 0
  package var stimulus = 0
  /// Those that were measured of the layer's design, and then its anchors.
  package var values: [Float] = []

  package init() {}

  package init(layer: Int, stimulus: Int, values: [Float]) {
    self.layer = layer
    self.stimulus = stimulus
    self.values = values
  }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&stimulus)
    try coder.code(&values)
  }

  package func run(on estimation: Estimation, pause: () throws -> Void) throws -> EstimateOutput {
    EstimateOutput(try estimation.estimate(layer: layer, stimulus: stimulus, values: values))
  }
}

/// An estimate on its way.
package struct EstimateOutput: Coded {
  package var estimate: Estimate

  package init() {
    self.init(
      Estimate(
        zeta: [], standardError: [], degreesOfFreedom: 1, full: 0, empty: 0, evaluations: 0, efficiencyResidual: 0,
        notes: []))
  }

  package init(_ estimate: Estimate) { self.estimate = estimate }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    var (zeta, standardError, notes) = (estimate.zeta, estimate.standardError, estimate.notes)
    var (freedom, full, empty) = (estimate.degreesOfFreedom, estimate.full, estimate.empty)
    var (evaluations, residual) = (estimate.evaluations, estimate.efficiencyResidual)
    try coder.code(&zeta)
    try coder.code(&standardError)
    try coder.code(&freedom)
    try coder.code(&full)
    try coder.code(&empty)
    try coder.code(&evaluations)
    try coder.code(&residual)
    try coder.code(&notes)
    var gradient = [estimate.gradient].compactMap { $0.map(GradientPartsOutput.init) }
    try coder.code(&gradient)
    guard coder.isReading else { return }
    estimate = Estimate(
      zeta: zeta, standardError: standardError, degreesOfFreedom: freedom, full: full, empty: empty,
      evaluations: evaluations, efficiencyResidual: residual, notes: notes)
    estimate.gradient = gradient.first?.parts
  }
}

/// What curvature did, on its way.
private struct GradientPartsOutput: Coded {
  var parts = GradientParts(
    trapezoid: [], trapezoidVariance: [], correction: [], correctionPairs: [], shrinkage: 0, curvature: 0,
    correctionVariance: 0, midpointShare: 0, unexplained: [])

  init() {}
  init(_ parts: GradientParts) { self.parts = parts }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    var (trapezoid, variance) = (parts.trapezoid, parts.trapezoidVariance)
    var (correction, pairs) = (parts.correction, parts.correctionPairs)
    var (shrinkage, curvature) = (parts.shrinkage, parts.curvature)
    var (correctionVariance, share, unexplained) = (parts.correctionVariance, parts.midpointShare, parts.unexplained)
    try coder.code(&trapezoid)
    try coder.code(&variance)
    try coder.code(&correction)
    try coder.code(&pairs)
    try coder.code(&shrinkage)
    try coder.code(&curvature)
    try coder.code(&correctionVariance)
    try coder.code(&share)
    try coder.code(&unexplained)
    guard coder.isReading else { return }
    parts = GradientParts(
      trapezoid: trapezoid, trapezoidVariance: variance, correction: correction, correctionPairs: pairs,
      shrinkage: shrinkage, curvature: curvature, correctionVariance: correctionVariance, midpointShare: share,
      unexplained: unexplained)
  }
}

/// Estimate how pairs of regions interact in a series, from its values.
package struct InteractTask: RankTask, Hashable {
  package var layer = 0
  package var stimulus = 0
  package var regions: [Int] = []
  package var values: [Float] = []

  package init() {}

  package init(layer: Int, stimulus: Int, regions: [Int], values: [Float]) {
    self.layer = layer
    self.stimulus = stimulus
    self.regions = regions
    self.values = values
  }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&stimulus)
    try coder.code(&regions)
    try coder.code(&values)
  }

  package func run(on estimation: Estimation, pause: () throws -> Void) throws -> PairEstimateOutput {
    PairEstimateOutput(try estimation.series(layer, stimulus).interactions(values, RegionPairs(of: regions)))
  }
}

/// Estimates of interactions on their way.
package struct PairEstimateOutput: Coded {
  /// `nil` where the series' coalitions don't tell the pairs apart.
  package var estimate: PairEstimate?

  package init() {}

  package init(_ estimate: PairEstimate?) { self.estimate = estimate }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    var (interaction, standardError) = (estimate?.interaction ?? [], estimate?.standardError ?? [])
    var freedom = estimate?.degreesOfFreedom ?? 1
    try coder.code(&interaction)
    try coder.code(&standardError)
    try coder.code(&freedom)
    guard coder.isReading else { return }
    estimate =
      interaction.isEmpty
      ? nil
      : PairEstimate(interaction: interaction, standardError: standardError, degreesOfFreedom: freedom)
  }
}
