import Grids
import Statistics

extension GradientDesign {
  /// The least number of pairs of passes that has a variance worth the name.
  private static let leastInteractingPairs = 4

  /// How many regions' pairs the passes tell of; 0 where they are too few.
  package var mostInteractingRegions: Int {
    pairCount < Self.leastInteractingPairs ? 0 : min(playerCount, RegionPairs.mostRegions)
  }

  /// The interactions of pairs of regions: how much more a region's derivative is with the other intact than with it lesioned.
  ///
  /// Let u of the n − 2 other regions be intact, at random, and w(u) = 6(u + 1)(n − 1 − u)/((n − 1)n(n + 1)), the beta-binomial
  /// distribution of parameters 2 and 2. The mean over u of ∂²v/∂m_i∂m_j is then Σ 6/(t(t + 1))·a_T over the dividends a_T of
  /// sets of t regions that hold both: the faithful Shapley interaction. With every region intact at random it is the Banzhaf
  /// interaction. The difference along m_j is that of presence and absence, at equal u; the one along m_i is the trapezoid of
  /// derivatives, so what curvature adds to ζ it adds here too. Both orders are averaged. Pairs of passes in which one of the
  /// two is a midpoint are left out; where they are measured one midpoint at a time, each pair of passes tells of all sizes, or of all
  /// but those of G and ∅, by itself.
  ///
  /// Cost: rows x pairs.
  /// - Parameters:
  ///   - derivatives: `[rowCount x regions]`, row by row.
  ///   - pairs: of at most `mostInteractingRegions` regions.
  /// - Returns: means over pairs of passes, with the standard errors of such means.
  package func interactions(derivatives: [Float], pairs: RegionPairs) -> PairEstimate {
    precondition(derivatives.count == rowCount * playerCount && pairs.regions.count <= mostInteractingRegions)
    let masks = masks(in: 0..<rowCount)
    let centre = pairs.regions.map { region in
      (2..<rowCount).reduce(0) { $0 + Double(derivatives[$1 * playerCount + region]) } / Double(rowCount - 2)
    }
    func sample(_ pair: Int, row start: Int, weight: (_ first: Bool, _ second: Bool) -> Double) -> Double {
      let (first, second) = pairs.regions(of: pair)
      let (a, b) = (masks[start + first] == 1, masks[start + second] == 1)
      let x = Double(derivatives[start + first]) - centre[pairs.places[pair].first]
      let y = Double(derivatives[start + second]) - centre[pairs.places[pair].second]
      return weight(a, b) * ((b ? x : -x) + (a ? y : -y)) / 2
    }
    let ends = (0..<pairs.count).map { pair in
      [0, playerCount].reduce(0) { sum, start in sum + sample(pair, row: start) { _, _ in endWeightOfPairs } }
    }
    let meanFreePairs = meanFreePairs
    var samples = [[Double]](repeating: [], count: pairs.count)
    for row in stride(from: 2, to: rowCount, by: 2) {
      let start = row * playerCount
      let halves = midpointCount(pair: row / 2 - 1)
      let intact = (start..<start + playerCount).count { masks[$0] == 1 }
      let lesioned = playerCount - halves - intact
      for pair in 0..<pairs.count {
        let (first, second) = pairs.regions(of: pair)
        guard Self.isWhole(masks[start + first]), Self.isWhole(masks[start + second]) else { continue }
        let one = sample(pair, row: start) {
          weight($0, $1, intact: intact, lesioned: lesioned, meanFreePairs: meanFreePairs)
        }
        let other = sample(pair, row: start + playerCount) {
          weight($0, $1, intact: lesioned, lesioned: intact, meanFreePairs: meanFreePairs)
        }
        samples[pair].append((one + other) / 2 + (isSeparated && halves == 1 ? 0 : ends[pair]))
      }
    }
    let moments = samples.map { SampleMoments($0) }
    return PairEstimate(
      interaction: moments.map(\.mean),
      standardError: zip(moments, samples).map { $1.count > 1 ? $0.standardError : .infinity },
      degreesOfFreedom: Double(max(1, (samples.map(\.count).min() ?? 0) - 1)))
  }

  private static func isWhole(_ mask: Float) -> Bool { mask == 0 || mask == 1 }

  /// What G and ∅ weigh, at which both regions are intact, or lesioned, with all others: hardly a pair of passes has their sizes.
  private var endWeightOfPairs: Double {
    index == .banzhaf ? 0 : 3 / Double(playerCount * (playerCount + 1))
  }

  /// The mean over pairs of passes of r(r − 1), r the regions that are no midpoints.
  private var meanFreePairs: Double {
    (0..<pairCount).reduce(0) { sum, pair in
      let free = Double(playerCount - midpointCount(pair: pair))
      return sum + free * (free - 1)
    } / Double(pairCount)
  }

  /// w(u) over twice the probability that two regions are as they are, with so many intact and lesioned regions in the row, among the
  /// pairs of passes in which neither is a midpoint. A midpoint counts as half of an intact one.
  private func weight(_ first: Bool, _ second: Bool, intact: Int, lesioned: Int, meanFreePairs: Double) -> Double {
    if index == .banzhaf { return 2 }
    let (size, rest) = (Double(intact), Double(lesioned))
    let combinations =
      switch (first, second) {
      case (true, true): size * (size - 1)
      case (false, false): rest * (rest - 1)
      case (true, false), (false, true): size * rest
      }
    let halves = playerCount - intact - lesioned
    let presence = size - (first ? 1 : 0) - (second ? 1 : 0)
    if isSeparated && halves == 1 {
      // A game of the others, in which all sizes are equally likely.
      let count = size + rest
      let wanted = 6 * (presence + 1) * (count - 1 - presence) / ((count - 1) * count * (count + 1))
      return wanted / (2 * combinations / (count * (count - 1)) / (count + 1))
    }
    let (count, others) = (Double(playerCount), presence + Double(halves) / 2)
    let wanted = 6 * (others + 1) * (count - 1 - others) / ((count - 1) * count * (count + 1))
    let inclusion = isSeparated ? size + rest > 1 ? (size + rest) * (size + rest - 1) : 1 : meanFreePairs
    return wanted / (2 * combinations / inclusion / (count - 1))
  }
}
