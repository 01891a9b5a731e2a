/// How a region's derivative is integrated over its presence, from 0 to 1: by its means at both ends, which most passes tell, and at
/// inner nodes, at which passes hold a few regions.
///
/// A pair of passes holds a region at a node and at 1 − node, so two nodes cost no more than one. Source of the rules: Abramowitz and
/// Stegun, "Handbook of mathematical functions" (1964), 25.4.5 and 25.4.32.
struct PresenceRule: Sendable, Hashable {
  /// The passes from which on the two nodes' smaller bias is worth their larger noise, (⅚)² over (⅔)².
  static let leastLobattoPasses = 192

  /// ⅙, ⅔ and ⅙ at 0, ½ and 1: exact for cubics.
  static let simpson = PresenceRule(node: 0.5, innerWeight: 2.0 / 3, left: 1)
  /// The Gauss–Lobatto rule of four nodes: 1/12, 5/12, 5/12 and 1/12 at 0, ½ − 1/√20, ½ + 1/√20 and 1; exact up to the fifth power.
  static let lobatto = PresenceRule(node: 0.5 - 1 / 20.0.squareRoot(), innerWeight: 5.0 / 6, left: 0.455)

  /// The lesser inner node.
  let node: Double
  /// What the inner nodes weigh together; the ends weigh the rest.
  let innerWeight: Double
  /// The mean squared error for a derivative that is a step anywhere in 0...1, as behind a rectifier, over that of Simpson's rule.
  let left: Double

  private init(node: Double, innerWeight: Double, left: Double) {
    (self.node, self.innerWeight, self.left) = (node, innerWeight, left)
  }

  /// The rule of a design that was planned for so many passes.
  init(passes: Int) { self = passes < Self.leastLobattoPasses ? .simpson : .lobatto }
}
