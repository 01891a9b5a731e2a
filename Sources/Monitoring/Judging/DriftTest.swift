internal import Glibc
import Random

/// Whether a stream is still exchangeable with what was held out, at any time, with at most α false alarms in all.
///
/// A conformal test martingale. Each score's rank among those held out *and* all before it in the stream, ties broken at random,
/// is a p-value; while nothing changes these are independent and uniform, however few were held out. Bets against that
/// multiply a capital that starts at 1: κp^(κ−1) and κ(1−p)^(κ−1), which win where many p are small or large; the same, and a step at
/// small p, with a share w of what is bet, 1 − w + wκp^(κ−1) and 1 − w + (w/ε)[p < ε], which win where few are small and lose little
/// where none is; and ½ + p. All have mean 1. A share of what is bet moves between bets at each step, so that a bet that was
/// lost before a change can still win after it.
///
/// Bets lose while nothing changes, all of them in the end. So not all is bet at once: at each stimulus s a part π(s) of the first capital
/// is, and until then it is kept. With M_s(n) what one unit that is bet from s on has become after n stimuli, and M_s(n) = 1 while
/// n ≤ s, the capital is Σ π(s)·M_s(n). Σ π(s) = 1 and each M_s is a martingale of positive values, so the capital is one that
/// starts at 1, and by Ville's inequality reaches 1/α with a probability of at most α, over the whole stream. And whatever was
/// lost before a stimulus s, the capital is at least π(s) of what a test that begins there has won: with 1/π(s) below
/// 10·(1001 + s)·(1 + ln(1 + (s + 1)/1000))², an alarm comes later than that test's own by what it takes to win so much, which grows
/// with the logarithm of s. No test with at most α false alarms over a stream without end does better than log s. Since bets are
/// the same for all s, and capital that was bet at different times is added up, memory and time of a step don't grow.
///
/// What is strange counts among the stimuli before once it was seen. So a change that stays becomes normal, and the evidence for one that
/// strikes few stimuli is bounded by how many normal ones are known: those held out and those of the stream before it.
///
/// Scores are taken to one of 4,096 steps, which changes nothing of the above and holds memory whatever the stream's length.
/// Sources: Vovk, Gammerman & Shafer (2005), § 7; Vovk, "Testing randomness online", Stat. Sci. 36 (2021); Herbster & Warmuth, Mach. Learn.
/// 32 (1998) for the sharing; Shin, Ramdas & Rinaldo, "E-detectors", New England J. Stat. Data Sci. 2 (2024) for beginning anew at each
/// stimulus; Lai, IEEE Trans. Inf. Theory 44 (1998) for what no test can do; Waudby-Smith & Ramdas, JRSS B 86 (2024) for bets of a share. Cost: log₂ 4096 steps a stimulus.
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
  /// The part of the first capital that is bet from the start, where a change may be there already.
  private static let early = 0.9
  /// Half of the rest is bet within e − 1 times so many stimuli.
  private static let pace = 1000.0
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
  /// What lies on each bet, as a share of the capital. What is kept is no bet. [bets]
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
    shares = Self.bets.map { Self.early * $0.weight }
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

  /// The part of the first capital that has never been bet after some stimuli: 1 − Σ π(s) over those before.
  private static func kept(after count: Int) -> Double { (1 - early) / (1 + log(1 + Double(count) / pace)) }

  private mutating func bet(_ p: Double) {
    // In units of the capital, which after an alarm may be beyond all that is kept.
    let kept = Self.kept(after: count + 1) * exp(-logCapital)
    let added = Self.kept(after: count) * exp(-logCapital) - kept
    var won = 0.0
    for place in shares.indices {
      let (bet, weight) = Self.bets[place]
      let factor = bet.factor(p)
      shares[place] = (shares[place] + added * weight) * factor
      won += shares[place]
      if alarm == nil { runs[place].take(factor, at: count) }
    }
    let factor = kept + won
    logCapital += log(factor)
    for place in shares.indices {
      shares[place] = ((1 - Self.sharing) * shares[place] + Self.sharing * won * Self.bets[place].weight) / factor
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
