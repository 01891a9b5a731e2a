internal import Glibc

/// What a layer did with one stimulus, by the means of its cells.
package struct LayerReading: Sendable {
  /// The shares of cells below the quantiles that bands are made of.
  package static let quantileShares = [0, 0.25, 0.5, 0.75, 1]

  /// Each channel's mean over cells; or, where there are many channels, that of neighbouring ones. [groups]
  package let means: [Double]
  /// The standard deviation between each group's cells; empty where there is one cell. [groups]
  package let spreads: [Double]
  /// [regions]
  package let regions: [Double]
  /// Quantiles of all cells of all channels. [quantileShares]
  package let quantiles: [Double]

  /// Reads the means over cells of one stimulus. Cost: one pass over them, and a sort.
  ///
  /// - Parameter cells: in the order of memory. [cells]
  package init(_ cells: UnsafeBufferPointer<Float>, layout: CellLayout) {
    precondition(cells.count == layout.groupOfCell.count)
    var means = [Double](repeating: 0, count: layout.groupCounts.count)
    var squares = means
    var regions = [Double](repeating: 0, count: layout.regionCounts.count)
    for (place, value) in cells.enumerated() {
      let value = Double(value)
      means[layout.groupOfCell[place]] += value
      squares[layout.groupOfCell[place]] += value * value
      regions[layout.regionOfCell[place]] += value
    }
    for group in means.indices {
      means[group] /= layout.groupCounts[group]
      squares[group] = max(0, squares[group] / layout.groupCounts[group] - means[group] * means[group]).squareRoot()
    }
    for region in regions.indices { regions[region] /= layout.regionCounts[region] }
    self.means = means
    spreads = layout.hasPlaces ? squares : []
    self.regions = regions
    let sorted = cells.sorted { $0 < $1 || !$0.isNaN && $1.isNaN }
    quantiles = Self.quantileShares.map { Double(sorted[Int((Double(sorted.count - 1) * $0).rounded())]) }
  }

  /// Whether every number is finite.
  package var isFinite: Bool { (means + spreads + quantiles).allSatisfy(\.isFinite) }
}
