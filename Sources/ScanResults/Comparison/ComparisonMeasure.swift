/// A number by which maps are compared.
package enum ComparisonMeasure: String, CaseIterable, Sendable {
  /// The area under the deletion curve: the share of the layer's effect that is left, on the way from nothing lesioned to
  /// everything, the first regions first. Small is good.
  case deletion
  /// The same under the insertion curve. Large is good.
  case insertion
  /// Areas under the curves of the target's probability (Petsiuk et al., BMVC 2018).
  case deletionProbability = "deletion_probability"
  case insertionProbability = "insertion_probability"
  /// The share of stimuli whose answer changes with the first regions lesioned.
  case flips
  /// Pearson's with the reference.
  case correlation
  case rankCorrelation = "rank_correlation"
  case topOverlap = "top_overlap"
  /// Spearman's with the map of shuffled weights. Near 0 is good.
  case randomised = "randomised_rank_correlation"
  case randomisedMagnitude = "randomised_magnitude_rank_correlation"

  /// Whether it is the share of stimuli for which something holds.
  package var isShare: Bool { self == .flips }
}
