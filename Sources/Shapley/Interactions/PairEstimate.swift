/// Interactions of pairs of regions in one series, with first-level errors.
package struct PairEstimate: Sendable, Hashable {
  /// `[pairs]`, in units of v.
  package let interaction: [Double]
  /// `[pairs]`; 0 where the interaction is exact.
  package let standardError: [Double]
  /// Infinite where interactions are exact.
  package let degreesOfFreedom: Double

  package init(interaction: [Double], standardError: [Double], degreesOfFreedom: Double) {
    self.interaction = interaction
    self.standardError = standardError
    self.degreesOfFreedom = degreesOfFreedom
  }
}
