/// How long the work should take that a rank is given at a time.
///
/// Long turns cost few messages, short ones let ranks end together. With S seconds of work left and c seconds of rank 0 for a turn, turns
/// of d seconds keep rank 0 busy for c·S/d, and let ranks wait for the last one for up to d at the end: the sum is least at d = √(c·S).
package struct TurnLength: Sendable {
  /// Numbers that the tasks of a turn give back, unless a single task gives more: messages stay below some 32 MB.
  package static let mostNumbers = 1 << 22

  /// Seconds that rank 0 spends on a turn: its messages, and what they hold.
  private static let cost = 1e-4
  /// The share of its time that rank 0 spends on turns at most, while there is much left.
  private static let mostBusy = 0.1
  /// As long as this costs nothing on few ranks, and longer turns would only lose more where a rank is killed.
  private static let least = 1.0
  /// A turn is at most a rank's share of what is left, divided by this.
  private static let turnsLeft = 4.0

  private let ranks: Double
  private let limit: Double

  /// - Parameter limit: seconds of a turn at most.
  package init(ranks: Int, limit: Double = .infinity) {
    self.ranks = Double(ranks)
    self.limit = min(limit, max(Self.least, Self.cost * self.ranks / Self.mostBusy))
  }

  /// Seconds of the next turn.
  ///
  /// - Parameter left: seconds of work that nobody has been given.
  package func seconds(left: Double) -> Double {
    let left = max(left, 0)
    return min(limit, max(left / (Self.turnsLeft * ranks), (Self.cost * left).squareRoot()))
  }
}
