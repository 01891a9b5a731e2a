/// What a layer's series say together about every region: the second level, or the first where there is one series.
package struct RegionEffects: Sendable {
  /// Where the errors come from.
  package enum Level: String, Sendable {
    /// From the design of the only series.
    case first
    /// From the spread across stimuli, which carries the sampling noise along.
    case second
  }

  package var level: Level
  /// How many series took part.
  package var seriesCount: Int
  /// Degrees of freedom of the errors.
  package var degreesOfFreedom: Double
  /// Mean of v(G) − v(∅) over the series, and its standard error (0 for one series).
  package var effect: Double
  package var effectStandardError: Double
  /// All [regions].
  package var zeta: [Double]
  package var standardError: [Double]
  package var interval: [ClosedRange<Double>]
  package var pValue: [Double]
  package var qValue: [Double]
  /// Family-wise p-values by sign flips; `nil` if none were asked for or there is one series.
  package var familyWisePValue: [Double]?
  package var isSignificant: [Bool]
  package var isCritical: [Bool]
  /// From 1.
  package var rank: [Int]
  package var rankInterval: [ClosedRange<Int>]
  /// Why there is no `zeta_score`; `nil` where there is one.
  package var scoreReason: String?

  /// ζ or an end of its interval in percent of the layer's whole effect; `nil` where that isn't clearly different
  /// from 0.
  package func score(_ zeta: Double) -> Double? {
    scoreReason == nil ? 100 * zeta / effect : nil
  }
}
