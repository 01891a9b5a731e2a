package import Files

/// An array of numbers with its shape, in C order: the last axis varies fastest.
package struct NumericArray: Sendable {
  package let shape: [Int]
  package let scalarType: ScalarType
  /// True where the bytes of an element come most significant first.
  package let isBigEndian: Bool
  package let bytes: FileBytes
  /// Where the first element starts in `bytes`.
  package let offset: Int

  package init(shape: [Int], scalarType: ScalarType, isBigEndian: Bool, bytes: FileBytes, offset: Int) {
    self.shape = shape
    self.scalarType = scalarType
    self.isBigEndian = isBigEndian
    self.bytes = bytes
    self.offset = offset
  }

  package init(shape: [Int], floats: [Float]) {
    self.init(shape: shape, .float32, floats.flatMap { littleEndianBytes($0.bitPattern) })
  }

  package init(shape: [Int], doubles: [Double]) {
    self.init(shape: shape, .float64, doubles.flatMap { littleEndianBytes($0.bitPattern) })
  }

  package init(shape: [Int], uint8: [UInt8]) {
    self.init(shape: shape, .uint8, uint8)
  }

  package init(shape: [Int], int32: [Int32]) {
    self.init(shape: shape, .int32, int32.flatMap(littleEndianBytes))
  }

  package init(shape: [Int], int64: [Int64]) {
    self.init(shape: shape, .int64, int64.flatMap(littleEndianBytes))
  }

  package init(shape: [Int], bools: [Bool]) {
    self.init(shape: shape, .bool, bools.map { $0 ? 1 : 0 })
  }

  /// Zeros, which take no memory.
  package init(zeros shape: [Int], _ scalarType: ScalarType) {
    let bytes = FileBytes(zeros: shape.reduce(scalarType.byteCount, *))
    self.init(shape: shape, scalarType: scalarType, isBigEndian: false, bytes: bytes, offset: 0)
  }

  private init(shape: [Int], _ scalarType: ScalarType, _ littleEndian: [UInt8]) {
    precondition(
      shape.reduce(1, *) * scalarType.byteCount == littleEndian.count, "as many values as the shape has places")
    self.init(shape: shape, scalarType: scalarType, isBigEndian: false, bytes: FileBytes(littleEndian), offset: 0)
  }

  package var elementCount: Int { shape.reduce(1, *) }
  var byteCount: Int { elementCount * scalarType.byteCount }

  /// The elements as integers, for labels; nil at the first that is none.
  package func integers() -> [Int]? {
    var result = [Int64](repeating: 0, count: elementCount)
    let isExact = unsafe result.withUnsafeMutableBytes { destination in
      unsafe bytes.withBytes(offset..<offset + byteCount) { source in
        do {
          try unsafe ScalarConversion.integers(source, scalarType, swapped: isBigEndian, as: .int64, into: destination)
          return true
        } catch {
          return false
        }
      }
    }
    return isExact ? result.map(Int.init) : nil
  }
}

package func littleEndianBytes<Bits: FixedWidthInteger>(_ bits: Bits) -> [UInt8] {
  (0..<Bits.bitWidth / 8).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
}
