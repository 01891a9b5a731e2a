/// Which region each unit of a tensor belongs to, in the order of memory.
///
/// A tensor's memory is read as rows of equal length, and rows in which the regions lie alike share one pattern.
package struct RegionMap: Sendable {
  /// The region of a unit that belongs to none: it is no target.
  package static let none = UInt32.max

  package let regionCount: Int
  private let rowLength: Int
  private let patternOfRow: [Int]
  /// [patterns x rowLength].
  private let patterns: [UInt32]

  /// - Parameters:
  ///   - patternOfRow: which pattern each row of the tensor's memory follows; [rows].
  ///   - patterns: the region of each unit of a pattern; [patterns x rowLength].
  package init(regionCount: Int, rowLength: Int, patternOfRow: [Int], patterns: [UInt32]) {
    precondition(patterns.count.isMultiple(of: rowLength))
    precondition(patterns.allSatisfy { $0 < regionCount || $0 == Self.none })
    precondition(patternOfRow.allSatisfy { $0 < patterns.count / rowLength })
    self.regionCount = regionCount
    self.rowLength = rowLength
    self.patternOfRow = patternOfRow
    self.patterns = patterns
  }

  /// A tensor whose units are listed one by one. - Parameter regions: [units].
  package init(regionCount: Int, regions: [UInt32]) {
    self.init(regionCount: regionCount, rowLength: regions.count, patternOfRow: [0], patterns: regions)
  }

  package var unitCount: Int { patternOfRow.count * rowLength }

  /// The region of every unit. [units]
  package var regionOfUnit: [UInt32] {
    patternOfRow.flatMap { patterns[$0 * rowLength..<($0 + 1) * rowLength] }
  }

  /// The same units, each in the group of its region. - Parameter groups: by region, each number up to the largest used.
  package func joining(_ groups: [Int]) -> RegionMap {
    precondition(groups.count == regionCount)
    return RegionMap(
      regionCount: (groups.max() ?? -1) + 1, rowLength: rowLength, patternOfRow: patternOfRow,
      patterns: patterns.map { $0 == Self.none ? $0 : UInt32(groups[Int($0)]) })
  }

  /// Writes the magnitudes of one region, and 0 elsewhere: ReLU(a) of its units.
  ///
  /// - Parameters:
  ///   - activations: [units].
  ///   - output: [units].
  package func isolate(_ region: Int, of activations: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>)
  {
    precondition(activations.count == unitCount && output.count == unitCount)
    let wanted = UInt32(region)
    patterns.withUnsafeBufferPointer { patterns in
      for (row, pattern) in patternOfRow.enumerated() {
        let regions = patterns.baseAddress! + pattern * rowLength
        // Pointers to a row's start, since the compiler doesn't vectorise sums of indices that could overflow.
        let (source, target) = (activations.baseAddress! + row * rowLength, output.baseAddress! + row * rowLength)
        for unit in 0..<rowLength { target[unit] = regions[unit] == wanted ? max(source[unit], 0) : 0 }
      }
    }
  }

  /// Sums over the units of each region: first over rows of one pattern at each place in single precision, then over
  /// places in double precision. The order depends on the map alone.
  ///
  /// - Parameters:
  ///   - values: [units].
  ///   - sums: receives the sums; [regions].
  package func sum(_ values: UnsafeBufferPointer<Float>, into sums: UnsafeMutableBufferPointer<Float>) {
    precondition(values.count == unitCount && sums.count == regionCount)
    var totals = [Double](repeating: 0, count: regionCount)
    var places = [Float](repeating: 0, count: rowLength)
    var start = 0
    while start < patternOfRow.count {
      let pattern = patternOfRow[start]
      var end = start
      places.withUnsafeMutableBufferPointer { places in
        places.update(repeating: 0)
        while end < patternOfRow.count, patternOfRow[end] == pattern {
          let row = values.baseAddress! + end * rowLength
          for place in 0..<rowLength { places[place] += row[place] }
          end += 1
        }
      }
      for place in 0..<rowLength {
        let region = patterns[pattern * rowLength + place]
        if region != Self.none { totals[Int(region)] += Double(places[place]) }
      }
      start = end
    }
    for region in 0..<regionCount { sums[region] = Float(totals[region]) }
  }
}
