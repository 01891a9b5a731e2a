/// Regions that are partly present, and derivatives by how much of them is.
extension RegionMask {
  /// Room for the shares of one row, to be reused: [patterns x rowLength].
  package func makeShares() -> [Float] {
    [Float](repeating: 0, count: patterns.count)
  }

  /// Room for the sums of one row, to be reused: [patterns x rowLength].
  package func makeSums() -> [Double] {
    [Double](repeating: 0, count: patterns.count)
  }

  /// Writes the activations under a fractional mask: x = r + m·(a − r) for a unit of a region of share m. Shares of 1
  /// and 0 give a and r to the bit, as `paint(_:activations:replacement:scratch:into:)` does.
  ///
  /// - Parameters:
  ///   - mask: the share of each region, in [0, 1]; [regions].
  ///   - activations: a, the intact activations; [units].
  ///   - replacement: r, what lesioned units become, [units]; `nil` for zeros.
  ///   - shares: from `makeShares()`.
  ///   - output: receives x; [units].
  package func paint(
    mask: UnsafeBufferPointer<Float>, activations: UnsafeBufferPointer<Float>, replacement: UnsafeBufferPointer<Float>?,
    shares: inout [Float], into output: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(mask.count == regionCount && activations.count == unitCount && output.count == unitCount)
    precondition(replacement.map { $0.count == unitCount } ?? true)
    shares.withUnsafeMutableBufferPointer { shares in
      patterns.withUnsafeBufferPointer { patterns in
        for index in 0..<shares.count {
          let region = Int(patterns[index])
          shares[index] = region < regionCount ? mask[region] : 1
        }
      }
      let (source, target) = (activations.baseAddress!, output.baseAddress!)
      for (row, pattern) in patternOfRow.enumerated() {
        let share = UnsafePointer(shares.baseAddress! + pattern * rowLength)
        let start = row * rowLength
        let (source, target) = (source + start, target + start)
        if let other = replacement?.baseAddress.map({ $0 + start }) {
          for unit in 0..<rowLength {
            let (m, a, r) = (share[unit], source[unit], other[unit])
            let between = r + m * (a - r)
            target[unit] = m == 1 ? a : m == 0 ? r : between
          }
        } else {
          for unit in 0..<rowLength {
            let (m, a) = (share[unit], source[unit])
            target[unit] = m == 1 ? a : m == 0 ? 0 : m * a
          }
        }
      }
    }
  }

  /// d_g = Σ (a_u − r_u)·∂v/∂x_u over the units u of each region g: the derivative of v by the region's share.
  ///
  /// Summed in double precision in a fixed order: along memory where units of one pattern element meet, then over the
  /// elements of a region, pattern by pattern.
  ///
  /// - Parameters:
  ///   - gradient: ∂v/∂x; [units].
  ///   - sums: from `makeSums()`.
  ///   - output: receives the derivatives; [regions].
  package func sum(
    gradient: UnsafeBufferPointer<Float>, activations: UnsafeBufferPointer<Float>,
    replacement: UnsafeBufferPointer<Float>?, sums: inout [Double], into output: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(gradient.count == unitCount && activations.count == unitCount && output.count == regionCount)
    precondition(replacement.map { $0.count == unitCount } ?? true)
    var totals = [Double](repeating: 0, count: regionCount + 1)
    sums.withUnsafeMutableBufferPointer { sums in
      sums.update(repeating: 0)
      let (slope, source) = (gradient.baseAddress!, activations.baseAddress!)
      for (row, pattern) in patternOfRow.enumerated() {
        let sum = sums.baseAddress! + pattern * rowLength
        let start = row * rowLength
        let (slope, source) = (slope + start, source + start)
        if let other = replacement?.baseAddress.map({ $0 + start }) {
          for unit in 0..<rowLength { sum[unit] += (Double(source[unit]) - Double(other[unit])) * Double(slope[unit]) }
        } else {
          for unit in 0..<rowLength { sum[unit] += Double(source[unit]) * Double(slope[unit]) }
        }
      }
      totals.withUnsafeMutableBufferPointer { totals in
        patterns.withUnsafeBufferPointer { patterns in
          for index in 0..<sums.count { totals[Int(patterns[index])] += sums[index] }
        }
      }
    }
    for region in 0..<regionCount { output[region] = Float(totals[region]) }
  }
}
