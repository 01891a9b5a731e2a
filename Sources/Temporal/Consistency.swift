internal import Glibc

/// How far the temporal and the spatial picture of a stream agree: a measurement that can fail.
///
/// Over the points (layer, window) that both modalities know:
/// - ρ_γζ: correlation of the logarithm of γ's power with the largest ζ, each standardised within its layer, since layers
///   differ in scale and a pooled correlation would compare layers instead of moments;
/// - Agreement: share of points with the same temporal and spatial state; Cohen's κ beside it (1960);
/// - Coherence: Matthews' correlation φ of the anomaly flags as (φ + 1)/2; φ is 0 where a modality flags none or all;
/// - score: the mean of the three;
/// - reliabilities of either picture: how far the halves of windows agree, stepped up to whole windows (Spearman 1910, Brown 1910);
/// - disattenuated ρ: ρ over the root of both reliabilities' product (Spearman 1904), which pictures without noise would have. It
///   isn't bounded by 1, and is given only where the intervals of both reliabilities lie above 0.
///
/// Intervals: percentiles of a circular block bootstrap (Politis & Romano 1992) of windows, all layers together. p: the spatial
/// picture is shifted against the temporal one around the circle of windows, by every distance at which no window overlaps
/// itself; the share of shifts that reach the value, p = (1 + b)/(1 + B), one-sided. Shifts keep what each modality
/// remembers of its past, which a shuffle would destroy and count as evidence.
package struct Consistency: Sendable, Hashable {
  /// What is aimed at.
  package static let correlationTarget = 0.7
  package static let scoreTarget = 0.8
  /// Fewer windows than this say nothing.
  package static let leastWindows = 10

  /// One of the quantities.
  package struct Measure: Sendable, Hashable {
    /// `nil` where it isn't defined.
    package var value: Double?
    /// `nil` where resampling gave no value.
    package var interval: ClosedRange<Double>?
    /// `nil` without shifts.
    package var p: Double?
    /// The mean over shifts: what pictures that have nothing to do with each other would show.
    package var chance: Double?
  }

  /// Pairs (layer, window) that both modalities know.
  package let points: Int
  package private(set) var correlation = Measure()
  package private(set) var agreement = Measure()
  package private(set) var coherence = Measure()
  package private(set) var score = Measure()
  /// Without p and chance, like the two below.
  package private(set) var rhythmReliability = Measure()
  package private(set) var placeReliability = Measure()
  package private(set) var disattenuated = Measure()
  /// Cohen's κ; `nil` where chance alone would agree always.
  package private(set) var kappa: Double?
  /// Matthews' φ.
  package private(set) var matthews: Double?
  /// The correlation with γ's share of the power instead, for comparison: a share is high in silence too.
  package private(set) var shareCorrelation: Double?
  /// The correlation over all points without standardising within layers, for comparison.
  package private(set) var pooledCorrelation: Double?
  /// B.
  package private(set) var shifts = 0
  /// Windows of a block of the bootstrap.
  package let blockLength: Int
  /// Why there is no score, a sentence; `nil` where there is.
  package private(set) var reason: String?

  /// - Parameter layers: `[layers][windows]`.
  init(layers: [[LayerTimeCourse.Window]], windows: SlidingWindows, settings: TemporalSettings) {
    // A layer without states takes no part, and takes none from the others.
    let layers = layers.filter { $0.contains { Point($0) != nil } }
    let usable = layers.isEmpty ? [] : (0..<windows.count).filter { window in layers.allSatisfy { Point($0[window]) != nil } }
    let points = layers.map { layer in usable.map { Point(layer[$0])! } }
    let distance = windows.independentDistance
    let blockLength = max(distance, Int(cbrt(Double(usable.count)).rounded(.up)))
    self.points = layers.count * usable.count
    self.blockLength = blockLength
    guard usable.count >= Self.leastWindows else {
      reason = """
        \(usable.count) windows have both a temporal and a spatial state, and a consistency needs \(Self.leastWindows).
        """
      return
    }
    let draws = Draws(points, distance: distance, blockLength: blockLength, settings: settings)
    correlation = draws.measure(\.correlation)
    agreement = draws.measure(\.agreement)
    coherence = draws.measure { ($0.matthews + 1) / 2 }
    score = draws.measure(\.score)
    rhythmReliability = draws.estimate(\.rhythmReliability)
    placeReliability = draws.estimate(\.placeReliability)
    if [rhythmReliability, placeReliability].allSatisfy({ ($0.interval?.lowerBound ?? 0) > 0 }) {
      disattenuated = draws.estimate(\.disattenuated)
    }
    kappa = draws.observed.kappa
    matthews = draws.observed.matthews
    shareCorrelation = Values.correlation(points, of: \.gammaShare)
    pooledCorrelation = Values.correlation([points.flatMap(\.self)])
    shifts = draws.shifted.count
    reason =
      draws.observed.score == nil
      ? "γ's power or the largest ζ never changes, or isn't known, so they have no correlation." : nil
  }
}
