internal import Synchronization

/// The size-modulated regression of balanced pairs, made once: all series of a layer have the same pairs but for the numbers
/// of the regions. What is left to do for a series takes P·n multiply-adds instead of 4Pn².
enum SharedRegression {
  /// More pairs times regions than this would take more than 16 MB.
  private static let largestKept = 1 << 22
  private static let recentCount = 2

  private struct Key: Hashable {
    let players: Int
    let budget: Int
    let rowCount: Int
    let seed: UInt64
    let lesionsAreDrawn: Bool
  }

  private static let recent = Mutex<[(key: Key, regression: OddRegression)]>([])

  /// The regression on a design's pairs in their shared numbers: made, or remembered. Waits while another thread makes one.
  static func of(_ design: Design, lesionsAreDrawn: Bool) throws(ShapleyError) -> OddRegression {
    func make() throws(ShapleyError) -> OddRegression {
      try SizeModulatedFit.regression(
        on: PairTable(design: design, numbering: .shared, lesionsAreDrawn: lesionsAreDrawn))
    }
    guard design.isBalanced, design.groupCount * design.playerCount <= largestKept else { return try make() }
    let key = Key(
      players: design.playerCount, budget: design.budget, rowCount: design.rowCount, seed: design.seed,
      lesionsAreDrawn: lesionsAreDrawn)
    return try recent.withLock { recent throws(ShapleyError) in
      if let place = recent.firstIndex(where: { $0.key == key }) { return recent[place].regression }
      let regression = try make().keepingBlocks()
      recent = [(key, regression)] + recent.prefix(recentCount - 1)
      return regression
    }
  }
}
