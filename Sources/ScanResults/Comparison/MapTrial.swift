package import Distribution

/// How one method's map of a series fared.
package struct MapTrial: Coded, Sendable, Hashable {
  /// Why there is no map; empty where there is one.
  package var refusal = ""
  /// The map; [regions].
  package var scores: [Float] = []
  /// What it cost, in passes forward alone, and in passes with a way back.
  package var passes = 0
  package var gradientPasses = 0
  /// Seconds that this rank took to make it, with sessions made and the prefix run. No file of results holds them.
  package var seconds = 0.0

  /// Pearson's correlation with the reference over the regions; NaN where a map is constant.
  package var correlation = Double.nan
  /// Spearman's.
  package var rankCorrelation = Double.nan
  /// The share of the reference's first regions that are among the method's, at `ComparisonSettings.shownShare`.
  package var topOverlap = Double.nan

  /// v with the first regions lesioned, at `ComparisonSettings.counts`.
  package var deletion: [Double] = []
  /// v with the first regions alone intact.
  package var insertion: [Double] = []
  /// The same of the probability of the class that v is of; empty where there are no classes.
  package var deletionProbability: [Double] = []
  package var insertionProbability: [Double] = []
  /// Whether the answer changes with the first regions lesioned, 0 or 1, at `ComparisonSettings.topCounts`; empty where there
  /// are no classes.
  package var flips: [Double] = []

  /// Spearman's correlation of the map with the one that shuffled weights give, and of their magnitudes; NaN where it wasn't
  /// made again.
  package var randomised = Double.nan
  package var randomisedMagnitude = Double.nan

  package init() {}

  package init(refusal: String) { self.refusal = refusal }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&refusal)
    try coder.code(&scores)
    try coder.code(&passes)
    try coder.code(&gradientPasses)
    try coder.code(&seconds)
    try coder.code(&correlation)
    try coder.code(&rankCorrelation)
    try coder.code(&topOverlap)
    try coder.code(&deletion)
    try coder.code(&insertion)
    try coder.code(&deletionProbability)
    try coder.code(&insertionProbability)
    try coder.code(&flips)
    try coder.code(&randomised)
    try coder.code(&randomisedMagnitude)
  }
}

/// How all methods fared in a series.
package struct SeriesTrial: Coded, Sendable, Hashable {
  /// v(G) and v(∅).
  package var full = 0.0
  package var empty = 0.0
  /// 1 less the share of the reference's variance between regions that is its sampling error.
  package var referenceReliability = Double.nan
  /// By method, as in `ComparisonMethod.all`.
  package var maps: [MapTrial] = []
  /// Why no weights were shuffled; empty where they were.
  package var shufflingRefusal = ""

  package init() {}

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&full)
    try coder.code(&empty)
    try coder.code(&referenceReliability)
    try coder.code(&maps)
    try coder.code(&shufflingRefusal)
  }
}
