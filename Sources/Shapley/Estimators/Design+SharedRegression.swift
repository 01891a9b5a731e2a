extension Design {
  /// More pairs times regions than this would take more than 16 MB.
  private static let largestKept = 1 << 22

  /// The size-modulated regression on the design's pairs in their shared numbers, made once for all series of a layer, which
  /// have the same pairs but for the numbers of the regions. What is left to do for a series takes P·n multiply-adds instead
  /// of 4Pn².
  func sharedRegression() throws(ShapleyError) -> OddRegression {
    func make() throws(ShapleyError) -> OddRegression {
      try SizeModulatedFit.regression(on: PairTable(design: self, numbering: .shared))
    }
    guard isBalanced, groupCount * playerCount <= Self.largestKept else { return try make() }
    let key = DesignMemory.RegressionKey(
      players: playerCount, budget: budget, rowCount: rowCount, seed: seed, donorCount: donorCount)
    return try memory.regression(key) { () throws(ShapleyError) in try make().keepingBlocks() }
  }
}
