package import Files

/// The header of an IDX file, the format of MNIST: two zero bytes, an element type, the number of axes, then each length
/// as a big-endian 32-bit number (http://yann.lecun.com/exdb/mnist/).
extension NumericArray {
  /// True if the bytes start as an IDX file does.
  package static func isIDX(_ bytes: FileBytes) -> Bool {
    bytes.count >= 4 && bytes[0] == 0 && bytes[1] == 0 && idxType(bytes[2]) != nil && (1...4).contains(bytes[3])
  }

  /// - Throws: `badInput` if its size is not what its header says.
  package init(idx bytes: FileBytes, place: String) throws(FileError) {
    guard Self.isIDX(bytes), let type = Self.idxType(bytes[2]) else {
      throw FileError(.badInput, "\(place) does not start like an IDX file: give one in the format of MNIST")
    }
    let rank = Int(bytes[3])
    let offset = 4 + 4 * rank
    guard bytes.count >= offset else { throw Self.cutShort(place, bytes.count, offset) }
    var shape: [Int] = []
    var size = type.byteCount
    // Of the axes that aren't empty, so that no product of some of them overflows either.
    var span = type.byteCount
    for axis in 0..<rank {
      let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[4 + 4 * axis + $1]) }
      shape.append(length)
      let (product, overflowed) = size.multipliedReportingOverflow(by: length)
      size = overflowed ? .max - offset : product
      let (next, isTooLong) = span.multipliedReportingOverflow(by: max(length, 1))
      guard !isTooLong else { throw Self.cutShort(place, bytes.count, .max) }
      span = next
    }
    guard bytes.count == offset + size else { throw Self.cutShort(place, bytes.count, offset + size) }
    self.init(shape: shape, scalarType: type, isBigEndian: type.byteCount > 1, bytes: bytes, offset: offset)
  }

  private static func idxType(_ code: UInt8) -> ScalarType? {
    switch code {
    case 0x08: .uint8
    case 0x09: .int8
    case 0x0B: .int16
    case 0x0C: .int32
    case 0x0D: .float32
    case 0x0E: .float64
    default: nil
    }
  }

  private static func cutShort(_ place: String, _ present: Int, _ needed: Int) -> FileError {
    FileError(
      .badInput, "\(place) has \(present) bytes, and its header says \(needed): it is cut short or damaged, copy it anew")
  }
}
