/// In what share of the population that stimuli come from a region matters, from tests within each stimulus.
///
/// Of n stimuli k are significant at level α. A stimulus in which the region matters is taken to be found, one in which it
/// doesn't is called significant with probability α; so k is binomial with θ = α + (1 − α)γ, γ the prevalence. With γ uniform
/// beforehand, θ afterwards is Beta(1 + k, 1 + n − k) cut off below α. The estimate is the most probable γ, max(0, (k/n − α)/(1
/// − α)); the interval is the shortest that holds the wanted probability. What tests within a stimulus miss isn't added, so with
/// noisy maps it is the prevalence of what could be found.
///
/// Source: Ince, Paton, Kay & Schyns, eLife 10:e62461 (2021), doi 10.7554/eLife.62461.
package struct Prevalence: Sendable, Hashable {
  /// k: stimuli in which the region is significant.
  package let significantCount: Int
  /// n.
  package let count: Int
  /// 0 to 1.
  package let estimate: Double
  package let interval: ClosedRange<Double>

  /// - Parameters:
  ///   - significantCount: k, at most `count`.
  ///   - count: n, one or more.
  ///   - independent: how many of the stimuli count for the interval, where those of a cluster are alike: as if they were all the same;
  ///     `nil` is all.
  ///   - falsePositiveRate: α, the level of the tests within stimuli; 0 where ζ is known exactly, and chance makes nothing significant.
  ///   - confidence: the probability that the interval holds.
  package init(
    significantCount: Int, of count: Int, independent: Int? = nil, falsePositiveRate: Double, confidence: Double = 0.95
  ) {
    precondition(count > 0 && (0...count).contains(significantCount))
    precondition(falsePositiveRate >= 0 && falsePositiveRate < 1 && confidence > 0 && confidence < 1)
    self.significantCount = significantCount
    self.count = count
    func prevalence(_ share: Double) -> Double {
      min(1, max(0, (share - falsePositiveRate) / (1 - falsePositiveRate)))
    }
    estimate = prevalence(Double(significantCount) / Double(count))
    let weight = Double(independent ?? count) / Double(count)
    let posterior = BetaDistribution(1 + weight * Double(significantCount), 1 + weight * Double(count - significantCount))
    let below = posterior.cumulative(falsePositiveRate)
    func share(_ probability: Double) -> Double {
      probability == 0 ? falsePositiveRate : posterior.quantile(min(1, below + probability * (1 - below)))
    }
    func ends(_ tail: Double) -> (low: Double, high: Double) { (share(tail), share(tail + confidence)) }
    func width(_ tail: Double) -> Double {
      let (low, high) = ends(tail)
      return high - low
    }
    // The density has one peak, so the width has one trough; 24 thirds leave 10⁻⁴ of the tail.
    var (low, high) = (0.0, 1 - confidence)
    for _ in 0..<24 {
      let third = (high - low) / 3
      if width(low + third) <= width(high - third) { high -= third } else { low += third }
    }
    let best = [0, (low + high) / 2, 1 - confidence].min { width($0) < width($1) }!
    let found = ends(best)
    interval = prevalence(found.low)...max(prevalence(found.low), prevalence(found.high))
  }

  /// The prevalences that so many stimuli can show, by the number of significant ones; `[count + 1]`.
  package static func table(
    of count: Int, independent: Int? = nil, falsePositiveRate: Double, confidence: Double = 0.95
  ) -> [Prevalence] {
    (0...count).map {
      Prevalence(
        significantCount: $0, of: count, independent: independent, falsePositiveRate: falsePositiveRate, confidence: confidence)
    }
  }
}
