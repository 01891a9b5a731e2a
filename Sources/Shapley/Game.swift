package import Grids

/// A cooperative game: the value of every coalition of its players.
package protocol Game {
  var playerCount: Int { get }

  /// The values of the coalitions, in their order.
  ///
  /// - Parameter coalitions: `[coalitions]`, each with `playerCount` players.
  /// - Returns: `[coalitions]`, in the game's own unit.
  func values(of coalitions: [Coalition]) throws -> [Double]
}
