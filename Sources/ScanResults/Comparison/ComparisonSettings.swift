package import Distribution

/// What is compared, and how finely.
package struct ComparisonSettings: Coded, Sendable, Hashable {
  /// Shares of the regions at which answers are looked at.
  package static let shares = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32]
  /// Which of them tables show.
  package static let shownShare = 2
  /// Points of a curve, less one, where there are as many regions.
  private static let mostSteps = 32
  /// Steps of integrated gradients, by the midpoint rule.
  package static let integrationSteps = 32

  /// Numbers of the scan's layers.
  package var layers: [Int] = []
  /// Numbers of the scan's stimuli.
  package var stimuli: [Int] = []
  /// K of the reference, passes a region.
  package var referenceSamples = 32

  package init() {}

  package init(layers: [Int], stimuli: [Int], referenceSamples: Int) {
    self.layers = layers
    self.stimuli = stimuli
    self.referenceSamples = referenceSamples
  }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layers)
    try coder.code(&stimuli)
    try coder.code(&referenceSamples)
  }

  /// How many regions are lesioned at each point of a deletion curve: from none to all, evenly.
  package static func counts(regions: Int) -> [Int] {
    let steps = min(regions, mostSteps)
    return (0...steps).map { ($0 * regions + steps / 2) / steps }
  }

  /// How many of the first regions are lesioned for each of `shares`: at least one.
  package static func topCounts(regions: Int) -> [Int] {
    shares.map { max(1, Int(($0 * Double(regions)).rounded())) }
  }
}
