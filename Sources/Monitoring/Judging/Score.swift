/// What a stimulus is held against the reference by.
package enum Score: String, Sendable, CaseIterable {
  /// How far layers' means and spreads are off, by their Mahalanobis distances, the largest counting the most.
  case mahalanobis
  /// How far the nearest remembered stimuli are.
  case neighbours
  /// How far the smallest and largest cells and the means of layers are outside of what is usual.
  case bands
  /// How unsure the answer is, by its energy; only where scores are those of classes.
  case energy
  /// Σ ζ·z² over the regions that answers depend on; only with a scan. Contrast and blur make it smaller, noise larger.
  case critical
  /// All but `critical` in one.
  case combined

  /// Whether what is strange may be below what is usual as well as above.
  var isTwoSided: Bool { self == .critical }
}
