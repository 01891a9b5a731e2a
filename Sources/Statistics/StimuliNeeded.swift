/// How many stimuli a layer's random-effects answer would need, from what the measured ones show: power from a pilot.
package enum StimuliNeeded {
  /// The probability with which the region is found.
  package static let power = 0.8
  /// Beyond this many, the answer is that nothing is there to be found.
  package static let most = 100_000

  /// The fewest stimuli by which a region of the layer is expected to be significant at the given false discovery rate, with ζ > 0 and
  /// one standard deviation above the layer's mean ζ, with probability 0.8; `nil` where the regions' means differ no more than
  /// chance makes them.
  ///
  /// The largest of many noisy means is too large, so means are shrunk towards their common mean by the share of their spread
  /// that isn't noise, and are then taken as the truth: the number is of the size to expect, and no promise.
  ///
  /// - Parameters:
  ///   - means: `[regions]`, of the measured stimuli.
  ///   - variances: `[regions]`, of ζ across them.
  ///   - count: of the measured stimuli, two or more.
  ///   - falseDiscoveryRate: the bound on q.
  package static func estimate(
    means: [Double], variances: [Double], count: Int, falseDiscoveryRate: Double
  ) -> Int? {
    precondition(count > 1 && means.count == variances.count && !means.isEmpty)
    let regions = Double(means.count)
    let centre = means.reduce(0, +) / regions
    let spread = means.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / regions
    let noise = variances.reduce(0, +) / regions / Double(count)
    guard spread > noise else { return nil }
    let kept = (spread - noise) / spread
    let shrunk = means.map { centre + kept * ($0 - centre) }
    let bound = centre + kept * spread.squareRoot()
    let candidates = shrunk.indices.filter { shrunk[$0] > 0 && shrunk[$0] >= bound }
    let lost = StandardNormal.quantile(power)
    func finds(_ stimuli: Int) -> Bool {
      let p = shrunk.indices.map { region -> Double in
        let error = (variances[region] / Double(stimuli)).squareRoot()
        let t = error > 0 ? abs(shrunk[region]) / error : shrunk[region] == 0 ? 0 : .infinity
        return StudentT.twoSidedP(max(0, t - lost), degreesOfFreedom: Double(stimuli - 1))
      }
      let q = FalseDiscoveryRate.qValues(p)
      return candidates.contains { q[$0] < falseDiscoveryRate }
    }
    guard finds(most) else { return nil }
    var (low, high) = (1, most)
    while high - low > 1 {
      let middle = (low + high) / 2
      if finds(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
