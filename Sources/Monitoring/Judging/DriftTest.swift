internal import Glibc
import Random

/// Whether a stream is still exchangeable with what was held out, at any time, with at most α false alarms in all.
///
/// A conformal test martingale. Each score's rank among those held out *and* all before it in the stream, ties broken at random,
/// is a p-value; while nothing changes these are independent and uniform, however few were held out. Bets against that
/// multiply a capital that starts at 1: κp^(κ−1) and κ(1−p)^(κ−1), which win where many p are small or large; the same, and a step at
/// small p, with a share w of what is bet, 1 − w + wκp^(κ−1) and 1 − w + (w/ε)[p < ε], which win where few are small and lose little
/// where none is; and ½ + p. All have mean 1, so that the capital is a martingale, and by Ville's inequality reaches 1/α with a
/// probability of at most α, over the whole stream. A share of the capital moves between bets at each step, so that a bet that was
/// lost before a change can still win after it.
///
/// What is strange counts among the stimuli before once it was seen. So a change that stays becomes normal, and the evidence for one that
/// strikes few stimuli is bounded by how many normal ones are known: those held out and those of the stream before it.
///
/// Scores are taken to one of 4,096 steps, which changes nothing of the above and holds memory whatever the stream's length.
/// Sources: Vovk, Gammerman & Shafer (2005), § 7; Vovk, "Testing randomness online", Stat. Sci. 36 (2021); Herbster & Warmuth, Mach. Learn.
/// 32 (1998) for the sharing; Waudby-Smith & Ramdas, JRSS B 86 (2024) for bets of a share. Cost: log₂ 4096 steps a stimulus.
package struct DriftTest: Sendable {
  private enum Bet {
    case power(Double)
    case opposite(Double)
    case large
    /// A share of `power`.
    case hedged(share: Double, Double)
    /// A share on p below a width.
    case step(share: Double, width: Double)

    func factor(_ p: Double) -> Double {
      switch self {
      case .power(let kappa): kappa * pow(p, kappa - 1)
      case .opposite(let kappa): kappa * pow(1 - p, kappa - 1)
      case .large: 0.5 + p
      case .hedged(let share, let kappa): 1 - share + share * kappa * pow(p, kappa - 1)
      case .step(let share, let width): p < width ? 1 - share + share / width : 1 - share
      }
    }
  }

  /// What a bet that is never mixed with others has won since its lowest point.
  private struct Run {
    /// ln of the gain since `start`.
    var gain = 0.0
    var start = 0

    mutating func take(_ factor: Double, at stimulus: Int) {
      if gain <= 0 { (gain, start) = (0, stimulus) }
      gain += log(factor)
    }
  }

  /// Bets, and how capital is spread over them, at the start and by the sharing: most on those that lose little. Sums to 1.
  private static let bets: [(bet: Bet, weight: Double)] = [
    (.hedged(share: 0.06, 0.4), 4.0 / 14), (.step(share: 0.04, width: 0.02), 4.0 / 14), (.power(0.3), 2.0 / 14),
    (.power(0.6), 2.0 / 14), (.opposite(0.6), 1.0 / 14), (.large, 1.0 / 14),
  ]
  /// The share of the capital that is spread anew over all bets at each stimulus.
  private static let sharing = 0.001
  private static let steps = 4096

  /// α.
  package let falseAlarms: Double
  /// Stimuli seen.
  package private(set) var count = 0
  /// ln of the capital.
  package private(set) var logCapital = 0.0
  /// The stimulus at which the capital first reached 1/α, from 0; `nil` while there is no alarm.
  package private(set) var alarm: Int?
  /// An estimate of the first stimulus after the change: where the bet that has won the most since its lowest point had that point.
  ///
  /// Page, Biometrika 41 (1954): a bet loses on average before the change and wins after it.
  package var changePoint: Int {
    let best = runs.indices.max { runs[$0].gain < runs[$1].gain } ?? 0
    return runs[best].start
  }
  private var runs = [Run](repeating: Run(), count: DriftTest.bets.count)
  /// Shares of the capital. [bets]
  private var shares: [Double]
  /// How many scores so far lie in each step and below: a Fenwick tree. [steps + 1]
  private var tree = [Int](repeating: 0, count: DriftTest.steps + 1)
  private var total = 0
  private let range: ClosedRange<Double>
  private let seed: UInt64

  /// - Parameters:
  ///   - calibration: scores that were held out, at least two of them finite.
  ///   - falseAlarms: α, between 0 and 1.
  ///   - seed: what ties are broken by.
  package init(_ calibration: Calibration, falseAlarms: Double, seed: UInt64) {
    precondition(falseAlarms > 0 && falseAlarms < 1)
    self.falseAlarms = falseAlarms
    self.seed = seed
    shares = Self.bets.map(\.weight)
    let finite = calibration.scores.filter(\.isFinite)
    let (low, high) = (finite.first ?? 0, finite.last ?? 1)
    let width = max(high - low, 1e-9)
    // Half of the steps for what is usual, half for what lies above.
    range = low - 0.25 * width...high + 1.25 * width
    for score in calibration.scores { insert(step(of: score)) }
  }

  /// Takes in the next stimulus's score. - Returns: its p-value among all before it.
  @discardableResult
  package mutating func take(_ score: Double) -> Double {
    let step = step(of: score)
    let above = total - upTo(step)
    let equal = upTo(step) - (step > 0 ? upTo(step - 1) : 0)
    var random = CounterRandom(seed: seed, domain: .tieBreaking, index: UInt64(count))
    // In (0, 1], so that no bet is on nothing.
    let tie = 1 - random.nextUnit()
    let p = min((Double(above) + tie * Double(equal + 1)) / Double(total + 1), 1 - 1e-12)
    insert(step)
    bet(p)
    count += 1
    return p
  }

  private mutating func bet(_ p: Double) {
    var factor = 0.0
    for place in shares.indices {
      let won = Self.bets[place].bet.factor(p)
      shares[place] *= won
      factor += shares[place]
      if alarm == nil { runs[place].take(won, at: count) }
    }
    logCapital += log(factor)
    for place in shares.indices {
      shares[place] = (1 - Self.sharing) * shares[place] / factor + Self.sharing * Self.bets[place].weight
    }
    if alarm == nil, logCapital >= -log(falseAlarms) { alarm = count }
  }

  private func step(of score: Double) -> Int {
    guard score < range.upperBound else { return Self.steps - 1 }
    guard score > range.lowerBound else { return 0 }
    return min(Int((score - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(Self.steps)), Self.steps - 1)
  }

  private mutating func insert(_ step: Int) {
    total += 1
    var place = step + 1
    while place <= Self.steps {
      tree[place] += 1
      place += place & -place
    }
  }

  /// How many scores lie in the step or below.
  private func upTo(_ step: Int) -> Int {
    var (sum, place) = (0, step + 1)
    while place > 0 {
      sum += tree[place]
      place -= place & -place
    }
    return sum
  }
}
