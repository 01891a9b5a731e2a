import Random

/// A causal transformer of two blocks with weights set by hand, whose every head does one known thing.
///
/// Stimuli are `firstPass` distinct tokens, of which `repeats` in a row then come again. The network says what comes next: it finds where
/// the last token stood before, and answers with the one that followed it there, as in-context learning does (Olsson et al.,
/// "In-context learning and induction heads", 2022; Elhage et al., "A mathematical framework for transformer circuits", 2021).
///
/// The stream has four slots of 16 numbers: the token, its position, the token before, the answer. A block's heads read the
/// stream, and each writes to a slot:
///
/// | block | head | attends to | writes |
/// |---|---|---|---|
/// | 1 | 0 | all so far alike | half a vote for each token seen |
/// | 1 | 1 | the position before | its token into the slot of the token before |
/// | 1 | 2 | itself | half a vote against repeating the token |
/// | 1 | 3 | all so far alike | nothing |
/// | 2 | 0 | all so far alike | nothing |
/// | 2 | 1 | itself | half a vote against repeating the token |
/// | 2 | 2 | positions whose token before is the current one | four votes for the token there |
/// | 2 | 3 | all so far alike | half a vote for each token seen |
///
/// Votes add up, so v of heads that are intact follows from plain arithmetic (`value(of:block:stimulus:)`), and so does ζ.
package struct InductionPhantom: Sendable {
  package static let vocabulary = 16
  package static let length = 12
  package static let headCount = 4
  package static let blockCount = 2
  /// The distinct tokens that a stimulus begins with, and how many of them come again.
  package static let (firstPass, repeats) = (8, 4)
  package static let inputName = "tokens"
  package static let outputName = "logits"

  /// What a head looks at.
  enum Attention {
    case allAlike, itself, positionBefore, afterSameToken
  }

  /// What a head does.
  struct Head {
    let attention: Attention
    /// Votes for the token that is attended to.
    let votes: Float
    var writesTokenBefore = false
  }

  /// [blocks][heads]
  static let heads: [[Head]] = [
    [
      Head(attention: .allAlike, votes: 0.5), Head(attention: .positionBefore, votes: 0, writesTokenBefore: true),
      Head(attention: .itself, votes: -0.5), Head(attention: .allAlike, votes: 0),
    ],
    [
      Head(attention: .allAlike, votes: 0), Head(attention: .itself, votes: -0.5),
      Head(attention: .afterSameToken, votes: 4), Head(attention: .allAlike, votes: 0.5),
    ],
  ]
  /// The score of what a head looks for; that of all else is 0.
  static let score = 10.0

  package let seed: UInt64
  /// Whether the repetition begins at the same token in all stimuli.
  package let isFixed: Bool

  package init(seed: UInt64, isFixed: Bool) {
    (self.seed, self.isFixed) = (seed, isFixed)
  }

  /// The tensor that holds what a block's heads make, [N, heads, positions, 16].
  package static func headsTensor(block: Int) -> String { "block\(block + 1)/heads" }

  /// Where a stimulus's repetition begins.
  package func start(stimulus: Int) -> Int {
    guard !isFixed else { return 2 }
    var random = CounterRandom(seed: seed, domain: .inductionPhantom, index: UInt64(stimulus) << 1 | 1)
    return random.next(below: Self.firstPass - Self.repeats)
  }

  /// [length]
  package func tokens(stimulus: Int) -> [Int] {
    var random = CounterRandom(seed: seed, domain: .inductionPhantom, index: UInt64(stimulus) << 1)
    var all = Array(0..<Self.vocabulary)
    random.shuffle(&all)
    let first = Array(all.prefix(Self.firstPass))
    let start = start(stimulus: stimulus)
    return first + first[start..<start + Self.repeats]
  }

  /// Where the answer stands: behind the first occurrence of the last token.
  package func answerPosition(stimulus: Int) -> Int { start(stimulus: stimulus) + Self.repeats }

  /// The token that comes next.
  package func answer(stimulus: Int) -> Int { tokens(stimulus: stimulus)[answerPosition(stimulus: stimulus)] }

  // MARK: Truth

  /// v of some of a block's heads, the other block's being intact: the answer's votes at the last position.
  ///
  /// - Parameter intact: [heads]
  package func value(of intact: [Bool], block: Int, stimulus: Int) -> Double {
    let tokens = tokens(stimulus: stimulus)
    let answer = answer(stimulus: stimulus)
    let last = Self.length - 1
    func isIntact(_ itsBlock: Int, _ head: Int) -> Bool { itsBlock != block || intact[head] }
    // The token before each position, as the first block writes it: [positions][tokens].
    let before = (0..<Self.length).map { position -> [Double] in
      var slot = [Double](repeating: 0, count: Self.vocabulary)
      guard isIntact(0, 1) else { return slot }
      for (source, share) in Self.softmax((0...position).map { $0 == position - 1 ? Self.score : 0 }).enumerated() {
        slot[tokens[source]] += share
      }
      return slot
    }
    var votes = 0.0
    for (itsBlock, heads) in Self.heads.enumerated() {
      for (number, head) in heads.enumerated() where isIntact(itsBlock, number) {
        let scores = (0...last).map { source -> Double in
          switch head.attention {
          case .allAlike: 0
          case .itself: source == last ? Self.score : 0
          case .positionBefore: source == last - 1 ? Self.score : 0
          case .afterSameToken: Self.score * before[source][tokens[last]]
          }
        }
        for (source, share) in Self.softmax(scores).enumerated() where tokens[source] == answer {
          votes += Double(head.votes) * share
        }
      }
    }
    return votes
  }

  /// The exact ζ of a block's heads, by all coalitions of them. [heads]
  package func zeta(block: Int, stimulus: Int) -> [Double] {
    let count = Self.headCount
    let values = (0..<1 << count).map { coalition in
      value(of: (0..<count).map { coalition >> $0 & 1 == 1 }, block: block, stimulus: stimulus)
    }
    func factorial(_ n: Int) -> Double { (0..<n).reduce(1) { $0 * Double($1 + 1) } }
    return (0..<count).map { head in
      (0..<1 << count).filter { $0 >> head & 1 == 0 }.reduce(0.0) { sum, coalition in
        let size = coalition.nonzeroBitCount
        let weight = factorial(size) * factorial(count - size - 1) / factorial(count)
        return sum + weight * (values[coalition | 1 << head] - values[coalition])
      }
    }
  }

  private static func softmax(_ scores: [Double]) -> [Double] {
    let powers = scores.map(exponential)
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
