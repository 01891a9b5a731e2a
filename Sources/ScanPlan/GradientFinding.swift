package import Shapley

/// What was found out about gradients in a layer before it was measured.
package struct GradientFinding: Codable, Sendable, Hashable {
  /// Why the layer is measured by gradients, or why it isn't, in a sentence.
  package var reason: String
  /// Probes measured; 0 where there could be none.
  package var probes: Int
  /// The share of the squared exact differences that the trapezoid leaves, and what Simpson's rule does; `nil` without probes, and where
  /// no lesion of these made a difference.
  package var trapezoidShare: Double?
  package var simpsonShare: Double?
  /// The mean squared bias of T over its mean square, from probes: what errors count where passes are too few to tell.
  package var curvature: Double
  /// The share of a squared bias that Simpson's rule leaves, from probes; `nil` without, and in scans of older programs.
  package var remainder: Double?
  /// The mean square of what Simpson's rule leaves of a probe's difference, in units of v²; `nil` likewise.
  package var noise: Double?
  /// `[regions]`: the sampling variance of T times passes, in units of v², from a pilot; `nil` without.
  package var samplingPerPass: [Double]?
  /// Whether gradient passes run on the processor, since the scan's provider computes other derivatives or doesn't take their graph;
  /// `nil` without a provider, and where there could be no probes.
  package var leavesProvider: Bool?
  /// Whether gradients were asked for and probes speak against them; `nil` where not.
  package var isDoubtful: Bool?

  package init(
    reason: String, probes: Int = 0, trapezoidShare: Double? = nil, simpsonShare: Double? = nil, curvature: Double = 0
  ) {
    self.reason = reason
    self.probes = probes
    self.trapezoidShare = trapezoidShare.flatMap { $0.isFinite ? $0 : nil }
    self.simpsonShare = simpsonShare.flatMap { $0.isFinite ? $0 : nil }
    self.curvature = curvature
  }
}

extension ScanPlan.Layer {
  /// What the errors of a series count beside its own passes.
  package var gradientPrior: GradientPrior {
    GradientPrior(
      curvature: gradients?.curvature ?? 0, remainder: gradients?.remainder ?? GradientDesign.simpsonRemainder,
      noise: gradients?.noise ?? 0, samplingPerPass: gradients?.samplingPerPass ?? [])
  }

  /// What a gradient pass is taken to cost, in plain passes of the same suffix; measured, 2.0 to 2.5.
  package static let gradientCost = 2.5
  /// Gradient passes in one run: they hold more memory than plain ones.
  package static let gradientBatch = 8
  /// The same of probes and pilots: where there are many stimuli, each has a pair of probes or two, of 6 or 12 rows.
  package static let trialBatch = 6
  /// Numbers of a shard at most, from here on.
  static let longestShard = 1 << 20

  /// Gradient passes of a stimulus that a scan takes unless more are asked for: those whose derivatives fit 2^29 numbers, 2 GB.
  package func mostStoredPasses(stimuli: Int) -> Int {
    max(GradientDesign.minimumPassCount(players: regionCount), (1 << 29) / ((1 + regionCount) * max(stimuli, 1)) / 2 * 2)
  }

  /// Says so where the next step of passes would store too much; `nil` where it wouldn't.
  package func storageNote(passes: Int, stimuli: Int) -> String? {
    guard let next = GradientPilot.passSteps.first(where: { $0 > passes }), next > mostStoredPasses(stimuli: stimuli) else {
      return nil
    }
    return "More passes would store more than 2 GB of derivatives of this layer; --samples asks for them."
  }

  /// Numbers that a row is measured as: v, and where the row is a gradient pass the derivative by every region, else the
  /// scores that are kept.
  package var width: Int { design == .gradients ? 1 + regionCount : 1 + (scoreCount ?? 0) }

  /// Numbers of a series.
  package var numberCount: Int { rows * width }

  /// The layer, measured by a number of gradient passes.
  package func measuredByGradients(passes: Int, _ finding: GradientFinding) -> ScanPlan.Layer {
    var layer = self
    layer.design = .gradients
    layer.budget = passes
    layer.designRows = passes
    layer.rows = passes
    layer.gradients = finding
    return layer
  }
}
