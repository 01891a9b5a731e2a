/// What a stimulus is held against the reference by.
package enum Score: String, Sendable, CaseIterable {
  /// The largest of the layers' Mahalanobis distances, of channels' means and spreads.
  case mahalanobis
  /// How far the nearest remembered stimuli are.
  case neighbours
  /// How far the layers' quantiles are outside of what is usual.
  case bands
  /// Σ ζ·z² over the regions that answers depend on; only with a scan.
  case critical
  /// The largest of the first three.
  case combined
}
