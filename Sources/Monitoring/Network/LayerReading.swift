package import Distribution

/// What a layer did with one stimulus, by the means of its cells.
package struct LayerReading: Sendable {
  /// Each channel's mean over cells; or, where there are many channels, that of neighbouring ones; then, where there is more than one
  /// cell, the standard deviations between each group's cells. [groups] or [2 x groups]
  package private(set) var moments: [Double] = []
  /// The smallest cell, the mean over all groups, and the largest cell.
  package private(set) var bounds: [Double] = []

  package init() {}

  /// Reads the means over cells of one stimulus. Cost: two passes over them.
  ///
  /// - Parameter cells: in the order of memory. [cells]
  package init(_ cells: UnsafeBufferPointer<Float>, layout: CellLayout) {
    precondition(cells.count == layout.cellCount)
    var sums = layout.runs.isEmpty ? GroupSums(scattered: cells, layout: layout) : GroupSums(runs: cells, layout: layout)
    let groups = sums.means.count
    let mean = sums.means.reduce(0, +) / Double(groups)
    // What isn't finite is told by the means: smallest and largest pass over NaN.
    bounds = mean.isFinite ? [Double(sums.low), mean, Double(sums.high)] : [.nan, .nan, .nan]
    if layout.hasPlaces { sums.means += sums.spreads }
    moments = sums.means
  }

  /// Whether every number is finite.
  package var isFinite: Bool { bounds[1].isFinite }
}

extension LayerReading: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&moments)
    try coder.code(&bounds)
  }
}

/// Means and spreads of groups of channels.
private struct GroupSums {
  var means: [Double]
  var spreads: [Double]
  var low = Float.infinity
  var high = -Float.infinity

  /// Of groups whose cells lie next to each other: eight at once.
  init(runs cells: UnsafeBufferPointer<Float>, layout: CellLayout) {
    means = [Double](repeating: 0, count: layout.groupCounts.count)
    spreads = means
    for (group, run) in layout.runs.enumerated() {
      let part = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: cells[run]))
      let whole = run.count & ~7
      var (sum, least, most) = (SIMD8<Float>.zero, SIMD8<Float>(repeating: .infinity), SIMD8<Float>(repeating: -.infinity))
      for place in stride(from: 0, to: whole, by: 8) {
        let value = part.loadUnaligned(fromByteOffset: 4 * place, as: SIMD8<Float>.self)
        sum += value
        least.replace(with: value, where: value .< least)
        most.replace(with: value, where: value .> most)
      }
      var total = sum.sum()
      (low, high) = (min(low, least.min()), max(high, most.max()))
      for place in whole..<run.count {
        let value = cells[run.lowerBound + place]
        total += value
        (low, high) = (min(low, value), max(high, value))
      }
      let mean = total / Float(run.count)
      var squares = SIMD8<Float>.zero
      for place in stride(from: 0, to: whole, by: 8) {
        let difference = part.loadUnaligned(fromByteOffset: 4 * place, as: SIMD8<Float>.self) - mean
        squares += difference * difference
      }
      var square = squares.sum()
      for place in whole..<run.count {
        let difference = cells[run.lowerBound + place] - mean
        square += difference * difference
      }
      means[group] = Double(mean)
      spreads[group] = Double(square / Float(run.count)).squareRoot()
    }
  }

  /// Of groups whose cells lie anywhere.
  init(scattered cells: UnsafeBufferPointer<Float>, layout: CellLayout) {
    var means = [Double](repeating: 0, count: layout.groupCounts.count)
    var spreads = means
    var (low, high) = (Float.infinity, -Float.infinity)
    layout.groupOfCell.withUnsafeBufferPointer { group in
      for place in cells.indices {
        let value = cells[place]
        means[Int(group[place])] += Double(value)
        (low, high) = (min(low, value), max(high, value))
      }
      for place in means.indices { means[place] /= layout.groupCounts[place] }
      for place in cells.indices {
        let difference = Double(cells[place]) - means[Int(group[place])]
        spreads[Int(group[place])] += difference * difference
      }
    }
    for place in spreads.indices { spreads[place] = (spreads[place] / layout.groupCounts[place]).squareRoot() }
    (self.means, self.spreads, self.low, self.high) = (means, spreads, low, high)
  }
}
