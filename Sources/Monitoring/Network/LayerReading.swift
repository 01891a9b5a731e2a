package import Distribution

/// What a layer did with one stimulus, by the means and peaks of its cells.
package struct LayerReading: Sendable {
  /// Each channel's mean over cells; or, where there are many channels, that of neighbouring ones. Then, where cells hold more than one
  /// unit, the root of the mean square by which a group's cells' peaks exceed their means; where there are several cells of one unit, the
  /// standard deviation between them. [groups] or [2 x groups]
  package private(set) var moments: [Double] = []
  /// The smallest cell, the mean over all groups, and the largest cell.
  package private(set) var bounds: [Double] = []

  package init() {}

  /// Reads the cells of one stimulus. Cost: a pass over their means, and one over means and peaks, or over the means again where a channel's
  /// don't follow each other.
  ///
  /// - Parameter numbers: the cells' means, then their peaks where they have any, both in the order of memory. [numbers]
  package init(_ numbers: UnsafeBufferPointer<Float>, layout: CellLayout) {
    precondition(numbers.count == layout.numberCount)
    let groups = layout.groupCounts.count
    moments = [Double](repeating: 0, count: layout.momentCount)
    let cells = UnsafeBufferPointer(rebasing: numbers[..<layout.cellCount])
    let (low, high) = layout.runs.isEmpty ? takeScattered(cells, layout) : takeRuns(cells, layout)
    if layout.hasPeaks { takePeaks(UnsafeBufferPointer(rebasing: numbers[layout.cellCount...]), over: cells, layout) }
    var sum = 0.0
    for group in 0..<groups { sum += moments[group] }
    let mean = sum / Double(groups)
    // What isn't finite is told by the means: smallest and largest pass over NaN.
    bounds = mean.isFinite ? [Double(low), mean, Double(high)] : [.nan, .nan, .nan]
  }

  /// Over all groups; not finite where any number isn't.
  package var mean: Double { bounds[1] }

  /// Whether every number is finite.
  package var isFinite: Bool { mean.isFinite }
}

extension LayerReading: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&moments)
    try coder.code(&bounds)
  }
}

extension LayerReading {
  /// Of groups whose cells lie next to each other: eight cells at once, read once.
  ///
  /// Sums are of differences from a group's first cell d = x − x₀: mean = x₀ + d̄, variance = mean(d²) − d̄². Since x₀ is one of the n cells,
  /// d̄² is at most n times the variance, so that the subtraction loses no more digits than log₁₀ n, and cells that are all alike have none.
  ///
  /// - Returns: the smallest and the largest cell.
  private mutating func takeRuns(_ cells: UnsafeBufferPointer<Float>, _ layout: CellLayout) -> (low: Float, high: Float) {
    let groups = layout.runs.count
    let bytes = UnsafeRawBufferPointer(cells)
    var (least, most) = (SIMD8<Float>(repeating: .infinity), SIMD8<Float>(repeating: -.infinity))
    var (low, high) = (Float.infinity, -Float.infinity)
    for group in 0..<groups {
      let run = layout.runs[group]
      let origin = cells[run.lowerBound]
      let whole = run.lowerBound + run.count & ~7
      var (sums, squares) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
      for place in stride(from: run.lowerBound, to: whole, by: 8) {
        let values = bytes.loadUnaligned(fromByteOffset: 4 * place, as: SIMD8<Float>.self)
        let differences = values - origin
        sums += differences
        squares += differences * differences
        least.replace(with: values, where: values .< least)
        most.replace(with: values, where: values .> most)
      }
      var (sum, square) = (sums.sum(), squares.sum())
      for place in whole..<run.upperBound {
        let value = cells[place]
        sum += value - origin
        square += (value - origin) * (value - origin)
        (low, high) = (min(low, value), max(high, value))
      }
      guard sum.isFinite, square.isFinite || !layout.hasSpreads else {
        takeLarge(cells, group, run, layout)
        continue
      }
      let (count, difference) = (Float(run.count), sum / Float(run.count))
      moments[group] = Double(origin + difference)
      if layout.hasSpreads { moments[groups + group] = Double(max(square / count - difference * difference, 0)).squareRoot() }
    }
    return (min(low, least.min()), max(high, most.max()))
  }

  /// Of a group whose cells' sums or squares are beyond single precision.
  private mutating func takeLarge(_ cells: UnsafeBufferPointer<Float>, _ group: Int, _ run: Range<Int>, _ layout: CellLayout) {
    let mean = run.reduce(0) { $0 + Double(cells[$1]) } / Double(run.count)
    moments[group] = mean
    guard layout.hasSpreads else { return }
    let square = run.reduce(0) { $0 + (Double(cells[$1]) - mean) * (Double(cells[$1]) - mean) }
    moments[layout.groupCounts.count + group] = (square / Double(run.count)).squareRoot()
  }

  /// Of groups whose cells lie anywhere. - Returns: the smallest and the largest cell.
  private mutating func takeScattered(_ cells: UnsafeBufferPointer<Float>, _ layout: CellLayout) -> (low: Float, high: Float) {
    let groups = layout.groupCounts.count
    var (low, high) = (Float.infinity, -Float.infinity)
    layout.groupOfCell.withUnsafeBufferPointer { group in
      for place in cells.indices {
        let value = cells[place]
        moments[Int(group[place])] += Double(value)
        (low, high) = (min(low, value), max(high, value))
      }
      for place in 0..<groups { moments[place] /= layout.groupCounts[place] }
      guard layout.hasSpreads else { return }
      for place in cells.indices {
        let difference = Double(cells[place]) - moments[Int(group[place])]
        moments[groups + Int(group[place])] += difference * difference
      }
      for place in 0..<groups { moments[groups + place] = (moments[groups + place] / layout.groupCounts[place]).squareRoot() }
    }
    return (low, high)
  }

  private mutating func takePeaks(
    _ peaks: UnsafeBufferPointer<Float>, over cells: UnsafeBufferPointer<Float>, _ layout: CellLayout
  ) {
    let first = layout.groupCounts.count
    if layout.runs.isEmpty {
      for place in cells.indices {
        let excess = Double(peaks[place]) - Double(cells[place])
        moments[first + Int(layout.groupOfCell[place])] += excess * excess
      }
    } else {
      let (bytes, others) = (UnsafeRawBufferPointer(peaks), UnsafeRawBufferPointer(cells))
      for (group, run) in layout.runs.enumerated() {
        let whole = run.lowerBound + run.count & ~7
        var squares = SIMD8<Float>.zero
        for place in stride(from: run.lowerBound, to: whole, by: 8) {
          let excess =
            bytes.loadUnaligned(fromByteOffset: 4 * place, as: SIMD8<Float>.self)
            - others.loadUnaligned(fromByteOffset: 4 * place, as: SIMD8<Float>.self)
          squares += excess * excess
        }
        var square = squares.sum()
        for place in whole..<run.upperBound { square += (peaks[place] - cells[place]) * (peaks[place] - cells[place]) }
        // Beyond single precision.
        moments[first + group] =
          square.isFinite
          ? Double(square)
          : run.reduce(0) { sum, place in
            let excess = Double(peaks[place]) - Double(cells[place])
            return sum + excess * excess
          }
      }
    }
    for (group, count) in layout.groupCounts.enumerated() {
      moments[first + group] = (moments[first + group] / count).squareRoot()
    }
  }
}
