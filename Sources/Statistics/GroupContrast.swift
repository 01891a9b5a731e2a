import Grids
import Random

/// Two groups of stimuli against each other, region by region.
///
/// Welch's t and Benjamini-Hochberg's q within the layer; beside them family-wise p-values by the largest |t| of the layer
/// under permutations of the stimuli over the groups, which need no distribution, only that stimuli are exchangeable where the
/// groups don't differ (Nichols & Holmes 2002). Permutations keep a stimulus's regions together, so what regions share counts once.
package struct GroupContrast: Sendable, Hashable {
  /// A smaller group has hardly a variance. Two of this size can be divided in 20 ways, two of which mirror each other: p is 0.1 or more.
  package static let leastGroup = 3
  /// Pairs whose signs can be flipped so often that p gets below 0.05.
  package static let leastPairs = 6
  /// Up to this many ways are all tried, else `permutations` random ones.
  package static let mostEnumerated = 5000

  /// `[regions]`.
  package let tests: [WelchTest]
  /// `[regions]`.
  package let q: [Double]
  /// `[regions]`: by the largest |t|.
  package let familyWiseP: [Double]
  /// `[regions]`: 1 is the largest |t|, ties by region number.
  package let rank: [Int]
  /// How many divisions were tried.
  package let permutations: Int
  /// `[regions]`, like `secondMeans`.
  package let firstMeans: [Double]
  package let secondMeans: [Double]
  /// `[regions]`: Hedges' g.
  package let effectSizes: [Double]
  /// The least that a family-wise p can be with as many stimuli: that of the observed division and, where all are tried, its mirror.
  package let leastP: Double

  /// Pearson's correlation of the mean maps over the regions; `nil` where one doesn't vary.
  package var agreement: Double? {
    guard firstMeans.count > 2 else { return nil }
    let (a, b) = (SampleMoments(firstMeans), SampleMoments(secondMeans))
    guard a.variance > 0, b.variance > 0 else { return nil }
    let covariance =
      zip(firstMeans, secondMeans).reduce(0) { $0 + ($1.0 - a.mean) * ($1.1 - b.mean) } / Double(firstMeans.count - 1)
    return covariance / (a.variance * b.variance).squareRoot()
  }

  /// Why two groups can't be compared, a sentence that says how many stimuli are needed; `nil` if they can.
  ///
  /// - Parameter unit: what groups consist of, in the plural.
  package static func reasonForNone(_ first: Int, _ second: Int, of unit: String = "stimuli") -> String? {
    guard min(first, second) < leastGroup else { return nil }
    return "The groups have \(first) and \(second) \(unit), and each needs at least \(leastGroup)."
  }

  /// - Parameters:
  ///   - firstValues: `[stimuli][regions]`, like `secondValues`; `reasonForNone` must be `nil`.
  ///   - bias: `[regions]`: the squared error that stimuli share, of both groups together, which their spread doesn't tell. Family-wise
  ///     p-values are of t with it.
  ///   - isPaired: whether each of the first belongs with the same one of the second, so that differences are tested, by signs
  ///     that are flipped at random.
  ///   - permutations: B, where not all divisions are tried.
  ///   - stream: which family, for the draws.
  /// - Complexity: permutations x stimuli x regions.
  package init(
    _ firstValues: [[Double]], _ secondValues: [[Double]], bias: [Double]? = nil, isPaired: Bool = false,
    permutations: Int = 5000,
    confidence: Double = 0.95, seed: UInt64, stream: UInt64
  ) {
    precondition(Self.reasonForNone(firstValues.count, secondValues.count) == nil && permutations > 0)
    precondition(!isPaired || firstValues.count == secondValues.count)
    let regions = firstValues[0].indices
    firstMeans = regions.map { region in SampleMoments(firstValues.map { $0[region] }).mean }
    secondMeans = regions.map { region in SampleMoments(secondValues.map { $0[region] }).mean }
    let origins = regions.map { Self.origin(of: $0, firstValues, secondValues) }
    func centred(_ values: [[Double]]) -> [[Double]] {
      values.map { zip($0, origins).map { value, origin in origin.map { value - $0 } ?? 0 } }
    }
    let (first, second) = (centred(firstValues), centred(secondValues))
    effectSizes = regions.map { region in hedgesG(first.map { $0[region] }, second.map { $0[region] }) }
    let sampled = regions.map { region in
      isPaired
        ? WelchTest(pairs: zip(first, second).map { ($0[region], $1[region]) }, confidence: confidence)
        : WelchTest(first.map { $0[region] }, second.map { $0[region] }, confidence: confidence)
    }
    let tests = bias.map { bias in zip(sampled, bias).map { $0.widened(by: $1, confidence: confidence) } } ?? sampled
    self.tests = tests
    let moved = bias == nil ? first : Self.moved(first, from: sampled, to: tests)
    q = FalseDiscoveryRate.qValues(tests.map(\.p))
    rank = Ranking.ranks(tests.map { abs($0.t) })
    if isPaired {
      let differences = zip(moved, second).map { a, b in regions.map { a[$0] - b[$0] } }
      familyWiseP = SignFlips.familyWiseP(differences, flips: permutations, seed: seed, stream: stream)
      let isWhole = first.count <= SignFlips.largestEnumeration
      self.permutations = isWhole ? 1 << first.count : permutations
      leastP = SignFlips.leastP(of: first.count, flips: permutations)
      return
    }
    let all = moved + second
    let squares = all.map { $0.map { $0 * $0 } }
    // Rounding must not keep the observed division from reaching itself.
    let thresholds = tests.map { abs($0.t) * (1 - 1e-9) }
    var reached = [Int](repeating: 0, count: tests.count)
    func count(_ members: [Int]) {
      let largest = Self.largestT(all, squares, members: members)
      for region in regions where largest >= thresholds[region] { reached[region] += 1 }
    }
    if Self.divisions(first.count, second.count) <= Double(Self.mostEnumerated) {
      var divisions = 0
      Self.forEachSubset(of: all.count, size: first.count) {
        count($0)
        divisions += 1
      }
      self.permutations = divisions
      familyWiseP = reached.map { Double($0) / Double(divisions) }
      leastP = (first.count == second.count ? 2 : 1) / Double(divisions)
    } else {
      let drawSeed = CounterRandom.derivedSeed(from: seed, stream: stream)
      for permutation in 0..<permutations {
        var random = CounterRandom(
          seed: drawSeed, domain: .groups, index: UInt64(permutation))
        let coalition = random.coalition(of: all.count, size: first.count)
        count(all.indices.filter { coalition[$0] })
      }
      self.permutations = permutations
      familyWiseP = reached.map { Double(1 + $0) / Double(1 + permutations) }
      leastP = 1 / Double(1 + permutations)
    }
  }

  /// What a region's values are counted from, so that rounding of large ones makes no difference of means; `nil` where they are the
  /// same but for rounding, and nothing differs.
  private static func origin(of region: Int, _ first: [[Double]], _ second: [[Double]]) -> Double? {
    var (least, most) = (Double.infinity, -Double.infinity)
    for values in [first, second] {
      for stimulus in values { (least, most) = (min(least, stimulus[region]), max(most, stimulus[region])) }
    }
    return most - least <= 64 * max(abs(least), abs(most)).ulp ? nil : first[0][region]
  }

  /// The first group's values, each region's brought nearer to the second's until t by their spread alone is what it is with the bias; 0
  /// where there is no spread.
  private static func moved(_ values: [[Double]], from sampled: [WelchTest], to tests: [WelchTest]) -> [[Double]] {
    values.map { stimulus in
      stimulus.indices.map { region in
        let (old, new) = (sampled[region].standardError, tests[region].standardError)
        return stimulus[region] - (new > 0 ? sampled[region].effect * (1 - old / new) : 0)
      }
    }
  }

  /// (a + b over a), as a number that may be too large for an integer.
  private static func divisions(_ a: Int, _ b: Int) -> Double {
    (1...max(min(a, b), 1)).reduce(1) { $0 * Double(max(a, b) + $1) / Double($1) }
  }

  /// Calls the body with every ascending choice of `size` from 0..<count.
  private static func forEachSubset(of count: Int, size: Int, _ body: ([Int]) -> Void) {
    var chosen = Array(0..<size)
    while true {
      body(chosen)
      guard let place = chosen.indices.last(where: { chosen[$0] < count - size + $0 }) else { return }
      chosen[place] += 1
      for next in place + 1..<max(size, place + 1) { chosen[next] = chosen[next - 1] + 1 }
    }
  }

  /// The largest |t| over regions where `members` are the first group.
  private static func largestT(_ values: [[Double]], _ squares: [[Double]], members: [Int]) -> Double {
    let regions = values[0].count
    var (sum, squareSum) = ([Double](repeating: 0, count: regions), [Double](repeating: 0, count: regions))
    var (otherSum, otherSquareSum) = (sum, sum)
    var member = members[...]
    for stimulus in values.indices {
      if member.first == stimulus {
        member.removeFirst()
        for region in 0..<regions {
          sum[region] += values[stimulus][region]
          squareSum[region] += squares[stimulus][region]
        }
      } else {
        for region in 0..<regions {
          otherSum[region] += values[stimulus][region]
          otherSquareSum[region] += squares[stimulus][region]
        }
      }
    }
    let (a, b) = (Double(members.count), Double(values.count - members.count))
    return (0..<regions).reduce(0) { largest, region in
      let difference = sum[region] / a - otherSum[region] / b
      let spread = max(squareSum[region] - sum[region] * sum[region] / a, 0) / (a * (a - 1))
      let otherSpread = max(otherSquareSum[region] - otherSum[region] * otherSum[region] / b, 0) / (b * (b - 1))
      guard difference != 0 else { return largest }
      return max(largest, abs(difference) / (spread + otherSpread).squareRoot())
    }
  }
}
