/// Paints lesioned activations: for a coalition, every unit of an intact region, or of none, keeps its activation
/// and every other unit takes its replacement.
///
/// A tensor's memory is read as rows of equal length, and rows in which the regions lie alike share one pattern: in
/// N,C,H,W the channels of one channel group, in N,T,C the positions of one group. So a coalition costs one look-up a
/// pattern element, not one a unit, and the rest is a bitwise select that the compiler vectorises.
package struct RegionMask: Sendable {
  /// Units of the tensor.
  package let unitCount: Int
  /// Regions of the grid.
  package let regionCount: Int
  let rowLength: Int
  let patternOfRow: [Int]
  /// Region of each unit of a pattern, `regionCount` for one that is in none: [patterns x rowLength].
  let patterns: [UInt32]

  /// - Parameters:
  ///   - regionCount: regions of the grid.
  ///   - rowLength: units of a row.
  ///   - patternOfRow: which pattern each row of the tensor's memory follows; [rows].
  ///   - patterns: the region of each unit of a pattern, `RegionMap.none` for one that always stays intact;
  ///     [patterns x rowLength].
  package init(regionCount: Int, rowLength: Int, patternOfRow: [Int], patterns: [UInt32]) {
    precondition(patterns.count % rowLength == 0 && patterns.allSatisfy { $0 < regionCount || $0 == RegionMap.none })
    precondition(patternOfRow.allSatisfy { $0 < patterns.count / rowLength })
    self.regionCount = regionCount
    self.unitCount = patternOfRow.count * rowLength
    self.rowLength = rowLength
    self.patternOfRow = patternOfRow
    self.patterns = patterns.map { min($0, UInt32(regionCount)) }
  }

  /// Room for the masks of one coalition, to be reused: [patterns x rowLength].
  package func makeScratch() -> [UInt32] {
    [UInt32](repeating: 0, count: patterns.count)
  }

  /// Writes the lesioned activations of one coalition.
  ///
  /// - Parameters:
  ///   - activations: the intact activations; [units].
  ///   - replacement: what lesioned units become, [units]; `nil` for zeros.
  ///   - scratch: from `makeScratch()`.
  ///   - output: receives the lesioned activations; [units].
  package func paint(
    _ coalition: Coalition, activations: UnsafeBufferPointer<Float>, replacement: UnsafeBufferPointer<Float>?,
    scratch: inout [UInt32], into output: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(activations.count == unitCount && output.count == unitCount)
    precondition(replacement.map { $0.count == unitCount } ?? true)
    let keep = (0..<regionCount).map { coalition[$0] ? UInt32.max : 0 } + [.max]
    scratch.withUnsafeMutableBufferPointer { masks in
      keep.withUnsafeBufferPointer { keep in
        patterns.withUnsafeBufferPointer { patterns in
          for index in 0..<masks.count { masks[index] = keep[Int(patterns[index])] }
        }
      }
      let source = UnsafeRawPointer(activations.baseAddress!).assumingMemoryBound(to: UInt32.self)
      let target = UnsafeMutableRawPointer(output.baseAddress!).assumingMemoryBound(to: UInt32.self)
      let other = replacement.map { UnsafeRawPointer($0.baseAddress!).assumingMemoryBound(to: UInt32.self) }
      // Pointers to a row's start, since the compiler doesn't vectorise sums of indices that could overflow.
      for (row, pattern) in patternOfRow.enumerated() {
        let mask = UnsafePointer(masks.baseAddress! + pattern * rowLength)
        let start = row * rowLength
        let (source, target) = (source + start, target + start)
        if let other = other.map({ $0 + start }) {
          for unit in 0..<rowLength { target[unit] = source[unit] & mask[unit] | other[unit] & ~mask[unit] }
        } else {
          for unit in 0..<rowLength { target[unit] = source[unit] & mask[unit] }
        }
      }
    }
  }
}
